/**
 * Looks into a guest by commands alone, each an argument list. They are chosen such that GNU coreutils, uutils (Ubuntu
 * since 25.10) and busybox (Alpine) all know them; all three were tried: 9.1, 0.0.30 and 1.37.
 */
import type { Argv, CommandResult, FileStat, QueryOptions, Reader } from '../host.ts'
import { standardFolders } from '../path.ts'
import { assertReadOnly } from '../readonly.ts'
import { outputLimit } from '../spawn.ts'

/** Runs a command in the guest. Rejects when the guest can't be reached; whatever the command itself does is a result. */
export type RunInside = (argv: Argv, timeoutMs: number) => Promise<CommandResult>

const fileTypes = { mask: 0o170000, file: 0o100000, dir: 0o040000 } // inode(7)

export class GuestReader implements Reader {
  readonly name: string
  readonly #run: RunInside

  constructor(name: string, run: RunInside) {
    this.name = name
    this.#run = run
  }

  async query(argv: Argv, options: QueryOptions = {}): Promise<CommandResult> {
    const result = await this.#runInC(argv, options.timeoutMs)
    // Looked up, as 127 could be the tool's own, and env complains in the guest's language: it started before LC_ALL.
    if (result.exitCode !== 127) return result
    return { ...result, notFound: !(await this.hasTool(argv[0] ?? '')) }
  }

  async readFile(path: string): Promise<string | undefined> {
    const result = await this.#ask('read', ['cat', '--', path], path)
    // spawn.ts cuts a longer one off, and says so in the text.
    if (result && Buffer.byteLength(result.stdout) > outputLimit)
      throw new Error(`can't read ${path} in ${this.name}: it has more than ${outputLimit} bytes`)
    return result?.stdout
  }

  async stat(path: string): Promise<FileStat | undefined> {
    const result = await this.#ask('look at', ['stat', '-L', '-c', '%f %u %g %s', '--', path], path)
    if (!result) return undefined
    const [mode, uid, gid, size] = result.stdout.trim().split(' ')
    const bits = Number.parseInt(mode ?? '', 16)
    return { type: typeOf(bits), mode: bits & 0o7777, uid: Number(uid), gid: Number(gid), size: Number(size) }
  }

  async listDir(path: string): Promise<readonly string[] | undefined> {
    // The slash makes find follow a link, and refuse a file as readdir(3) does; a name may hold a newline, but no NUL.
    const folder = path.endsWith('/') ? path : `${path}/`
    const argv = ['find', folder, '-mindepth', '1', '-maxdepth', '1', '-print0']
    const result = await this.#ask('list', argv, path)
    const found = result?.stdout.split('\0').slice(0, -1)
    return found?.map((entry) => entry.slice(entry.lastIndexOf('/') + 1)).sort()
  }

  async realpath(path: string): Promise<string | undefined> {
    // busybox's realpath takes no option and readlink only -f, which lets the last part be missing and then is mute.
    if (!(await this.stat(path))) return undefined
    return (await this.#ask('resolve', ['readlink', '-f', '-n', '--', path], path))?.stdout
  }

  /** `command -v` is a shell's and `which` isn't everywhere: all places are looked at in one go. */
  async hasTool(tool: string): Promise<boolean> {
    const places = tool.startsWith('/') ? [tool] : standardFolders.map((folder) => `${folder}/${tool}`)
    const result = await this.#runInC(['stat', '-L', '-c', '%f', '--', ...places])
    const modes = result.stdout.split('\n').map((line) => Number.parseInt(line, 16))
    if (modes.some((mode) => typeOf(mode) === 'file' && (mode & 0o111) !== 0)) return true
    const complaints = result.stderr.split('\n').filter((line) => line !== '')
    const isSure = result.exitCode === 0 || (result.exitCode === 1 && complaints.every(saysAbsent))
    if (isSure) return false
    throw this.#failed('look for', tool, result)
  }

  inside(): never {
    throw new Error(`${this.name} is a guest: phx doesn't look into guests of a guest`)
  }

  /** The agent has the guest's locale and a PATH of its own; messages are compared here, and tools found in sbin. */
  async #runInC(argv: Argv, timeoutMs = 30_000): Promise<CommandResult> {
    assertReadOnly(argv)
    const environment = ['LC_ALL=C', `PATH=${standardFolders.join(':')}`]
    return { ...(await this.#run(['env', ...environment, ...argv], timeoutMs)), argv }
  }

  /** The result of a command that went well, or undefined when there is nothing at the path. */
  async #ask(what: string, argv: Argv, path: string): Promise<CommandResult | undefined> {
    if (!path.startsWith('/')) throw new Error(`can't ${what} ${path} in ${this.name}: the path has to begin with /`)
    const result = await this.query(argv)
    if (result.exitCode === 0) return result
    if (result.exitCode === 1 && result.stdout === '' && saysAbsent(result.stderr.trimEnd())) return undefined
    throw this.#failed(what, path, result)
  }

  #failed(what: string, path: string, { exitCode, signal, timedOut, stderr, stdout }: CommandResult): Error {
    const how = timedOut ? 'no end in time' : signal === null ? `exit code ${exitCode}` : `ended by ${signal}`
    const said = stderr.trim() || stdout.trim().slice(0, 200) || how
    return new Error(`can't ${what} ${path} in ${this.name}: ${said}`)
  }
}

function typeOf(mode: number): FileStat['type'] {
  const type = mode & fileTypes.mask
  return type === fileTypes.file ? 'file' : type === fileTypes.dir ? 'dir' : 'other'
}

/** ENOENT and ENOTDIR in the C locale; uutils adds the number. One line: two could be two different failures. */
function saysAbsent(line: string): boolean {
  return /^(cat|stat|find): .*: (No such file or directory|Not a directory)( \(os error \d+\))?$/.test(line)
}

/** The machine that phx runs on, as a host. */
import { accessSync, constants, statSync } from 'node:fs'
import * as fs from 'node:fs/promises'
import { basename, dirname, isAbsolute, join } from 'node:path'
import { GuestAgent } from './guest/agent.ts'
import { attachTo } from './guest/lxc.ts'
import { GuestReader } from './guest/reader.ts'
import {
  type Argv,
  type CommandResult,
  type FileCheck,
  FileRefused,
  type FileStat,
  type FileToWrite,
  type GuestRef,
  type Host,
  type MutateOptions,
  type QueryOptions,
  type Reader,
  refusalOf,
} from './host.ts'
import { standardFolders } from './path.ts'
import { assertReadOnly } from './readonly.ts'
import { type Ending, ending, type Order, runCommand } from './spawn.ts'

/** Handed on to commands. Whatever else is set (ZX_*, BASH_ENV, ZPOOL_VDEV_NAME_*, LANG) would change what they do or say. */
const handedOn = ['HOME', 'USER', 'LOGNAME', 'TERM', 'TZ', 'http_proxy', 'https_proxy', 'ftp_proxy', 'no_proxy']

export class LocalHost implements Host {
  readonly name = 'local'
  readonly #folders: readonly string[]
  readonly #env: Readonly<Record<string, string>>
  readonly #ending: Ending
  readonly #found = new Set<string>()
  /** One agent a VM, as its socket takes one client. */
  readonly #agents = new Map<string, GuestAgent>()

  constructor(environment: NodeJS.ProcessEnv = process.env, how: Ending = ending) {
    const own = (environment.PATH ?? '').split(':').filter(isAbsolute)
    this.#folders = [...new Set([...own, ...standardFolders])]
    const kept = handedOn.flatMap((name) => {
      const value = environment[name]
      return value === undefined ? [] : [[name, value] as const]
    })
    this.#env = { ...Object.fromEntries(kept), PATH: this.#folders.join(':'), LC_ALL: 'C' }
    this.#ending = how
  }

  query(argv: Argv, options: QueryOptions = {}): Promise<CommandResult> {
    assertReadOnly(argv)
    return this.#run(argv, { timeoutMs: options.timeoutMs ?? 30_000, asksForOutput: true })
  }

  mutate(argv: Argv, options: MutateOptions = {}): Promise<CommandResult> {
    return this.#run(argv, { ...options, timeoutMs: options.timeoutMs ?? 600_000 })
  }

  async #run(argv: Argv, options: Omit<Order, 'argv' | 'env'>): Promise<CommandResult> {
    const [tool] = argv
    // Asked first: bash's 127 could be the tool's own.
    if (typeof tool === 'string' && tool !== '' && !(await this.hasTool(tool))) return missing(argv)
    const result = await runCommand({ argv, env: this.#env, ...options }, this.#ending)
    if (result.exitCode !== 127) return result
    this.#found.delete(tool ?? '')
    return { ...result, notFound: !(await this.hasTool(tool ?? '')) }
  }

  readFile(path: string): Promise<string | undefined> {
    return unlessAbsent(fs.readFile(path, 'utf8'))
  }

  async stat(path: string): Promise<FileStat | undefined> {
    const found = await unlessAbsent(fs.stat(path))
    if (!found) return undefined
    const { mode, uid, gid, size } = found
    return {
      type: found.isFile() ? 'file' : found.isDirectory() ? 'dir' : 'other',
      mode: mode & 0o7777,
      uid,
      gid,
      size,
    }
  }

  async listDir(path: string): Promise<readonly string[] | undefined> {
    return (await unlessAbsent(fs.readdir(path)))?.sort()
  }

  realpath(path: string): Promise<string | undefined> {
    return unlessAbsent(fs.realpath(path))
  }

  /** Remembers only what it found: a package that is installed later brings its tools. */
  async hasTool(tool: string): Promise<boolean> {
    if (this.#found.has(tool)) return true
    const places = isAbsolute(tool) ? [tool] : this.#folders.map((folder) => join(folder, tool))
    for (const place of places) {
      if (!isExecutable(place)) continue
      this.#found.add(tool)
      return true
    }
    return false
  }

  async writeFile(file: FileToWrite): Promise<void> {
    const folder = dirname(file.path)
    // A name that run-parts, sudo and exportfs pass over; the same each time, so a killed run leaves no second one.
    const temporary = join(folder, `.${basename(file.path)}.phx-new`)
    try {
      await fs.rm(temporary, { force: true })
      await writeSynced(temporary, file.content)
      await this.#own(temporary, file)
      if (file.check) await this.#check(temporary, file.check)
      await fs.rename(temporary, file.path)
      await syncFolder(folder)
    } catch (error) {
      await fs.rm(temporary, { force: true }).catch(() => undefined)
      if (error instanceof FileRefused) throw error
      const why = error instanceof Error ? error.message : String(error)
      throw new Error(`can't write ${file.path}: ${why}`, { cause: error })
    }
  }

  async removeFile(path: string): Promise<void> {
    await fs.rm(path, { force: true })
    await syncFolder(dirname(path))
  }

  /** Owner and mode are those of the finished file before it gets its name. */
  async #own(path: string, { owner, mode }: FileToWrite): Promise<void> {
    if (owner !== undefined) {
      const result = await this.mutate(['chown', '--no-dereference', owner, path])
      if (result.exitCode !== 0) throw new Error(result.stderr.trim())
    } else if (process.getuid?.() === 0) await fs.chown(path, 0, 0)
    await fs.chmod(path, mode) // after chown, which clears the setuid bits
  }

  async #check(path: string, { argv, judge }: FileCheck): Promise<void> {
    const words = argv.map((word) => (word === '%s' ? path : word))
    const result = await this.#run(words, { timeoutMs: 600_000, asksForOutput: true })
    const why = (judge ?? refusalOf)(result)
    if (why !== undefined) throw new FileRefused(why, result)
  }

  inside({ kind, id }: GuestRef): Reader {
    // It becomes part of a path and of an argument list.
    if (!/^[1-9][0-9]{2,8}$/.test(id)) throw new Error(`not the number of a guest: ${kind} ${id}`)
    const name = `${kind}:${id}`
    if (kind === 'vm')
      return new GuestReader(name, (argv, timeoutMs) => this.#agent(name, id).exec(argv, { timeoutMs }))
    return new GuestReader(
      name,
      attachTo(id, (argv, timeoutMs) => this.#run(argv, { timeoutMs, asksForOutput: true })),
    )
  }

  #agent(guest: string, id: string): GuestAgent {
    const known = this.#agents.get(id)
    if (known) return known
    const agent = new GuestAgent({ guest, path: `/var/run/qemu-server/${id}.qga` })
    this.#agents.set(id, agent)
    return agent
  }

  async close(): Promise<void> {
    for (const agent of this.#agents.values()) agent.release()
  }
}

function missing(argv: Argv): CommandResult {
  const stderr = `${argv[0]}: not found on this host\n`
  return { argv, exitCode: 127, signal: null, stdout: '', stderr, durationMs: 0, timedOut: false, notFound: true }
}

async function unlessAbsent<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw error
  }
}

/** Not asked asynchronously, which takes ten times as long: programs lie on the system's own disk, which answers. */
function isExecutable(path: string): boolean {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return false
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

async function writeSynced(path: string, content: string): Promise<void> {
  const file = await fs.open(path, 'wx', 0o600)
  try {
    await file.writeFile(content, 'utf8')
    await file.sync()
  } finally {
    await file.close()
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await fs.open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

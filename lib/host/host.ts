/**
 * What phx converges: a host that can be looked at and changed.
 *
 * The two are apart by type. A `Reader` has no way to change anything, and planning is given nothing else; a `Host`
 * is a reader that can also `mutate`. Three transports implement it: local, simulated, and later ssh.
 */

/** A command as an argument list: argv[0] is the tool's name, looked up on the host's PATH. Never a shell line. */
export type Argv = readonly string[]

export interface CommandResult {
  readonly argv: Argv
  /** The exit status; null when a signal ended the command or it was given up on. */
  readonly exitCode: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
  readonly durationMs: number
  /** True when the deadline passed; then `exitCode` is null, whatever the command itself said. */
  readonly timedOut: boolean
  /** True when the tool is not on the host's PATH (`exitCode` is then 127, as a shell would say). */
  readonly notFound: boolean
}

export interface QueryOptions {
  /** Deadline in milliseconds; 30,000 unless told. */
  readonly timeoutMs?: number
}

export interface MutateOptions {
  /** Deadline in milliseconds; 600,000 unless told. */
  readonly timeoutMs?: number
  /** For the command's standard input: the only way for a secret. */
  readonly stdin?: string | Buffer
  /** Aborting ends the command (TERM, then KILL, to its whole process group). */
  readonly signal?: AbortSignal
}

export interface FileToWrite {
  readonly path: string
  readonly content: string
  /** Permission bits, such as 0o644. */
  readonly mode: number
  /** `USER:GROUP`, names or numbers, as chown(1) takes it; root:root unless told. */
  readonly owner?: string
  /** Asked about the text before it goes live; when it says no, the file stays as it was. */
  readonly check?: FileCheck
}

export interface FileCheck {
  /** The tool that will read the file; the word `%s` in it becomes the candidate's path. */
  readonly argv: Argv
  /** Why the candidate is refused, or undefined; unless given, an exit code other than 0 refuses with what was said. */
  readonly judge?: (result: CommandResult) => string | undefined
}

/** What stat(2) says, links followed. */
export interface FileStat {
  readonly type: 'file' | 'dir' | 'other'
  /** Permission bits, such as 0o644. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Bytes. */
  readonly size: number
}

/** A guest of the host: a VM or a container, by its number. */
export interface GuestRef {
  readonly kind: 'vm' | 'lxc'
  readonly id: string
}

/** A tool said no to a file that was about to go live; nothing was replaced. */
export class FileRefused extends Error {
  /** The check's call, with the candidate's path in it. */
  readonly result: CommandResult

  constructor(why: string, result: CommandResult) {
    super(why)
    this.result = result
  }
}

export interface Reader {
  /** For people: `local`, `simulated:FOLDER`. */
  readonly name: string
  /**
   * Runs a command that only reads. One that could write is refused with an error before it starts (see readonly.ts):
   * the refusal is a bug in phx, not a state of the host. A non-zero exit is a result, not an error.
   */
  query(argv: Argv, options?: QueryOptions): Promise<CommandResult>
  /** The file's text, or undefined when there is none. Other failures (EACCES, EIO) reject. */
  readFile(path: string): Promise<string | undefined>
  /** What is at the path, or undefined when nothing is (a dangling link too). */
  stat(path: string): Promise<FileStat | undefined>
  /** Names in a folder, sorted, or undefined when there is no such folder. */
  listDir(path: string): Promise<readonly string[] | undefined>
  /** The path with every link resolved, or undefined when nothing is there (a dangling link too). */
  realpath(path: string): Promise<string | undefined>
  /** Whether a tool is on the host's PATH. */
  hasTool(tool: string): Promise<boolean>
  /**
   * The inside of a running guest, read in the same way and under the same list of commands. Asking a guest that can't
   * be reached rejects with `GuestUnreachable` (guest/unreachable.ts); this itself looks at nothing yet.
   */
  inside(guest: GuestRef): Reader
}

export interface Host extends Reader {
  /** Runs a command that may change the host. A non-zero exit is a result, not an error. */
  mutate(argv: Argv, options?: MutateOptions): Promise<CommandResult>
  /**
   * Writes a file whole: temporary file beside it, owner, mode, check, fsync, rename, fsync of the folder. Rejects with
   * `FileRefused` when the check says no. The folder has to be there.
   */
  writeFile(file: FileToWrite): Promise<void>
  /** Removes a file, and syncs its folder; one that is not there is no error. */
  removeFile(path: string): Promise<void>
  /** Frees what the transport holds (connections, the simulated host's lock). */
  close(): Promise<void>
}

/** A reader that holds no reference to anything that mutates, also not at run time. */
export function readerOf(host: Host): Reader {
  return Object.freeze({
    name: host.name,
    query: (argv: Argv, options?: QueryOptions) => host.query(argv, options),
    readFile: (path: string) => host.readFile(path),
    stat: (path: string) => host.stat(path),
    listDir: (path: string) => host.listDir(path),
    realpath: (path: string) => host.realpath(path),
    hasTool: (tool: string) => host.hasTool(tool),
    inside: (guest: GuestRef) => host.inside(guest),
  })
}

/** Why a check that exits with something other than 0 refuses. */
export function refusalOf(result: CommandResult): string | undefined {
  if (result.exitCode === 0) return undefined
  return result.stderr.trim() || result.stdout.trim() || `${result.argv[0]} ended with exit code ${result.exitCode}`
}

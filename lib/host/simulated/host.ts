/** The simulated host as a transport: the tools over one state, kept in memory or in a folder. */
import { setTimeout } from 'node:timers/promises'
import { GuestReader } from '../guest/reader.ts'
import { GuestUnreachable } from '../guest/unreachable.ts'
import {
  type Argv,
  type CommandResult,
  FileRefused,
  type FileStat,
  type FileToWrite,
  type GuestRef,
  type Host,
  type MutateOptions,
  type QueryOptions,
  type Reader,
} from '../host.ts'
import { assertReadOnly } from '../readonly.ts'
import { blankHost } from './blank.ts'
import { listDev, resolve } from './disk-tools/names.ts'
import { followed, isFolder, makeFolders, namesIn, parentOf, tidy, writeText } from './filesystem.ts'
import { HostFolder, type Stored } from './folder.ts'
import { type Looking, lookInto } from './guest/reader.ts'
import { copyOfHost, textOfHost } from './guest/share.ts'
import type { SimState } from './model.ts'
import { Orders } from './orders.ts'
import { virtualFile } from './proc.ts'
import { makeParent, replaceText } from './replace-file.ts'
import { ended, gaveUp } from './result.ts'
import { answer, type ToolAnswer } from './tool.ts'
import { callTool, hasTool } from './tools.ts'
import { settle } from './udev.ts'

const QUERY_DEADLINE = 30_000
const MUTATE_DEADLINE = 600_000
/** Seconds until somebody who asks a silent agent takes it for silent. */
const SILENCE = 2

export interface SimulatedOptions {
  /** Nothing is written: a folder that isn't there yet stays away. */
  readonly readOnly?: boolean
  /** Made with the host, mode 0600, when it isn't there yet: whoever tries a config has no secrets to give. */
  readonly secretFiles?: readonly string[]
  /** Benchmarks may leave out the proof that a query changed nothing; it costs one JSON.stringify of the host. */
  readonly trustQueries?: boolean
}

export class SimulatedHost implements Host {
  readonly name: string
  /** For tests. */
  readonly orders: Orders = new Orders()
  readonly #folder: HostFolder | null
  readonly #options: SimulatedOptions
  #stored: Stored
  /**
   * Seconds that went by while somebody only looked into guests, one a look: who waits for a guest does nothing else. The
   * host as it is kept learns of them with its next change.
   */
  #waited = 0
  /** Changes wait here for the one before. */
  #queue: Promise<unknown> = Promise.resolve()

  constructor(state: SimState, folder: HostFolder | null, options: SimulatedOptions = {}) {
    this.name = folder === null ? 'simulated' : `simulated:${folder.path}`
    this.#folder = folder
    this.#options = options
    this.#stored = folder?.read() ?? { state, text: textOfHost(state), version: '' }
  }

  /** What the host is like now, for tests; change it with `change`. */
  get state(): SimState {
    this.#refresh()
    return this.#stored.state
  }

  async query(argv: Argv, options: QueryOptions = {}): Promise<CommandResult> {
    assertReadOnly(argv)
    return this.#timed(argv, options.timeoutMs ?? QUERY_DEADLINE, undefined, async () => {
      const { state } = this
      const given = callTool(state, argv)
      this.#assertUnchanged(state, argv)
      return given
    })
  }

  async mutate(argv: Argv, options: MutateOptions = {}): Promise<CommandResult> {
    options.signal?.throwIfAborted()
    return this.#timed(argv, options.timeoutMs ?? MUTATE_DEADLINE, options.signal, () =>
      this.change((state) => callTool(state, argv, textOf(options.stdin))),
    )
  }

  /** Changes the state and keeps it; one change at a time, in this process and among all. */
  change<T>(work: (state: SimState) => T): Promise<T> {
    const apply = (): T => {
      this.#refresh()
      const state = copyOfHost(this.#stored.state)
      state.now += this.#waited
      this.#waited = 0
      const result = work(state)
      this.#keep(state)
      return result
    }
    const next = this.#queue.then(() =>
      this.#folder === null || this.#options.readOnly === true ? apply() : this.#folder.exclusively(apply),
    )
    this.#queue = next.catch(() => undefined)
    return next
  }

  async readFile(path: string): Promise<string | undefined> {
    const { state } = this
    const at = followed(state, tidy(path))
    const virtual = virtualFile(state, at)
    if (virtual !== undefined) return virtual
    if (isFolder(state, at))
      throw Object.assign(new Error(`EISDIR: illegal operation on a directory, read ${path}`), { code: 'EISDIR' })
    return state.files[at]?.content
  }

  async stat(path: string): Promise<FileStat | undefined> {
    const { state } = this
    const at = resolve(state, path) ?? tidy(path)
    const file = state.files[at]
    const virtual = virtualFile(state, at)
    if (virtual !== undefined) return { type: 'file', mode: 0o444, uid: 0, gid: 0, size: 0 }
    if (isFolder(state, at))
      return { type: 'dir', mode: file?.mode ?? 0o755, uid: file?.uid ?? 0, gid: file?.gid ?? 0, size: 4096 }
    if (file === undefined) return undefined
    const { mode, uid = 0, gid = 0, content } = file
    return { type: 'file', mode, uid, gid, size: Buffer.byteLength(content) }
  }

  async listDir(path: string): Promise<readonly string[] | undefined> {
    const { state } = this
    const at = tidy(path)
    const inDev = at === '/dev' || at.startsWith('/dev/') ? listDev(state, at) : undefined
    return inDev ?? (isFolder(state, at) ? namesIn(state, at) : undefined)
  }

  async realpath(path: string): Promise<string | undefined> {
    return resolve(this.state, path)
  }

  async hasTool(tool: string): Promise<boolean> {
    return hasTool(this.state, tool)
  }

  inside(guest: GuestRef): Reader {
    const name = `${guest.kind}:${guest.id}`
    const looking: Looking = async (argv, timeoutMs, look) => {
      const result = await this.#timed([name, ...argv], timeoutMs, undefined, async () => {
        this.#waited++
        const { state } = this
        const given = this.#heard(() => look(state, state.now + this.#waited))
        this.#assertUnchanged(state, [name, ...argv])
        return given
      })
      return { ...result, argv, notFound: false } // whether it is in there, the reader finds out
    }
    return new GuestReader(name, lookInto(guest, looking))
  }

  /** Who hears nothing has listened for a while. */
  #heard<T>(look: () => T): T {
    try {
      return look()
    } catch (error) {
      if (error instanceof GuestUnreachable && error.why === 'silent') this.#waited += SILENCE
      throw error
    }
  }

  #assertUnchanged(state: SimState, argv: Argv): void {
    if (this.#options.trustQueries !== true && textOfHost(state) !== this.#stored.text)
      throw new Error(`a query changed the simulated host: ${argv.join(' ')}`)
  }

  async writeFile(file: FileToWrite): Promise<void> {
    const path = tidy(file.path)
    const fault = await this.change((state) => makeParent(state, path) ?? replaceText(state, path, file))
    if (fault instanceof FileRefused) throw fault
    if (fault !== null) throw new Error(`cannot write ${path}: ${fault}`)
  }

  async removeFile(path: string): Promise<void> {
    await this.change((state) => {
      delete state.files[tidy(path)]
      delete state.symlinks?.[tidy(path)]
    })
  }

  async close(): Promise<void> {
    await this.#queue
  }

  /** Takes in what another process wrote since. */
  #refresh(): void {
    const version = this.#folder?.version()
    if (version !== undefined && version !== this.#stored.version) this.#stored = this.#folder?.read() ?? this.#stored
  }

  #keep(state: SimState): void {
    const inMemory = this.#folder === null || this.#options.readOnly === true
    this.#stored = inMemory
      ? { state, text: textOfHost(state), version: this.#stored.version }
      : this.#folder.write(state)
  }

  /** Carries out what a test ordered, and says what became of the call. */
  async #timed(
    argv: Argv,
    deadline: number,
    signal: AbortSignal | undefined,
    run: () => Promise<ToolAnswer>,
  ): Promise<CommandResult> {
    const started = performance.now()
    const { latencyMs, order } = this.orders.take(argv)
    if (latencyMs > 0)
      await setTimeout(Math.min(latencyMs, deadline), undefined, signal === undefined ? {} : { signal }).catch(
        () => undefined,
      )
    const took = (): number => Math.round(performance.now() - started)
    if (signal?.aborted === true)
      return { ...ended(argv, answer(0)), exitCode: null, signal: 'SIGTERM', durationMs: took() }
    if (latencyMs > deadline || order?.kind === 'hang') return gaveUp(argv, '', '', deadline)
    if (order?.kind === 'fail') return { ...ended(argv, order.answer), durationMs: took() }
    const given = await run()
    if (given.hangs === true) return gaveUp(argv, given.stdout, given.stderr, deadline)
    const said = order?.kind === 'apply then fail' ? order.answer : given
    return { ...ended(argv, said), durationMs: took(), notFound: !hasTool(this.#stored.state, argv[0] ?? '') }
  }
}

/** Reads as a password, and as the crypt(5) hash of one. */
const standInSecret = `$6$simulated$${'simulated.'.repeat(8)}secret\n`

/**
 * Opens the host in `folder` (null: in memory alone, forgotten afterwards). One that isn't there yet is made with the
 * disks named, blank; opened for reading it is made in memory and nothing is written.
 */
export async function openSimulated(
  folder: string | null,
  disks: readonly string[],
  options: SimulatedOptions = {},
): Promise<SimulatedHost> {
  const blank = blankHost(disks.map((path) => ({ path })))
  for (const path of options.secretFiles ?? []) {
    makeFolders(blank, parentOf(path))
    writeText(blank, path, standInSecret, 0o600)
  }
  if (folder === null) return new SimulatedHost(blank, null, options)
  const home = new HostFolder(folder)
  if (home.version() === undefined && options.readOnly !== true) {
    await home.exclusively(() => {
      if (home.version() === undefined) home.write(blank)
    })
  }
  return new SimulatedHost(blank, home, options)
}

/** `phx sim FOLDER -- TOOL ARGS…`: a person's call, kept in the folder. Time passes between two of them, so udev is up to date. */
export async function simCall(
  folder: string,
  disks: readonly string[],
  argv: Argv,
  stdin: string,
  secretFiles: readonly string[] = [],
): Promise<ToolAnswer> {
  const host = await openSimulated(folder, disks, { secretFiles })
  try {
    return await host.change((state) => {
      settle(state)
      const given = callTool(state, argv, stdin)
      settle(state)
      return given.hangs === true ? neverBack(argv, given) : given
    })
  } finally {
    await host.close()
  }
}

/** A person shouldn't have to wait for ever: 124 is what timeout(1) says. */
function neverBack(argv: Argv, { stdout, stderr }: ToolAnswer): ToolAnswer {
  return answer(124, stdout, `${stderr}phx sim: here the real ${argv[0] ?? ''} sits in state D and never comes back\n`)
}

/** Files are kept as text, so bytes that are none can't be written. */
function textOf(stdin: MutateOptions['stdin']): string | undefined {
  return stdin instanceof Uint8Array ? new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(stdin) : stdin
}

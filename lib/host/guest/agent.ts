/**
 * A client of the QEMU guest agent (QEMU, docs/interop/qemu-ga-ref) over its unix socket; no process is started.
 *
 * The socket serves one client, and `qm`, pvestatd and the web interface want it too: it is opened when there is a
 * question and given back when there is none for a moment, also between two looks at a command that takes its time.
 * Questions of this process share one connection and wait for one another; commands in the guest run side by side.
 */
import type { Argv, CommandResult } from '../host.ts'
import { checkArgv } from '../spawn.ts'
import { AgentConnection } from './connection.ts'
import { type ExecStatus, givenUp, idOf, resultOf, statusOf } from './exec.ts'
import { Limit } from './limit.ts'
import { type AgentAddress, GuestUnreachable, seconds } from './unreachable.ts'

export interface AgentOptions {
  /** Deadline in milliseconds, for all of it: the wait for the socket too. */
  readonly timeoutMs?: number
  /** Aborting rejects with its reason; a command that was started goes on in the guest. */
  readonly signal?: AbortSignal
}

export interface AgentInfo {
  /** QEMU's, such as `10.0.13`. */
  readonly version: string
  /** Commands that it carries out; others are unknown to it or switched off. */
  readonly commands: ReadonlySet<string>
}

/** Without a question for so long, the connection is given back. */
const idleMs = 50
/** Held no longer than this at a stretch; PVE's own calls give up after 3 s or more. */
const heldMs = 1000

/**
 * An agent that is up answers at once, however long its commands take; PVE gives it 3 s. Whoever waits longer for one
 * that is not there overruns the limit that was declared for it (seen: the lab, a run of 95 s for a limit of 8 s).
 */
const answerMs = 10_000

const firstPauseMs = 5
const longestPauseMs = 500

export class GuestAgent {
  readonly #address: AgentAddress
  #connection: AgentConnection | null = null
  #openedAt = 0
  #idle: NodeJS.Timeout | undefined
  /** Settles when the questions before have been answered or given up. */
  #line: Promise<void> = Promise.resolve()

  constructor(address: AgentAddress) {
    this.#address = address
  }

  async ping(options: AgentOptions = {}): Promise<void> {
    await this.#within(options, 3000, (limit) => this.#ask('guest-ping', {}, limit))
  }

  async info(options: AgentOptions = {}): Promise<AgentInfo> {
    const told = await this.#within(options, 3000, (limit) => this.#ask('guest-info', {}, limit))
    const { version, supported_commands } = told as {
      version: string
      supported_commands: readonly { name: string; enabled: boolean }[]
    }
    return { version, commands: new Set(supported_commands.filter(({ enabled }) => enabled).map(({ name }) => name)) }
  }

  /**
   * Runs a command in the guest with the agent's environment and waits for its end. A deadline that passes before it was
   * started rejects (`GuestUnreachable`); afterwards it is a result that has timed out, and the command goes on.
   */
  exec(argv: Argv, options: AgentOptions & { readonly stdin?: string } = {}): Promise<CommandResult> {
    checkArgv(argv)
    const started = performance.now()
    return this.#within(options, 30_000, async (limit) => {
      const pid = idOf(await this.#ask('guest-exec', orderOf(argv, options.stdin), limit))
      const { status, heardAt } = await this.#ended(pid, limit)
      const durationMs = performance.now() - started
      if (status !== null) return resultOf({ guest: this.#address.guest, argv, durationMs }, status)
      const silence = seconds(performance.now() - heardAt)
      return givenUp(
        { argv, durationMs },
        `process ${pid} goes on in the guest; the agent last answered ${silence} ago`,
      )
    })
  }

  /** Gives the connection back now. */
  release(): void {
    clearTimeout(this.#idle)
    this.#connection?.close()
    this.#connection = null
  }

  async #ended(pid: number, limit: Limit): Promise<{ status: ExecStatus | null; heardAt: number }> {
    let heardAt = performance.now()
    try {
      for (let pause = firstPauseMs; ; pause = Math.min(pause * 1.5, longestPauseMs)) {
        await limit.pause(pause)
        const status = statusOf(await this.#ask('guest-exec-status', { pid }, limit))
        heardAt = performance.now()
        if (status !== null) return { status, heardAt }
      }
    } catch (error) {
      if (limit.isUp) return { status: null, heardAt }
      throw error
    }
  }

  async #within<T>(options: AgentOptions, defaultMs: number, work: (limit: Limit) => Promise<T>): Promise<T> {
    const limit = new Limit(options.timeoutMs ?? defaultMs, options.signal)
    try {
      return await work(limit)
    } finally {
      limit.end()
    }
  }

  async #ask(command: string, given: object, limit: Limit): Promise<unknown> {
    const before = this.#line
    let leave = (): void => undefined
    const left = new Promise<void>((resolve) => {
      leave = resolve
    })
    this.#line = before.then(() => left)
    try {
      await limit.race(before).catch((error: unknown) => {
        throw limit.isUp ? this.#stoodInLine(command, limit.ms) : error
      })
      return await this.#inTurn(command, given, limit)
    } finally {
      leave()
    }
  }

  async #inTurn(command: string, given: object, limit: Limit): Promise<unknown> {
    clearTimeout(this.#idle)
    try {
      const connection = await this.#connected(limit)
      return await connection.ask(command, given, limit)
    } finally {
      this.#idle = setTimeout(() => this.release(), idleMs)
    }
  }

  async #connected(limit: Limit): Promise<AgentConnection> {
    const isStale = performance.now() - this.#openedAt > heldMs
    if (isStale || this.#connection?.isUsable !== true) {
      this.release()
      this.#connection = await limit.part(answerMs, (part) => AgentConnection.open(this.#address, part))
      this.#openedAt = performance.now()
    }
    return this.#connection
  }

  #stoodInLine(command: string, ms: number): GuestUnreachable {
    const words = `${command} didn't get its turn within ${seconds(ms)}: earlier questions to the agent are unanswered`
    return new GuestUnreachable(this.#address.guest, 'silent', words)
  }
}

function orderOf([path, ...arg]: Argv, stdin: string | undefined): object {
  const input = stdin === undefined ? {} : { 'input-data': Buffer.from(stdin, 'utf8').toString('base64') }
  return { path, arg, 'capture-output': true, ...input }
}

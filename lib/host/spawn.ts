/**
 * The one function that runs a command on this machine. zx runs it and collects what it says; everything that zx would
 * get wrong is decided here: that no shell reads the words, when not to start, when time is up, how to end a command and
 * what that means (zx 8.8.5 calls a command that traps TERM a success, and starts one although its signal is aborted
 * already).
 */
import { setTimeout as sleep, setImmediate as turnOfTheLoop } from 'node:timers/promises'
import type { ProcessPromise } from 'zx/core'
import type { Argv, CommandResult } from './host.ts'

export interface Order {
  readonly argv: Argv
  readonly env: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly stdin?: string | Buffer
  readonly signal?: AbortSignal
  /** Its output is what it is run for: the command is over when that has ended, and not before. */
  readonly asksForOutput?: boolean
}

/** How a command is ended. Tests shorten it, and play a process that no signal reaches. */
export interface Ending {
  /** From TERM to KILL. */
  readonly graceMs: number
  /** From KILL until it is given up on: a process in state D (its disk or its pool hangs) takes no signal. */
  readonly giveUpMs: number
  kill(pid: number, signal: NodeJS.Signals | 0): void
}

export const ending: Ending = { graceMs: 2000, giveUpMs: 2000, kill: (pid, signal) => void process.kill(pid, signal) }

/** Kept of each stream; more is thrown away and said so. */
export const outputLimit = 16 * 2 ** 20

/** How long output may still come after the command itself has ended, when something it started keeps the pipe open. */
const drainMs = 500

export async function runCommand(order: Order, end: Ending = ending): Promise<CommandResult> {
  const [tool, words] = checkArgv(order.argv)
  const started = performance.now()
  const stdout = new Captured()
  const stderr = new Captured()
  const result = (more: Partial<CommandResult>): CommandResult => ({
    argv: order.argv,
    exitCode: null,
    signal: null,
    stdout: stdout.text(),
    stderr: stderr.text(),
    durationMs: performance.now() - started,
    timedOut: false,
    notFound: false,
    ...more,
  })
  const [{ $, quote }, { spawn }] = await Promise.all([import('zx/core'), import('node:child_process')])
  // Looked at after the last await before the start: nothing can abort between here and there.
  if (order.signal?.aborted) return result({ stderr: 'not started: the run had been stopped before' })

  // On zx's own options, and not as $({…}): that runs each command in an async context of its own, and from the first one
  // on Node 20 watches every promise of the process. zx copies them at the call, and nothing awaits in between.
  Object.assign($, {
    // zx asks for a shell and has a line for it; neither is used.
    spawn: (_line: string, _words: readonly string[], options: object) =>
      spawn(tool, words, { ...options, shell: false }),
    shell: true,
    prefix: '',
    postfix: '',
    quote,
    env: { ...order.env },
    cwd: '/',
    // A group (and session) of its own: Ctrl-C on the terminal doesn't reach it, and it can be ended with its children.
    detached: true,
    stdio: [order.stdin ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    input: order.stdin,
    store: { stdout, stderr, stdall: new Discarded() },
    quiet: true,
    verbose: false,
    nothrow: true,
    preferLocal: false,
    timeout: 0,
    log: () => undefined,
  })
  const command = $`${[...order.argv]}`

  const watched = watch(command)
  const pid = command.child?.pid
  // As a shell would say: the tool or its interpreter is not there, or can't be run.
  if (pid === undefined) {
    const why = await watched.whyNotStarted()
    return result({ exitCode: why.includes('ENOENT') ? 127 : 126, stderr: `can't start ${tool}: ${why}\n` })
  }
  const over = order.asksForOutput ? watched.ended : watched.exited
  const stopped = await firstOf(over, order.timeoutMs, order.signal)
  if (stopped === 'exited') {
    await watched.drained([stdout, stderr])
    if (watched.isOpen()) stderr.note('phx: something that this command started still holds its output open')
    watched.release()
    const { exitCode, signal } = watched.exit()
    return result({ exitCode, signal })
  }
  await endGroup(pid, watched, end)
  if (!watched.hasExited()) stderr.note(`phx: process ${pid} could not be killed and was left behind`)
  watched.release()
  return result({ signal: watched.exit().signal, timedOut: stopped === 'deadline' })
}

/** The tool, and the words for it. */
export function checkArgv(argv: Argv): [string, readonly string[]] {
  const [tool, ...words] = argv
  if (tool === undefined || tool === '') throw new Error('not a command: it names no tool')
  for (const word of argv as readonly unknown[]) {
    // zx turns undefined and {} into words, and a NUL cuts the argument off (tried, zx 8.8.5).
    if (typeof word !== 'string') throw new Error(`not a command: ${tool} with an argument that is no text`)
    if (word.includes('\0')) throw new Error(`not a command: ${tool} with a NUL byte in an argument`)
  }
  return [tool, words]
}

/** What zx pushes a stream's chunks into. */
class Captured extends Array<Buffer> {
  #size = 0
  #dropped = 0
  #notes = ''

  override push(...chunks: Buffer[]): number {
    for (const chunk of chunks) {
      const room = Math.max(0, outputLimit - this.#size)
      if (room > 0) super.push(chunk.subarray(0, room))
      this.#size += chunk.length
      this.#dropped += Math.max(0, chunk.length - room)
    }
    return this.length
  }

  /** Bytes that came, kept or not. */
  get size(): number {
    return this.#size
  }

  note(text: string): void {
    this.#notes += `${this.#size > 0 || this.#notes !== '' ? '\n' : ''}${text}`
  }

  text(): string {
    const cut = this.#dropped > 0 ? `\n[phx: output cut here, ${this.#dropped} more bytes]\n` : ''
    return Buffer.concat([...this]).toString('utf8') + cut + this.#notes
  }
}

/** zx keeps both streams a second time, interleaved. */
class Discarded extends Array<Buffer> {
  override push(): number {
    return 0
  }
}

interface Exit {
  readonly exitCode: number | null
  readonly signal: string | null
}

function watch(command: ProcessPromise) {
  const child = command.child
  let exit: Exit | null = null
  let closed = false
  // The command may end without having read what it was given: EPIPE, and no error.
  child?.stdin?.on('error', () => undefined)
  const ended = new Promise<void>((resolve) => {
    child?.once('close', () => {
      closed = true
      resolve()
    })
  })
  const exited = new Promise<void>((resolve) => {
    child?.once('exit', (exitCode, signal) => {
      exit = { exitCode, signal }
      resolve()
    })
  })
  return {
    exited,
    ended,
    hasExited: () => exit !== null,
    isOpen: () => !closed,
    exit: (): Exit => exit ?? { exitCode: null, signal: null },
    whyNotStarted: async () => (await command).cause?.message ?? 'no reason was given',
    /** Until the streams have ended, or nothing more came for a while. */
    drained: async (streams: readonly Captured[]): Promise<void> => {
      const total = (): number => streams.reduce((sum, { size }) => sum + size, 0)
      for (let seen = -1; !closed && seen !== total(); ) {
        seen = total()
        const over = new AbortController()
        const idle = sleep(drainMs, undefined, { signal: over.signal }).catch(() => undefined)
        await Promise.race([ended, idle])
        over.abort()
        // Node looks at timers before it looks at pipes: on a machine that stood still meanwhile, what lies there was not read yet.
        await turnOfTheLoop()
        await turnOfTheLoop()
      }
    },
    /** Nothing of a command that is over, or given up on, may keep phx from ending. */
    release: () => {
      child?.stdout?.destroy()
      child?.stderr?.destroy()
      child?.unref()
    },
  }
}

/** A longer one would go off at once (setTimeout takes 32 bits). */
const longestTimer = 2 ** 31 - 1

function firstOf(over: Promise<void>, timeoutMs: number, signal: AbortSignal | undefined) {
  return new Promise<'exited' | 'deadline' | 'aborted'>((resolve) => {
    const decide = (how: 'exited' | 'deadline' | 'aborted'): void => {
      clearTimeout(deadline)
      signal?.removeEventListener('abort', abort)
      resolve(how)
    }
    const deadline = setTimeout(() => decide('deadline'), Math.min(timeoutMs, longestTimer))
    const abort = (): void => decide('aborted')
    signal?.addEventListener('abort', abort)
    void over.then(() => decide('exited'))
  })
}

/** TERM to the whole group; KILL to what is left of it, also when the command itself has gone and a child stayed. */
async function endGroup(pid: number, watched: { hasExited(): boolean }, end: Ending): Promise<void> {
  const send = (signal: NodeJS.Signals | 0): boolean => {
    try {
      end.kill(-pid, signal)
      return true
    } catch {
      return false // ESRCH: nobody left
    }
  }
  send('SIGTERM')
  await until(() => watched.hasExited() && !send(0), end.graceMs)
  send('SIGKILL')
  await until(() => watched.hasExited(), end.giveUpMs)
}

async function until(condition: () => boolean, withinMs: number): Promise<void> {
  const deadline = performance.now() + withinMs
  while (!condition() && performance.now() < deadline) await sleep(10)
}

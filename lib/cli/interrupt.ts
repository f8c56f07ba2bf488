/** Ctrl-C: once, what is running is finished and nothing more starts; twice, it is ended; a third time phx itself ends. */
import type { StopSignal } from '../engine/session.ts'
import { exitCodes } from './exit.ts'

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export interface Interrupts {
  /** Aborted by the first signal: an open question is then answered by nobody. */
  readonly asking: AbortSignal
  release(): void
}

export function watchInterrupts(stop: StopSignal, tell: (why: string) => void): Interrupts {
  const asking = new AbortController()
  let count = 0
  const interrupt = (): void => {
    count += 1
    if (count === 1) {
      stop.finish()
      asking.abort()
      tell('stopping: what is running is finished first, Ctrl-C again ends it')
    } else if (count === 2) {
      stop.kill()
      tell('stopping: ending the running command')
    } else process.exit(exitCodes.interrupted)
  }
  for (const signal of signals) process.on(signal, interrupt)
  return {
    asking: asking.signal,
    release() {
      for (const signal of signals) process.off(signal, interrupt)
    },
  }
}

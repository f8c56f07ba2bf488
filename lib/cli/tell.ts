/** What went wrong, for the person who typed the command: never a stack trace, unless it is a bug and -v was given. */
import { CannotLook } from '../engine/cannot-look.ts'
import { GraphError, UnknownTarget } from '../engine/graph.ts'
import { LockedError } from '../state/lock.ts'
import type { Screen } from '../view/screen.ts'
import { validateText } from '../view/validate.ts'
import { printable, some } from '../view/words.ts'
import { exitCodes, InvalidConfig, PersonError } from './exit.ts'
import { didYouMean } from './meant.ts'

interface Told {
  readonly message: string
  readonly mend: readonly string[]
  readonly exitCode: number
}

/** Prints the error on standard error and returns the exit code. */
export function tellError(error: unknown, screen: Screen, verbose: boolean): number {
  if (error instanceof InvalidConfig) {
    screen.err(validateText(error.file, error.problems, screen.errPaint))
    return exitCodes.invalid
  }
  const told = explain(error) ?? bug(error, verbose)
  const { red, cyan } = screen.errPaint
  const lines = [
    `phx: ${red('error')}: ${printable(told.message)}`,
    ...told.mend.map((line) => `  ${cyan('→')} ${line}`),
  ]
  screen.err(`${lines.join('\n')}\n`)
  return told.exitCode
}

/** What a person can mend; undefined for a bug. */
function explain(error: unknown): Told | undefined {
  if (error instanceof PersonError) return error
  if (error instanceof CannotLook) return { message: error.message, mend: error.mend, exitCode: exitCodes.failed }
  if (error instanceof UnknownTarget) {
    return {
      message: `${error.message}${didYouMean(error.target, error.known)}`,
      mend: [`targets of this config: ${some(error.known, 20)}`],
      exitCode: exitCodes.invalid,
    }
  }
  if (error instanceof GraphError) return { message: error.message, mend: [], exitCode: exitCodes.invalid }
  if (error instanceof LockedError) {
    const mend = error.holder ? ['wait until it ends; nothing needs to be cleaned up, whatever became of it'] : []
    return { message: error.message, mend, exitCode: exitCodes.locked }
  }
  if (error instanceof Error) return systemError(error)
  return undefined
}

/** errno(3) in words, for what Node's own calls throw. */
function systemError(error: NodeJS.ErrnoException): Told | undefined {
  if (error.code === undefined || error.syscall === undefined) return undefined
  const denied = error.code === 'EACCES' || error.code === 'EPERM' || error.code === 'EROFS'
  const mend = denied ? ['run phx as root, or keep its state elsewhere with --state-dir FOLDER'] : []
  return { message: error.message, mend, exitCode: exitCodes.failed }
}

function bug(error: unknown, verbose: boolean): Told {
  const message = error instanceof Error ? error.message : String(error)
  const stack = error instanceof Error && verbose ? `\n${error.stack}` : ''
  return {
    message: `this is a bug in phx: ${message}${stack}`,
    mend: verbose ? ['report it with the lines above'] : ['the same command with -v shows where; report it with that'],
    exitCode: exitCodes.failed,
  }
}

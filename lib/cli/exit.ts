/** Exit codes, and the error that carries one to the person who reads it. */
import type { Problem } from '../config/problem.ts'

export const exitCodes = {
  ok: 0,
  failed: 1,
  planHasChanges: 2,
  refused: 3,
  invalid: 4,
  locked: 5,
  interrupted: 130,
} as const

/** Something a person can mend: shown without a stack trace. */
export class PersonError extends Error {
  readonly exitCode: number
  /** What to do next, one line each. */
  readonly mend: readonly string[]

  constructor(message: string, exitCode: number, mend: readonly string[] = []) {
    super(message)
    this.exitCode = exitCode
    this.mend = mend
  }
}

/** The folder of a simulated host may hold anything: that it can't be used is for the person to mend. */
export async function ofFolder<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw new PersonError(error instanceof Error ? error.message : String(error), exitCodes.failed)
  }
}

/** The command line can't be understood. */
export class UsageError extends PersonError {
  constructor(message: string, mend: readonly string[] = []) {
    super(message, exitCodes.invalid, mend)
  }
}

/** The config has mistakes; told as `phx validate` tells them. */
export class InvalidConfig extends Error {
  readonly file: string
  readonly problems: readonly Problem[]

  constructor(file: string, problems: readonly Problem[]) {
    super(`${file} is not valid`)
    this.file = file
    this.problems = problems
  }
}

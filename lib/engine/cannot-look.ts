/**
 * The host could not be read: a tool is missing, failed or hung, or a pool is suspended. Never the same as "nothing is
 * there": a task that can't be looked at is left alone.
 */
export class CannotLook extends Error {
  /** What a person can do, one line each. */
  readonly mend: readonly string[]

  constructor(message: string, mend: readonly string[] = []) {
    super(message)
    this.mend = mend
  }
}

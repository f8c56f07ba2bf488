/** How long one call may take, and whether it was called off: everything that the call waits for is raced against it. */

/** A longer one would go off at once (setTimeout takes 32 bits). */
const longestTimer = 2 ** 31 - 1

export class Limit {
  readonly ms: number
  readonly #until: number
  /** True once the deadline has passed; false when someone else called it off. */
  isUp = false
  readonly #over = new AbortController()
  readonly #timer: NodeJS.Timeout
  readonly #outer: AbortSignal | undefined
  readonly #callOff = (): void => this.#over.abort(this.#outer?.reason)

  constructor(ms: number, outer?: AbortSignal) {
    this.ms = ms
    this.#until = performance.now() + ms
    this.#outer = outer
    // Not AbortSignal.timeout: its timer doesn't keep Node running, so a run could end in the middle of a wait.
    this.#timer = setTimeout(
      () => {
        this.isUp = true
        this.#over.abort(new Error(`time is up after ${ms} ms`))
      },
      Math.min(ms, longestTimer),
    )
    if (outer?.aborted) this.#callOff()
    else outer?.addEventListener('abort', this.#callOff, { once: true })
  }

  /** True when nothing more is to be waited for, for either reason. */
  get isOver(): boolean {
    return this.#over.signal.aborted
  }

  /** Settles as the promise does, or rejects as soon as the limit is reached. */
  async race<T>(promise: Promise<T>): Promise<T> {
    const { signal } = this.#over
    promise.catch(() => undefined) // nobody may be there any more when it fails
    signal.throwIfAborted()
    let stop = (): void => undefined
    const reached = new Promise<never>((_, reject) => {
      stop = () => reject(signal.reason)
      signal.addEventListener('abort', stop, { once: true })
    })
    try {
      return await Promise.race([promise, reached])
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }

  pause(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const over = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms)
    })
    return this.race(over).finally(() => clearTimeout(timer))
  }

  /** A shorter one for a part of the call, or this one where that leaves no less; `work` is given it. */
  async part<T>(ms: number, work: (limit: Limit) => Promise<T>): Promise<T> {
    if (this.#until - performance.now() <= ms) return work(this)
    const part = new Limit(ms, this.#over.signal)
    try {
      return await work(part)
    } finally {
      part.end()
    }
  }

  /** Lets go of the timer and of the outer signal. */
  end(): void {
    clearTimeout(this.#timer)
    this.#outer?.removeEventListener('abort', this.#callOff)
  }
}

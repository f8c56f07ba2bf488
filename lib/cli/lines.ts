/** Lines from standard input, one when it is asked for: a terminal or a pipe, also several answers in one chunk. */
import type { Readable } from 'node:stream'

export class LineReader {
  readonly #stdin: Readable
  #held = ''
  #ended = false

  constructor(stdin: Readable) {
    this.#stdin = stdin
  }

  /** The next line without its end; null at the end of the input and when the signal is aborted first. */
  next(signal: AbortSignal): Promise<string | null> {
    const stdin = this.#stdin
    return new Promise((answer) => {
      const finish = (line: string | null): void => {
        stdin.off('data', take)
        stdin.off('end', end)
        stdin.off('error', end)
        signal.removeEventListener('abort', abort)
        stdin.pause() // an input that flows would keep the process alive
        answer(line)
      }
      const take = (chunk: string | Buffer): void => {
        this.#held += chunk.toString()
        const line = this.#shift()
        if (line !== null) finish(line)
      }
      const end = (): void => {
        this.#ended = true
        const rest = this.#held
        this.#held = ''
        finish(rest === '' ? null : rest)
      }
      const abort = (): void => finish(null)
      const waiting = this.#shift()
      if (waiting !== null || this.#ended || signal.aborted) {
        answer(signal.aborted ? null : waiting)
        return
      }
      stdin.on('data', take)
      stdin.on('end', end)
      stdin.on('error', end)
      signal.addEventListener('abort', abort)
      stdin.resume()
    })
  }

  #shift(): string | null {
    const at = this.#held.indexOf('\n')
    if (at < 0) return null
    const line = this.#held.slice(0, at).replace(/\r$/, '')
    this.#held = this.#held.slice(at + 1)
    return line
  }
}

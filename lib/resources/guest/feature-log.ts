/**
 * What a script wrote so far, each part of it once. Counted in lines: text that was decoded no longer tells how many
 * bytes it had.
 */
import type { Reader } from '../../host/host.ts'

export class GrowingLog {
  readonly #path: string
  /** Whole lines that have been told. */
  #lines = 0
  /** How much of the line after them. */
  #part = 0
  #last = ''

  constructor(path: string) {
    this.#path = path
  }

  /** The last line that isn't empty. */
  get last(): string {
    return this.#last
  }

  /** What has been added since it was asked for last; nothing before there is a log. */
  async added(reader: Reader): Promise<string> {
    const { exitCode, stdout } = await reader.query(['tail', '-n', `+${this.#lines + 1}`, '--', this.#path])
    if (exitCode !== 0) return ''
    // The rest of a sign that is half written comes with the next look.
    const text = stdout.replace(/\uFFFD+$/, '')
    const added = text.slice(this.#part)
    this.#lines += text.split('\n').length - 1
    this.#part = text.length - (text.lastIndexOf('\n') + 1)
    this.#last = text.trimEnd().split('\n').at(-1) || this.#last
    return added
  }

  async end(reader: Reader, lines: number): Promise<string> {
    const { stdout } = await reader.query(['tail', '-n', String(lines), '--', this.#path])
    return stdout.trimEnd()
  }
}

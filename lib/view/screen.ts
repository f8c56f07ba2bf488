/** Where views print: results and progress to `out`, warnings and errors to `err`. */
import { type Paint, paint } from './paint.ts'

export interface Output {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
  on?(event: 'error', listener: (error: Error) => void): unknown
}

export interface Screen {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  readonly paint: Paint
  /** Colours on standard error, which may be a terminal when standard output is not, and the other way round. */
  readonly errPaint: Paint
  /** A person watches standard output. */
  readonly live: boolean
  readonly stdout: Output
}

export interface ScreenOptions {
  readonly noColor: boolean
  readonly variables: Readonly<Record<string, string | undefined>>
}

export function screen(stdout: Output, stderr: Output, options: ScreenOptions): Screen {
  // https://no-color.org: set and not empty means no colour, whatever its value.
  const plain = options.noColor || (options.variables.NO_COLOR ?? '') !== '' || options.variables.TERM === 'dumb'
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    paint: paint(!plain && stdout.isTTY === true),
    errPaint: paint(!plain && stderr.isTTY === true),
    live: stdout.isTTY === true && options.variables.TERM !== 'dumb',
    stdout,
  }
}

/** One document of `--json`. */
export function document(content: object): string {
  return `${JSON.stringify(content, null, 2)}\n`
}

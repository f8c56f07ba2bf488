/** The reader behind locate.ts: recursive descent over RFC 8259, noting the offset of every key and value. */
import type { Path } from './problem.ts'
import { holdsSecret } from './secret-fields.ts'

export interface SyntaxFault {
  readonly offset: number
  readonly path: Path
  readonly message: string
  readonly mend: string
}

interface Mark {
  readonly key: number
  readonly value: number
}

export class Marks {
  root = 0
  readonly #members = new Map<object, Map<string | number, Mark>>()

  open(container: object): Map<string | number, Mark> {
    const members = new Map<string | number, Mark>()
    this.#members.set(container, members)
    return members
  }

  of(container: object, step: string | number): Mark | undefined {
    return this.#members.get(container)?.get(step)
  }
}

/** Deeper than any config; keeps a hostile file from exhausting the stack. */
const MAX_DEPTH = 200
const WORDS = new Map<string, unknown>([
  ['true', true],
  ['false', false],
  ['null', null],
])
/** What other notations call these three. */
const FOREIGN_WORDS = new Map([
  ['True', 'true'],
  ['TRUE', 'true'],
  ['yes', 'true'],
  ['on', 'true'],
  ['False', 'false'],
  ['FALSE', 'false'],
  ['no', 'false'],
  ['off', 'false'],
  ['None', 'null'],
  ['NULL', 'null'],
  ['nil', 'null'],
  ['undefined', 'null'],
])
const ESCAPES: Record<string, string> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}

/** Thrown inside the reader alone, where the rest of the text can't be understood. */
class Unreadable extends Error {}

export class JsonReader {
  readonly marks = new Marks()
  readonly faults: SyntaxFault[] = []
  readonly #text: string
  readonly #path: (string | number)[] = []
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  /** Reads it all; undefined when it had to give up. */
  document(): unknown {
    try {
      this.#blanks()
      if (this.#at >= this.#text.length) this.#stop(0, 'the file is empty', 'write at least {}')
      this.marks.root = this.#at
      const value = this.#value()
      this.#blanks()
      if (this.#at < this.#text.length) {
        this.#stop(
          this.#at,
          `there is text after the end of the document: ${this.#here()}`,
          'remove it, or a bracket too many before it',
        )
      }
      return value
    } catch (error) {
      if (error instanceof Unreadable) return undefined
      throw error
    }
  }

  #value(): unknown {
    const character = this.#text[this.#at]
    if (character === '{') return this.#object()
    if (character === '[') return this.#array()
    if (character === '"') return this.#string()
    if (character !== undefined && /[-+.0-9]/.test(character)) return this.#number()
    if (character !== undefined && /[A-Za-z_$]/.test(character)) return this.#word()
    if (character === "'") this.#stop(this.#at, "a text begins with '", 'write texts between double quotes')
    return this.#stop(
      this.#at,
      `expected a value, found ${this.#here()}`,
      'write a value here, or remove the comma or colon before it',
    )
  }

  #object(): Record<string, unknown> {
    const opened = this.#at
    const result: Record<string, unknown> = {}
    const members = this.marks.open(result)
    this.#descend()
    let comma = -1
    for (;;) {
      this.#blanks()
      if (this.#text[this.#at] === '}') break
      const keyAt = this.#at
      if (this.#text[keyAt] !== '"') this.#noKey(opened)
      const key = this.#string()
      this.#path.push(key)
      this.#blanks()
      if (this.#text[this.#at] === ':') this.#at++
      else this.#stop(this.#at, `a colon is missing after "${key}"`, `write "${key}": and its value`)
      this.#blanks()
      const earlier = members.get(key)
      if (earlier !== undefined) {
        this.#fault(
          keyAt,
          `"${key}" is here a second time; the first is at ${this.#lineOf(earlier.key)}`,
          'keep one of the two',
        )
      }
      members.set(key, { key: keyAt, value: this.#at })
      const value = this.#value()
      // A plain assignment to `__proto__` would set the prototype instead of a field.
      if (key === '__proto__')
        Object.defineProperty(result, key, { value, enumerable: true, configurable: true, writable: true })
      else result[key] = value
      this.#path.pop()
      comma = this.#separator('}', opened)
    }
    if (comma !== -1) this.#fault(comma, 'a comma stands before }', 'remove the comma')
    this.#at++
    return result
  }

  #array(): unknown[] {
    const opened = this.#at
    const result: unknown[] = []
    const members = this.marks.open(result)
    this.#descend()
    let comma = -1
    for (;;) {
      this.#blanks()
      if (this.#text[this.#at] === ']') break
      if (this.#at >= this.#text.length || this.#text[this.#at] === '}') this.#notClosed(opened)
      this.#path.push(result.length)
      members.set(result.length, { key: this.#at, value: this.#at })
      result.push(this.#value())
      this.#path.pop()
      comma = this.#separator(']', opened)
    }
    if (comma !== -1) this.#fault(comma, 'a comma stands before ]', 'remove the comma')
    this.#at++
    return result
  }

  #descend(): void {
    if (this.#path.length >= MAX_DEPTH)
      this.#stop(this.#at, `more than ${MAX_DEPTH} levels deep`, 'no config needs that many')
    this.#at++
  }

  /** Goes past what stands between two members; gives the place of the comma, or -1 when there was none to take. */
  #separator(close: '}' | ']', opened: number): number {
    const end = this.#at
    this.#blanks()
    const character = this.#text[this.#at]
    if (character === ',') return this.#at++
    if (character === close) return -1
    if (character === undefined || character === '}' || character === ']') this.#notClosed(opened)
    if (character === '"' || (close === ']' && /[{[0-9tfn-]/.test(character))) {
      this.#fault(end, 'a comma is missing here', 'put a comma between the two')
      return -1
    }
    return this.#stop(
      this.#at,
      `expected a comma or ${close}, found ${this.#here()}`,
      `put a comma, or close with ${close}`,
    )
  }

  #noKey(opened: number): never {
    const found = this.#text[this.#at]
    if (found === undefined || found === ']') this.#notClosed(opened)
    if (found === ',') this.#stop(this.#at, 'two commas follow each other', 'remove one')
    return this.#stop(
      this.#at,
      `expected the name of a field, found ${this.#here()}`,
      'write names between double quotes',
    )
  }

  #notClosed(opened: number): never {
    const close = this.#text[opened] === '{' ? '}' : ']'
    return this.#stop(
      this.#at,
      `found ${this.#here()} while the ${this.#text[opened]} of ${this.#lineOf(opened)} is still open`,
      `close it with ${close}`,
    )
  }

  #string(): string {
    const opened = this.#at
    let plainFrom = this.#at + 1
    let result = ''
    for (let at = plainFrom; ; at++) {
      const code = this.#text.charCodeAt(at)
      if (code === 0x22) {
        this.#at = at + 1
        return result + this.#text.slice(plainFrom, at)
      }
      if (code === 0x5c) {
        result += this.#text.slice(plainFrom, at) + this.#escape(at)
        at = this.#at - 1
        plainFrom = this.#at
      } else if (code === 0x0a || Number.isNaN(code)) {
        this.#stop(
          opened,
          'this text is not closed on its line',
          'close it with a double quote; a line break inside is written \\n',
        )
      } else if (code < 0x20) {
        const written = code === 9 ? '\\t' : `\\u${code.toString(16).padStart(4, '0')}`
        this.#fault(at, 'a control character stands inside a text', `write it as ${written}`)
      }
    }
  }

  /** The character that the escape at `at` means; leaves `#at` behind it. */
  #escape(at: number): string {
    const letter = this.#text[at + 1] ?? ''
    if (letter === 'u') {
      const digits = this.#text.slice(at + 2, at + 6)
      this.#at = at + 6
      if (/^[0-9A-Fa-f]{4}$/.test(digits)) return String.fromCharCode(Number.parseInt(digits, 16))
      this.#stop(at, '\\u needs four hexadecimal digits', 'write for instance \\u00e9')
    }
    this.#at = at + 2
    const meant = ESCAPES[letter]
    if (meant !== undefined) return meant
    this.#fault(at, `\\${letter} means nothing in JSON`, `for a backslash itself write \\\\`)
    return letter
  }

  #number(): number {
    const at = this.#at
    const written = /[-+.0-9A-Za-z_]*/y
    written.lastIndex = at
    const text = written.exec(this.#text)?.[0] ?? ''
    this.#at += text.length
    if (!/^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$/.test(text)) {
      this.#fault(
        at,
        `${this.#shown(text)} is not a number in JSON`,
        'write a decimal number without leading zeros, or a text between double quotes',
      )
    }
    return Number.isNaN(Number(text)) ? 0 : Number(text)
  }

  #word(): unknown {
    const at = this.#at
    const written = /[A-Za-z0-9_$]*/y
    written.lastIndex = at
    const text = written.exec(this.#text)?.[0] ?? ''
    if (WORDS.has(text)) {
      this.#at += text.length
      return WORDS.get(text)
    }
    const meant = FOREIGN_WORDS.get(text)
    if (meant === undefined) this.#stop(at, `${this.#shown(text)} is not a value`, 'write a text between double quotes')
    this.#at += text.length
    this.#fault(at, `${this.#shown(text)} is not a value in JSON`, `write ${meant}`)
    return WORDS.get(meant)
  }

  #blanks(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at)
      if (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) this.#at++
      else if (code === 0x2f || code === 0x23) this.#comment()
      else return
    }
  }

  #comment(): void {
    const text = this.#text
    const block = text.startsWith('/*', this.#at)
    if (!block && !text.startsWith('//', this.#at) && text[this.#at] !== '#') {
      this.#stop(this.#at, `expected a value, found ${this.#here()}`, 'remove it')
    }
    this.#fault(this.#at, 'JSON has no comments', 'remove the comment')
    const end = block ? text.indexOf('*/', this.#at) : text.indexOf('\n', this.#at)
    if (end === -1) this.#at = text.length
    else this.#at = block ? end + 2 : end
  }

  /** A word of the text, unless it may be a secret that somebody forgot to put between quotes. */
  #shown(text: string): string {
    return holdsSecret(this.#path) ? 'this' : text
  }

  /** What stands at the reader's place, for a message. */
  #here(): string {
    const character = this.#text[this.#at]
    return character === undefined ? 'the end of the file' : character
  }

  #lineOf(offset: number): string {
    return `line ${this.#text.slice(0, offset).split('\n').length}`
  }

  #fault(offset: number, message: string, mend: string): void {
    this.faults.push({ offset, path: [...this.#path], message, mend })
  }

  #stop(offset: number, message: string, mend: string): never {
    this.#fault(offset, message, mend)
    throw new Unreadable()
  }
}

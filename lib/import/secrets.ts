/**
 * The secrets of the old files: all of them are found before anything is read, so that each is either referred to from
 * the new config or told of, and none is quoted. There is no way from here to a value but `withhold` and `holds`.
 */
import type { SecretReference } from '../config/secrets.ts'
import { isObject, type Old } from './old.ts'

export interface FoundSecret {
  readonly old: Old
  /** Where its value is to be put. */
  readonly file: string
  /** Whether the new config refers to that file. */
  readonly isReferred: boolean
}

interface Kept {
  readonly old: Old
  readonly value: string
  file?: string
}

const FOLDER = '/etc/phx/secrets'
const NAME = /passw(or)?d|passphrase|(^|_)pass$|secret|token$|api[-_]?key|private[-_]?key|credential/i
/** Where the secret is kept, or who it belongs to. */
const NO_SECRET = /_(file|files|path|dir|folder|url|user|name|id|ttl)$/i
/** A secret inside a longer text: an option of a command, an environment variable. The value is the second group. */
const INSIDE = [
  /--?[\w-]*(password|passwd|passphrase|secret|token|api-?key)[= ]\s*([^\s'"]+)/i,
  /\b[A-Z0-9_]*(PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|API_?KEY)=([^\s'";]+)/,
  /(:\/\/[^\s/?#@]*):([^\s/?#@]+)@/,
]
/** Shorter ones are parts of ordinary words: withholding them would make the report unreadable. */
const SHORTEST_WITHHELD = 4
const SHORTEST_IN_OTHER_TEXT = 8

export function isSecretField(name: string): boolean {
  return NAME.test(name) && !NO_SECRET.test(name)
}

export class Secrets {
  readonly #found: Kept[] = []

  constructor(documents: readonly Old[]) {
    for (const document of documents) this.#collect(document, false)
  }

  /** The reference to be written instead of the secret at this place. */
  reference(old: Old, name: string): SecretReference {
    const found = this.#at(old)
    const file = this.#unused(`${FOLDER}/${name.replace(/[^A-Za-z0-9_.-]/g, '_')}`)
    if (found !== undefined) found.file = file
    return { file }
  }

  /** Whether the value at this place is a secret or has one in it. */
  isAt(old: Old): boolean {
    return this.#at(old) !== undefined
  }

  /** Whether a secret stands in this text. */
  holds(text: string): boolean {
    return this.#found.some(({ value }) => value.length >= SHORTEST_IN_OTHER_TEXT && text.includes(value))
  }

  withhold(text: string): string {
    return this.#found
      .filter(({ value }) => value.length >= SHORTEST_WITHHELD)
      .reduce((left, { value }) => left.replaceAll(value, '(withheld)'), text)
  }

  list(): FoundSecret[] {
    return this.#found.map(({ old, file }) => {
      return { old, file: file ?? this.#unused(`${FOLDER}/${plainName(old)}`), isReferred: file !== undefined }
    })
  }

  #collect(old: Old, isNamedSecret: boolean): void {
    const { value } = old
    if (typeof value === 'string' || (isNamedSecret && typeof value === 'number')) {
      const secret = isNamedSecret
        ? String(value)
        : INSIDE.map((pattern) => pattern.exec(String(value))?.[2]).find(Boolean)
      if (secret !== undefined && secret !== '' && secret !== 'NOT_SET') this.#found.push({ old, value: secret })
    }
    for (const item of old.items()) this.#collect(item, isNamedSecret)
    if (isNamedSecret && isReference(value)) return
    // A stack's variable: {"name": "DB_PASSWORD", "value": …}.
    const isVariable = isSecretField(old.get('name').text ?? '')
    for (const [name, field] of old.fields()) {
      this.#collect(field, isNamedSecret || isSecretField(name) || (isVariable && name === 'value'))
    }
  }

  #at(old: Old): Kept | undefined {
    const place = JSON.stringify(old.path)
    return this.#found.find((one) => one.old.source === old.source && JSON.stringify(one.old.path) === place)
  }

  #unused(file: string): string {
    const taken = this.#found.map((one) => one.file)
    let free = file
    for (let count = 2; taken.includes(free); count++) free = `${file}-${count}`
    return free
  }
}

function isReference(value: unknown): boolean {
  if (!isObject(value)) return false
  const [name, ...more] = Object.keys(value)
  return more.length === 0 && ['file', 'env', 'credential', 'command'].includes(name ?? '')
}

/** The last words of its path: `portainer_api_admin_password`. */
function plainName(old: Old): string {
  const isVariable = old.path.at(-1) === 'value'
  const around = isVariable ? old.path.slice(0, -1).reduce<unknown>(within, old.source.document.value) : undefined
  const own = isObject(around) && typeof around.name === 'string' ? [around.name] : old.path.slice(-2)
  return own.join('_').replace(/[^A-Za-z0-9_.-]/g, '_')
}

function within(value: unknown, step: string | number): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string | number, unknown>)[step] : undefined
}

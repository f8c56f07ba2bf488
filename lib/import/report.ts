/** What an import tells: each entry names the place in the old file that it is about, and none quotes a secret. */
import { jsonPath, printable } from '../config/problem.ts'
import { unsafeTexts } from '../config/unsafe-texts.ts'
import { isObject, type Old } from './old.ts'
import { isSecretField, type Secrets } from './secrets.ts'

export interface Entry {
  readonly file: string
  readonly line: number
  /** JSONPath in the old file. */
  readonly path: string
}

export interface Normalised extends Entry {
  readonly from: string
  readonly to: string
  /** What else there is to know. */
  readonly why: string
}

export interface Told extends Entry {
  readonly why: string
}

export interface Undecided extends Entry {
  readonly message: string
  readonly mend: string
  /** Whether it stands in the new config all the same. */
  readonly left: 'in' | 'out'
}

export interface SecretMoved extends Entry {
  /** The file that its value is to be put into. */
  readonly put: string
  readonly isReferred: boolean
  readonly why: string
}

export interface ImportReport {
  readonly taken: readonly Entry[]
  readonly normalised: readonly Normalised[]
  /** Nothing ever read these. */
  readonly dropped: readonly Told[]
  readonly undecided: readonly Undecided[]
  /** What phx leaves alone. */
  readonly unmanaged: readonly Told[]
  readonly secrets: readonly SecretMoved[]
}

export const emptyReport: ImportReport = {
  taken: [],
  normalised: [],
  dropped: [],
  undecided: [],
  unmanaged: [],
  secrets: [],
}

interface Kept<Content> {
  readonly old: Old
  readonly content: Content
}

export class Report {
  readonly secrets: Secrets
  #taken: Kept<object>[] = []
  #normalised: Kept<{ from: string; to: string; why: string }>[] = []
  readonly #dropped: Kept<{ why: string }>[] = []
  #undecided: Kept<{ message: string; mend: string; left: 'in' | 'out' }>[] = []
  readonly #unmanaged: Kept<{ why: string }>[] = []
  readonly #passwordsElsewhere: Kept<{ put: string; isReferred: boolean; why: string }>[] = []

  constructor(secrets: Secrets) {
    this.secrets = secrets
  }

  taken(old: Old): void {
    this.#taken.push({ old, content: {} })
  }

  normalised(old: Old, from: unknown, to: unknown, why = ''): void {
    this.#normalised.push({ old, content: { from: shown(from), to: shown(to), why } })
  }

  dropped(old: Old, why: string): void {
    this.#dropped.push({ old, content: { why } })
  }

  unmanaged(old: Old, why: string): void {
    this.#unmanaged.push({ old, content: { why } })
  }

  /** In the new config, but somebody should look at it. */
  asks(old: Old, message: string, mend: string): void {
    this.#undecided.push({ old, content: { message, mend, left: 'in' } })
  }

  /** Not in the new config, nor anything below it: what was told of that no longer holds. */
  leavesOut(old: Old, message: string, mend: string): undefined {
    const isOutside = (one: Kept<unknown>): boolean => !liesWithin(one.old, old)
    this.#taken = this.#taken.filter(isOutside)
    this.#normalised = this.#normalised.filter(isOutside)
    this.#undecided = this.#undecided.filter(isOutside)
    this.#undecided.push({ old, content: { message, mend, left: 'out' } })
    return undefined
  }

  /** A secret that stood in a script, for a place of the config. */
  secretElsewhere(old: Old, put: string, why: string): void {
    this.#passwordsElsewhere.push({ old, content: { put, isReferred: true, why } })
  }

  finish(): ImportReport {
    const secrets = this.secrets.list().map(({ old, file, isReferred }) => {
      const why = isReferred ? '' : 'phx has no use for it; keep it for what still needs it'
      return { old, content: { put: file, isReferred, why } }
    })
    return {
      taken: this.#told(this.#taken),
      normalised: this.#told(this.#normalised),
      dropped: this.#told(this.#dropped),
      undecided: this.#told(this.#undecided),
      unmanaged: this.#told(this.#unmanaged),
      secrets: this.#told([...secrets, ...this.#passwordsElsewhere]),
    }
  }

  /** Placed, in the order of the files, and with nothing secret in it. */
  #told<Content extends object>(entries: readonly Kept<Content>[]): (Entry & Content)[] {
    const told = entries.map(({ old, content }) => {
      const { source, path } = old
      const place = { file: source.file, line: source.document.valueAt(path).line, path: jsonPath(path) }
      const clean = Object.entries(content).map(([name, value]) => {
        return [name, typeof value === 'string' ? printable(this.secrets.withhold(value)) : value]
      })
      return { ...place, ...(Object.fromEntries(clean) as Content) }
    })
    const files = [...new Set(told.map(({ file }) => file))]
    return told.sort((one, other) => files.indexOf(one.file) - files.indexOf(other.file) || one.line - other.line)
  }
}

/** A value on one line; not what may be a secret, and no more of it than one can read. */
export function shown(value: unknown): string {
  // A text that looks like a number or like nothing is told apart from one.
  if (typeof value === 'string' && !/^(|null|true|false|[0-9.]+)$/.test(value)) {
    return short(String(unsafeTexts(value).document))
  }
  return short(JSON.stringify(unsafeTexts(withoutSecretFields(value)).document) ?? '')
}

function short(text: string): string {
  return text.length > 160 ? `${text.slice(0, 159)}…` : text
}

function withoutSecretFields(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecretFields)
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      return [name, isSecretField(name) && !isObject(inner) ? 'withheld' : withoutSecretFields(inner)]
    }),
  )
}

function liesWithin(inner: Old, outer: Old): boolean {
  return inner.source === outer.source && outer.path.every((step, index) => inner.path[index] === step)
}

/** Loading smb.conf as Samba does: line by line, with what it says of lines that it doesn't like. */
import type { SimState } from '../model.ts'
import { NotSimulated } from '../tool.ts'
import { type Kind, parameterNamed, type SmbParameter } from './parameters.ts'

export interface Service {
  /** As written; case doesn't count. */
  readonly name: string
  /** By the parameter's first name, in the form in which testparm prints it. */
  readonly values: Map<string, string>
}

export interface Loaded {
  readonly ok: boolean
  /** Lines on stderr. */
  readonly said: readonly string[]
  readonly globals: ReadonlyMap<string, string>
  /** What [global] says of service parameters: the default for services that begin later. */
  readonly defaults: ReadonlyMap<string, string>
  readonly services: readonly Service[]
}

const maxDepth = 5

/** Words of a kind with few of them, in Samba's own spelling; the first that is alike is meant. */
const words: Readonly<Record<string, readonly string[]>> = {
  'case sensitive': ['Auto', 'Yes', 'No'],
  'csc policy': ['manual', 'documents', 'programs', 'disable'],
  'default case': ['lower', 'upper'],
  'map readonly': ['yes', 'no', 'permissions'],
  'map to guest': ['Never', 'Bad User', 'Bad Password', 'Bad Uid'],
  security: ['AUTO', 'USER', 'DOMAIN', 'ADS'],
  'server role': ['auto', 'standalone server', 'member server', 'classic primary domain controller'],
  'strict locking': ['Auto', 'Yes', 'No'],
}

const lists = ['valid users', 'invalid users', 'read list', 'write list', 'admin users', 'hosts allow', 'hosts deny']

/** `a, "b c"` is shown as `a "b c"`. */
const listText = (text: string): string =>
  [...text.matchAll(/"[^"]*"|[^\s,]+/g)].map(([word]) => (/\s/.test(word) ? word : word.replace(/"/g, ''))).join(' ')

export function truthIn(text: string): boolean | undefined {
  if (/^(yes|true|on|1)$/i.test(text)) return true
  return /^(no|false|off|0)$/i.test(text) ? false : undefined
}

/** The value as testparm prints it, or what is said of one that the parameter doesn't take. */
function readValue(parameter: SmbParameter, asked: string, text: string): { value: string } | { said: string } {
  const { name, kind, isInverse } = parameter
  const readers: Readonly<Record<Kind, () => { value: string } | { said: string }>> = {
    b: () => {
      const truth = truthIn(text)
      if (truth === undefined) return { said: `set_variable_helper(${text}): value is not boolean!` }
      return { value: truth !== (isInverse === true) ? 'Yes' : 'No' }
    },
    z: () =>
      /^\d+[KMG]?$/i.test(text)
        ? { value: text }
        : { said: `set_variable_helper(${text}): value is not a valid size specifier!` },
    o: () => (/^[0-7]+$/.test(text) ? { value: text.padStart(4, '0') } : { said: `Invalid octal number ${asked}` }),
    e: () => {
      const value = (words[name] ?? [parameter.byDefault]).find((word) => word.toLowerCase() === text.toLowerCase())
      if (value !== undefined) return { value }
      if (words[name] === undefined) throw new NotSimulated(`smb.conf: ${name} = ${text}`)
      return { said: `WARNING: Ignoring invalid value '${text}' for parameter '${asked}'` }
    },
    t: () => ({ value: lists.includes(name) ? listText(text) : name === 'workgroup' ? text.toUpperCase() : text }),
  }
  return readers[kind]()
}

class Loader {
  readonly said: string[] = []
  readonly globals = new Map<string, string>()
  readonly defaults = new Map<string, string>()
  readonly services: Service[] = []
  readonly #state: SimState
  /** Null: in [global], where every file begins. */
  #service: Service | null = null

  constructor(state: SimState) {
    this.#state = state
  }

  /** False when loading ends there. */
  file(path: string, depth: number): boolean {
    const text = this.#state.files[path]?.content
    if (text === undefined) return depth > 0 // an include that is not there is no error (services.jsonl scene 22)
    if (depth > maxDepth) return true
    for (const line of text.replace(/\\\n\s*/g, ' ').split('\n')) {
      if (!this.#line(line.trim(), depth)) return false
    }
    return true
  }

  #line(line: string, depth: number): boolean {
    if (line === '' || /^[#;]/.test(line)) return true
    if (line.startsWith('[')) return this.#section(line)
    const equals = line.indexOf('=')
    // "Ignoring badly formed line" stands in a log only (scene 22).
    return equals < 1 || this.#parameter(line.slice(0, equals).trim(), line.slice(equals + 1).trim(), depth)
  }

  #section(line: string): boolean {
    const name = /^\[([^\]]*)\]/.exec(line)?.[1]
    if (name === undefined) return false
    if (name.toLowerCase() === 'global') {
      this.#service = null
      return true
    }
    const before = this.services.find((one) => one.name.toLowerCase() === name.toLowerCase())
    this.#service = before ?? { name, values: new Map(this.defaults) }
    if (!before) this.services.push(this.#service)
    return true
  }

  #parameter(asked: string, text: string, depth: number): boolean {
    if (asked.includes(':')) {
      ;(this.#service?.values ?? this.globals).set(asked, text)
      return true
    }
    const parameter = parameterNamed(asked)
    if (parameter === undefined) {
      this.said.push(`Unknown parameter encountered: "${asked}"`, `Ignoring unknown parameter "${asked}"`)
      return true
    }
    if (parameter.name === 'copy') throw new NotSimulated('smb.conf: copy')
    const read = readValue(parameter, asked, text)
    if ('said' in read) {
      this.said.push(read.said)
      return false
    }
    if (parameter.scope === 'global' && this.#service !== null) {
      this.said.push(`Global parameter ${asked} found in service section!`)
      return true
    }
    const into = parameter.scope === 'global' ? this.globals : (this.#service?.values ?? this.defaults)
    into.set(parameter.name, read.value)
    // What an included file leaves as the current section stays it.
    return parameter.name !== 'include' || this.file(text, depth + 1)
  }
}

export function loadConfig(state: SimState, path: string): Loaded {
  const loader = new Loader(state)
  const ok = loader.file(path, 0)
  for (const { name, values } of ok ? loader.services : []) {
    if (values.has('path') || ['homes', 'printers'].includes(name.toLowerCase()) || values.get('printable') === 'Yes')
      continue
    values.set('available', 'No')
    loader.said.push(
      `WARNING: No path in service ${name} - making it unavailable!`,
      `NOTE: Service ${name} is flagged unavailable.`,
    )
  }
  const { said, globals, defaults, services } = loader
  return { ok, said, globals, defaults, services }
}

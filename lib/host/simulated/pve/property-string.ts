/**
 * Values such as `d1:1,mp=/data,ro=1`: a list of keys with one that may stand without its name. Parsing, checking and
 * writing as PVE::JSONSchema does it; texts: pct.jsonl n=20, 22, 58, 64, qm.jsonl n=14, 16, 17.
 */
import { type Check, parseBoolean } from './formats.ts'
import { checkValue } from './options.ts'
import type { Property } from './types.ts'

export interface Key extends Property {
  readonly required?: boolean
  /** May stand without its name. */
  readonly unnamed?: boolean
  /** Only another name of that key (`volume` of `file`). */
  readonly alias?: string
  /** With `alias`: the name given is the value of this key (`virtio=BC:24:…` is the model and the address of it). */
  readonly naming?: string
  /** Has to be there with it. */
  readonly requires?: string
}

export type Keys = Readonly<Record<string, Key>>
export type Values = Map<string, string>

/** Thrown and caught here: the syntax is wrong, so that nothing can be said of single keys. */
class Malformed extends Error {}

/** The values, or what is wrong with the whole text as it goes behind `invalid format - `. Without a name keys stand alone. */
export function parseKeys(name: string, keys: Keys, text: string): Values | string {
  const values: Values = new Map()
  try {
    for (const part of text.split(',')) if (part.trim() !== '') readPart(keys, values, part)
  } catch (error) {
    if (!(error instanceof Malformed)) throw error
    return error.message
  }
  const path = (key: string): string => (name === '' ? key : `${name}.${key}`)
  const wrong = complaints(keys, values, path).map(([key, what]) => `${path(key)}: ${what}\n`)
  return wrong.length === 0 ? values : `format error\n${wrong.join('')}`
}

function readPart(keys: Keys, values: Values, part: string): void {
  const [, named, told] = /^([^=]+)=([\s\S]+)$/.exec(part) ?? []
  if (named === undefined && part.includes('=')) throw new Malformed('missing key in comma-separated list property')
  const key = named ?? Object.keys(keys).find((each) => keys[each]?.unnamed)
  if (key === undefined) throw new Malformed('value without key, but schema does not define a default key')
  if (values.has(key)) throw new Malformed(`duplicate key in comma-separated list property: ${key}`)
  const { alias, naming } = (Object.hasOwn(keys, key) ? keys[key] : undefined) ?? {}
  if (naming !== undefined) {
    if (values.has(naming)) throw new Malformed(`key alias '${naming}' is already defined`)
    values.set(naming, key)
  }
  const own = alias ?? key
  if (alias !== undefined && values.has(own)) throw new Malformed(`key '${own}' is already defined (via alias)`)
  const value = told ?? part
  const truth = keys[own]?.kind === 'boolean' ? parseBoolean(value) : null
  values.set(own, truth === null ? value : truth ? '1' : '0')
}

function complaints(keys: Keys, values: Values, path: (key: string) => string): [string, string][] {
  const missing = Object.keys(keys).filter((key) => keys[key]?.required && !values.has(key))
  const given = [...values].flatMap(([key, value]): [string, string][] => {
    const wrong = Object.hasOwn(keys, key)
      ? checkValue(keys[key], value)
      : 'property is not defined in schema and the schema does not allow additional properties'
    const needed = Object.hasOwn(keys, key) ? keys[key]?.requires : undefined
    const lacks = needed !== undefined && !values.has(needed)
    return [
      ...(wrong === null ? [] : ([[key, wrong]] as [string, string][])),
      ...(lacks ? ([[needed, `missing property required by '${path(key)}'`]] as [string, string][]) : []),
    ]
  })
  const absent = missing.map((key): [string, string] => [key, 'property is missing and it is not optional'])
  return [...given, ...absent].sort(([one], [other]) => (one < other ? -1 : 1))
}

export const keysCheck =
  (name: string, keys: Keys): Check =>
  (text) => {
    const parsed = parseKeys(name, keys, text)
    return typeof parsed === 'string' ? parsed : null
  }

/** The unnamed key, then what is required, then the rest by alphabet. */
export function printKeys(keys: Keys, values: ReadonlyMap<string, string>): string {
  const rank = (key: string): number => (keys[key]?.unnamed ? 0 : keys[key]?.required ? 1 : 2)
  const named = Object.values(keys).find(({ naming }) => naming !== undefined)
  return [...values]
    .filter(([key]) => key !== named?.alias || !values.has(named?.naming ?? ''))
    .sort(([one], [other]) => rank(one) - rank(other) || (one < other ? -1 : 1))
    .map(([key, value]) => {
      const address = key === named?.naming ? values.get(named.alias ?? '') : undefined
      if (address !== undefined) return `${value}=${address}`
      return keys[key]?.unnamed ? value : `${key}=${value}`
    })
    .join(',')
}

/**
 * Values such as `d1:1,mp=/data,ro=1`: a list of keys with one that may stand without its name. Parsing, checking and
 * writing as PVE::JSONSchema does it; texts: pct.jsonl n=20, 22, 58, 64.
 */
import { type Check, parseBoolean } from '../formats.ts'
import { checkValue } from '../options.ts'
import type { Property } from '../types.ts'

export interface Key extends Property {
  readonly required?: boolean
  /** May stand without its name. */
  readonly unnamed?: boolean
}

export type Keys = Readonly<Record<string, Key>>
export type Values = Map<string, string>

/** The values, or what is wrong with the whole text as it goes behind `invalid format - `. */
export function parseKeys(name: string, keys: Keys, text: string): Values | string {
  const unnamed = Object.keys(keys).find((key) => keys[key]?.unnamed)
  const values: Values = new Map()
  for (const part of text.split(',')) {
    if (part.trim() === '') continue
    const [, named, told] = /^([^=]+)=([\s\S]+)$/.exec(part) ?? []
    const key = named ?? (part.includes('=') ? undefined : unnamed)
    if (key === undefined) {
      return part.includes('=')
        ? 'missing key in comma-separated list property'
        : 'value without key, but schema does not define a default key'
    }
    if (values.has(key)) return `duplicate key in comma-separated list property: ${key}`
    const value = told ?? part
    const truth = keys[key]?.kind === 'boolean' ? parseBoolean(value) : null
    values.set(key, truth === null ? value : truth ? '1' : '0')
  }
  const wrong = complaints(keys, values).map(([key, what]) => `${name}.${key}: ${what}\n`)
  return wrong.length === 0 ? values : `format error\n${wrong.join('')}`
}

function complaints(keys: Keys, values: Values): [string, string][] {
  const missing = Object.keys(keys).filter((key) => keys[key]?.required && !values.has(key))
  const given = [...values].flatMap(([key, value]): [string, string][] => {
    const wrong = Object.hasOwn(keys, key)
      ? checkValue(keys[key], value)
      : 'property is not defined in schema and the schema does not allow additional properties'
    return wrong === null ? [] : [[key, wrong]]
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
export function printKeys(keys: Keys, values: Values): string {
  const rank = (key: string): number => (keys[key]?.unnamed ? 0 : keys[key]?.required ? 1 : 2)
  return [...values]
    .sort(([one], [other]) => rank(one) - rank(other) || (one < other ? -1 : 1))
    .map(([key, value]) => (keys[key]?.unnamed ? value : `${key}=${value}`))
    .join(',')
}

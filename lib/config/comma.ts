/** The user's comma strings: `recordsize=128K,compression=lz4` and `images,rootdir`, or the same as object or list. */
import type { Spot } from './spot.ts'

export interface DeclaredProperty {
  readonly name: string
  readonly value: string
}

/** Properties in the order of the config; doubles stay, so that a rule can tell of them. */
export function propertiesIn(declared: unknown): DeclaredProperty[] {
  if (typeof declared === 'string') {
    return partsOf(declared).flatMap((part) => {
      const equals = part.indexOf('=')
      return equals < 1 ? [] : [{ name: part.slice(0, equals).trim(), value: part.slice(equals + 1).trim() }]
    })
  }
  if (typeof declared !== 'object' || declared === null || Array.isArray(declared)) return []
  return Object.entries(declared).flatMap(([name, value]) =>
    typeof value === 'string' || typeof value === 'number' ? [{ name, value: String(value) }] : [],
  )
}

/** Parts of a comma string that are no `name=value`: the rest of a value with a comma in it, or a slip. */
export function strayParts(declared: unknown): string[] {
  return typeof declared === 'string' ? partsOf(declared).filter((part) => part.indexOf('=') < 1) : []
}

/** Words of a comma string or list; blanks and semicolons separate too, as pvesm reads them. */
export function wordsIn(declared: unknown): string[] {
  if (typeof declared === 'string') return declared.split(/[\s,;]+/).filter((word) => word !== '')
  return Array.isArray(declared) ? declared.filter((word) => typeof word === 'string') : []
}

/** The spot of one property: the field of an object, or the whole comma string. */
export function propertySpot(properties: Spot, name: string): Spot {
  return properties.text === undefined ? properties.get(name) : properties
}

function partsOf(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

/**
 * Reads an old value for a place of phx's config: what the schema knows is taken, a number written as text becomes a
 * number, and what it doesn't know is told of. The sections add the exceptions, field by field.
 */

import { obsolete } from './obsolete.ts'
import { isObject, type Old } from './old.ts'
import type { Report } from './report.ts'
import { isSecretField } from './secrets.ts'
import { hasField, inside, type Shape, shapeAt } from './shape.ts'

export type Fields = Record<string, unknown>
/** Gives what is to be written; undefined when it is nothing, which the exception has told of then. */
export type Exception = (old: Old) => unknown
export type Exceptions = Readonly<Record<string, Exception>>

export class OldReader {
  readonly report: Report
  readonly #origins = new WeakMap<object, Old>()

  constructor(report: Report) {
    this.report = report
  }

  /** Where an object or a list of the new config comes from. */
  originOf(made: object): Old | undefined {
    return this.#origins.get(made)
  }

  from<Made>(old: Old, made: Made): Made {
    if (typeof made === 'object' && made !== null && !this.#origins.has(made)) this.#origins.set(made, old)
    return made
  }

  /** The value for a place, by the schema alone. */
  value(old: Old, place: string): unknown {
    const shape = shapeAt(place)
    if (!old.isPresent) return undefined
    if (isObject(old.value)) {
      if (Object.keys(shape.properties).length > 0) return this.fields(old, place)
      if (shape.entries !== undefined) return this.map(old, (entry) => this.value(entry, inside(place, '*')))
    }
    if (Array.isArray(old.value) && shape.items !== undefined) {
      if (shapeAt(inside(place, '[]')).types.has('string')) return this.plain(old, shape)
      return this.list(old, (item) => this.value(item, inside(place, '[]')))
    }
    return this.plain(old, shape)
  }

  /** The fields of an object, each by its exception or by the schema; undefined when it is no object. */
  fields(old: Old, place: string, exceptions: Exceptions = {}): Fields | undefined {
    if (!old.isObject) return this.report.leavesOut(old, 'this is no object', 'write it as {"field": value}')
    const made: Fields = this.from(old, {})
    for (const [name, field] of old.fields()) {
      if (!field.isPresent) continue
      const value = this.#field(field, place, name, exceptions)
      const isEmptied = isObject(value) && Object.keys(value).length === 0 && field.fields().length > 0
      if (value !== undefined && !isEmptied && !Object.hasOwn(made, name)) made[name] = value
    }
    return made
  }

  list(old: Old, read: (item: Old) => unknown): unknown[] {
    return this.from(
      old,
      old.itemsOrSelf().flatMap((item) => read(item) ?? []),
    )
  }

  map(old: Old, read: (entry: Old, name: string) => unknown): Fields {
    const entries = old.fields().flatMap(([name, entry]): [string, unknown][] => {
      const made = entry.isPresent ? read(entry, name) : undefined
      return made === undefined ? [] : [[name, made]]
    })
    return this.from(old, Object.fromEntries(entries))
  }

  /** Words of a list, or of one text with blanks or commas between them. */
  words(old: Old): string[] {
    const words = old.text === undefined ? old.items().map(({ value }) => value) : old.text.split(/[\s,]+/)
    const made = words.filter((word) => word !== null && word !== '').map(String)
    this.became(old, made)
    return this.from(old, made)
  }

  /** Tells of it as taken or as normalised, whichever it is. */
  became(old: Old, made: unknown, why = ''): void {
    if (JSON.stringify(old.value) === JSON.stringify(made)) this.report.taken(old)
    else this.report.normalised(old, old.value, made, why)
  }

  #field(field: Old, place: string, name: string, exceptions: Exceptions): unknown {
    const exception = Object.hasOwn(exceptions, name) ? exceptions[name] : undefined
    if (exception !== undefined) return exception(field)
    if (hasField(place, name)) return this.value(field, inside(place, name))
    const fate = obsolete(inside(place, name))
    if (fate !== undefined) {
      if (fate.was === 'read') this.report.unmanaged(field, fate.why)
      else this.report.dropped(field, fate.why)
    } else if (!(isSecretField(name) && this.report.secrets.isAt(field))) {
      const mend = 'docs/config.md lists the fields; if what it says matters, say it with one of those'
      this.report.leavesOut(field, `phx has no field "${name}" here`, mend)
    }
    return undefined
  }

  /** A value without parts, in the type that the schema wants. */
  plain(old: Old, { types }: Pick<Shape, 'types'>): unknown {
    const { value } = old
    // Lists are copied: what does not validate is taken out of the new config, never out of the old file.
    const made = typeof value === 'object' ? structuredClone(value) : converted(value, types)
    this.became(old, made)
    return this.from(old, made)
  }
}

function converted(value: unknown, types: ReadonlySet<string>): unknown {
  const takesNumbers = types.has('integer') || types.has('number')
  if (typeof value === 'number' && types.has('string') && !takesNumbers) return String(value)
  if (typeof value !== 'string' || types.has('string')) return value
  if (takesNumbers && /^\s*-?[0-9]+(\.[0-9]+)?\s*$/.test(value)) return Number(value)
  if (types.has('boolean') && /^(true|yes|on)$/i.test(value)) return true
  if (types.has('boolean') && /^(false|no|off)$/i.test(value)) return false
  return value
}

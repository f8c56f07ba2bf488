/** Comparing and showing declared and live values. */
import type { FieldChange, Value } from './resource.ts'

/** One text for one meaning: keys sorted, no blanks. Two values are the same when their texts are. */
export function canonical(value: Value): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`
  }
  return JSON.stringify(value)
}

/** Whether two values mean the same, as `canonical` would say, without writing either down: it runs for every task. */
export function isSame(one: Value, other: Value): boolean {
  if (one === other) return true
  if (one === null || other === null || typeof one !== 'object' || typeof other !== 'object') return false
  if (Array.isArray(one) || Array.isArray(other)) {
    if (!Array.isArray(one) || !Array.isArray(other) || one.length !== other.length) return false
    return one.every((item, index) => isSame(item, other[index] as Value))
  }
  const [left, right] = [one as Fields, other as Fields]
  let more = Object.keys(right).length
  for (const name in left) {
    if (!Object.hasOwn(right, name) || !isSame(left[name] as Value, right[name] as Value)) return false
    more -= 1
  }
  return more === 0
}

type Fields = { readonly [name: string]: Value }

const isFields = (value: Value | undefined): value is Fields =>
  value !== null && typeof value === 'object' && !Array.isArray(value)

/**
 * What differs between two sets of named values, down to the deepest name (`properties.compression`): a person wants to
 * read which input changed, not that "something in datasets" did.
 */
export function differences(from: Fields, to: Fields, prefix = ''): FieldChange[] {
  const names = [...new Set([...Object.keys(from), ...Object.keys(to)])].sort()
  return names.flatMap((name) => {
    const [before, after] = [from[name], to[name]]
    if (isFields(before) && isFields(after)) return differences(before, after, `${prefix}${name}.`)
    if (isSame(before ?? null, after ?? null)) return []
    return [{ field: `${prefix}${name}`, from: before ?? null, to: after ?? null }]
  })
}

/** Compares JSON answers: structure and values, with what varies from run to run taken out. */
import { counts, incidental, maskCount, maskText, volatile } from './mask.ts'

type Json = string | number | boolean | null | Json[] | { [key: string]: Json }

/** The JSON document that a stream consists of, or null when it is no JSON. */
export function jsonDocuments(text: string): Json | null {
  if (!/^\s*[{[]/.test(text)) return null
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

const isObject = (value: Json | undefined): value is { [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Of a property object `{"value", "source"}` of zfs and zpool -j only the value varies. */
const isProperty = (value: Json): value is { value: string; source: Json } =>
  isObject(value) && 'value' in value && 'source' in value

function shown(value: Json | undefined): string {
  const text = value === undefined ? '(none)' : JSON.stringify(value)
  return text.length > 160 ? `${text.slice(0, 160)}…` : text
}

export function compareJson(real: Json, ours: Json, path = ''): string[] {
  const differ = () => [`stdout ${path || '(root)'}: recorded ${shown(real)}, simulated ${shown(ours)}`]
  if (Array.isArray(real)) {
    if (!Array.isArray(ours)) return differ()
    if (real.length !== ours.length)
      return [
        `stdout ${path}: recorded ${real.length} elements ${shown(real)}, simulated ${ours.length} ${shown(ours)}`,
      ]
    return real.flatMap((each, index) => compareJson(each, ours[index] ?? null, `${path}[${index}]`))
  }
  if (!isObject(real)) return maskValue(real) === maskValue(ours) ? [] : differ()
  if (!isObject(ours)) return differ()
  const found: string[] = []
  const mine = byMaskedKey(ours)
  for (const [key, value] of Object.entries(byMaskedKey(real))) {
    const other = mine[key]
    const at = path === '' ? key : `${path}.${key}`
    if (other === undefined) found.push(`stdout ${at}: recorded ${shown(value)}, not simulated`)
    else found.push(...compareMember(key, value, other, at))
  }
  for (const key of Object.keys(mine))
    if (!(key in byMaskedKey(real))) found.push(`stdout ${path}.${key}: not recorded, simulated ${shown(mine[key])}`)
  return found
}

/** Keys can be GUIDs too (--json-pool-key-guid). */
function byMaskedKey(object: { [key: string]: Json }): { [key: string]: Json } {
  const kept = Object.entries(object).filter(([key]) => !incidental.has(key))
  return Object.fromEntries(kept.map(([key, value]) => [maskText(key), value]))
}

function compareMember(key: string, real: Json, ours: Json, path: string): string[] {
  if (volatile.has(key)) {
    if (isProperty(real) && isProperty(ours)) return compareJson(real.source, ours.source, `${path}.source`)
    return isObject(real) === isObject(ours)
      ? []
      : [`stdout ${path}: recorded ${shown(real)}, simulated ${shown(ours)}`]
  }
  if (counts.has(key) && !isObject(real) && !isObject(ours)) {
    return maskCount(String(real)) === maskCount(String(ours))
      ? []
      : [`stdout ${path}: recorded ${shown(real)}, simulated ${shown(ours)}`]
  }
  return compareJson(real, ours, path)
}

function maskValue(value: Json): Json {
  return typeof value === 'string' ? maskText(value) : value
}

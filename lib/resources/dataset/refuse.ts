/** What of a dataset can't be converged in any mode: declared and live side by side, and the way out. */
import type { DeclaredDataset } from '../../config/zfs.ts'
import type { FieldChange, Refusal } from '../../engine/resource.ts'
import type { Properties } from '../probes/ask.ts'
import { sizeText } from '../size.ts'
import { normalValue, ruleOf } from './properties.ts'

export const bytesOf = (live: Properties, property: string): number => {
  const value = Number(live.get(property)?.value ?? 0)
  return Number.isNaN(value) ? 0 : value
}

export function wrongType(id: string, declared: DeclaredDataset, live: Properties): Refusal {
  const is = live.get('type')?.value ?? 'something else'
  return {
    resource: id,
    why: `${declared.name} is a ${is}, declared as a ${declared.type}: one can't become the other`,
    fields: [{ field: 'type', from: is, to: declared.type }],
    mend: [
      `declare it as "type": "${is}"`,
      `or give it another name: zfs rename ${declared.name} ${declared.name}-old, then run phx`,
    ],
  }
}

/** Creation-only properties (`'volblocksize' is readonly`, seen: zfs.jsonl scene 78). */
export const fixedProperty = (id: string, name: string, field: FieldChange): Refusal => ({
  resource: id,
  why: `${field.field} of ${name} can't be changed after creation: declared is ${field.to}, it is ${field.from}`,
  fields: [field],
  mend: [
    `declare what it is: ${field.field}=${field.from}`,
    `or make it anew by hand: zfs rename ${name} ${name}-old, run phx, copy the data over`,
  ],
})

/** A quota below what is there (`size is less than current used or reserved space`, seen: zfs.jsonl scene 84). */
export function tightQuota(
  id: string,
  declared: DeclaredDataset,
  live: Properties,
  field: FieldChange,
): Refusal | undefined {
  const quota = Number(normalValue(field.field, String(field.to)))
  if (quota === 0 || Number.isNaN(quota)) return undefined
  const isWhole = field.field === 'quota'
  const used = bytesOf(live, isWhole ? 'used' : 'referenced')
  const name = isWhole ? 'reservation' : 'refreservation'
  const reserved = Number(normalValue(name, declared.properties[name] ?? live.get(name)?.value ?? '0'))
  const least = Math.max(used, Number.isNaN(reserved) ? 0 : reserved)
  if (quota >= least) return undefined
  const what = least === used ? `${sizeText(used)} are used` : `${sizeText(reserved)} are reserved`
  return {
    resource: id,
    why: `${field.field} of ${declared.name} can't be ${sizeText(quota)}: ${what}`,
    fields: [field],
    mend: [
      `declare a larger ${field.field}, or free space first: zfs list -o space -r ${declared.name}`,
      ...(isWhole ? [`snapshots count too: zfs list -t snapshot -r ${declared.name}`] : []),
    ],
  }
}

/** `zfs set volsize=` smaller cuts the end off without a question (seen: zfs.jsonl scene 78). */
export const shrunkVolume = (id: string, name: string, from: number, to: number): Refusal => ({
  resource: id,
  why: `volume ${name} can't shrink from ${sizeText(from)} to ${sizeText(to)}: what is beyond would be cut off`,
  fields: [{ field: 'volsize', from, to }],
  mend: [
    `declare the size that it has: ${from}`,
    `or shrink what is on it first, then by hand: zfs set volsize=${to} ${name}`,
  ],
})

export const isFixed = (field: FieldChange): boolean => ruleOf(field.field).fixed === true

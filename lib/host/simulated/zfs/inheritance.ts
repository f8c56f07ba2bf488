/** Where a property's value comes from: set here, received, inherited, or the default (zfsprops(7)). */
import type { Dataset, Pool } from '../model.ts'
import { findProperty, isUserProperty, type PropertyRow } from './property-table.ts'
import { type Lookup, parentOf } from './tree.ts'

export type Source = 'local' | 'received' | 'default' | 'temporary' | 'none' | { readonly inheritedFrom: string }

export interface Sourced {
  /** In exact form. */
  readonly value: string
  readonly source: Source
}

const own = (dataset: Dataset, name: string): Sourced | null => {
  const value = dataset.properties[name]
  if (value === undefined) return null
  return { value, source: dataset.received.includes(name) ? 'received' : 'local' }
}

/** The nearest ancestor that has it set. A snapshot inherits from the dataset it was taken of. */
function inherited(lookup: Lookup, dataset: Dataset, name: string): Sourced | null {
  for (let at = parentOf(dataset.name); at !== null; at = parentOf(at)) {
    const value = lookup(at)?.properties[name]
    if (value !== undefined) return { value, source: { inheritedFrom: at } }
  }
  return null
}

/** A native property that can be set, in its stored form (`mountpoint` without what the dataset's name adds to it). */
export function settable(lookup: Lookup, dataset: Dataset, row: PropertyRow): Sourced | null {
  const set = own(dataset, row.name)
  if (set !== null) return set
  const above = row.access === 'inherited' ? inherited(lookup, dataset, row.name) : null
  if (above !== null) return above
  return row.initial === null ? null : { value: row.initial, source: 'default' }
}

/** A user property; null when neither the dataset nor any above it has it. */
export const userProperty = (lookup: Lookup, dataset: Dataset, name: string): Sourced | null =>
  own(dataset, name) ?? inherited(lookup, dataset, name)

/** Names of all user properties that a dataset has or inherits. */
export function userPropertyNames(lookup: Lookup, dataset: Dataset): string[] {
  const names = new Set<string>()
  for (let at: string | null = dataset.name; at !== null; at = parentOf(at)) {
    for (const name of Object.keys(lookup(at)?.properties ?? {})) if (isUserProperty(name)) names.add(name)
  }
  return [...names]
}

/** The value alone of a property that every file system has. */
export function effective(lookup: Lookup, dataset: Dataset, name: string): string {
  const row = findProperty(name)
  return (row && settable(lookup, dataset, row)?.value) ?? '-'
}

/**
 * The mountpoint as `zfs get` shows it: an inherited one gets the rest of the dataset's name, and all of them the
 * pool's alternate root.
 */
export function mountpointOf(pool: Pool, lookup: Lookup, dataset: Dataset): Sourced {
  const row = findProperty('mountpoint')
  const set = (row && settable(lookup, dataset, row)) ?? { value: '/', source: 'default' }
  if (!set.value.startsWith('/')) return set
  const root = pool.altroot === null || pool.altroot === '/' ? '' : pool.altroot
  const rest = restOfName(dataset.name, set.source)
  const path = set.value === '/' && (root !== '' || rest !== '') ? '' : set.value
  return { value: `${root}${path}${rest === '' ? '' : `/${rest}`}`, source: set.source }
}

function restOfName(name: string, source: Source): string {
  if (source === 'default') return name
  return typeof source === 'object' ? name.slice(source.inheritedFrom.length + 1) : ''
}

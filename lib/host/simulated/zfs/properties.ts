/**
 * Checks of property values before anything is changed, as libzfs makes them (zfs_valid_proplist and
 * zprop_parse_value). The first fault ends it: nothing of the list is then applied.
 */

import { NotSimulated } from '../tool.ts'
import { appliesTo, findProperty, isQuotaProperty, isUserProperty, type PropertyRow } from './property-table.ts'
import { validNfsOptions } from './shares.ts'
import { niceBytes, parseSize } from './sizes.ts'

/** A property as given: name and value. */
export type Given = readonly [name: string, value: string]

export type Checked = { readonly ok: Record<string, string> } | { readonly error: string }

/** What an existing dataset adds to the checks; without it the dataset is about to be made. */
export interface Existing {
  readonly volblocksize: bigint | null
  readonly version: number
  readonly encrypted: boolean
}

/** Written for `refreservation=auto`: the caller puts the figure in. */
export const autoReservation = 'auto'

const smallestBlock = 512n
const largestEver = 16n * 1024n * 1024n
const isPowerOf2 = (value: bigint): boolean => value > 0n && (value & (value - 1n)) === 0n

/**
 * Values in the form that ZFS reads back, or the reason without its beginning `cannot create 'NAME': `.
 * Give `existing` for `zfs set`, and the largest block size of the pool where it is known.
 */
export function checkProperties(
  given: readonly Given[],
  type: 'filesystem' | 'volume' | 'snapshot',
  existing: Existing | null = null,
  largestBlock: bigint = largestEver,
): Checked {
  const ok: Record<string, string> = {}
  for (const [name, value] of given) {
    const checked = checkOne(name, value, type, existing, largestBlock)
    if ('error' in checked) return checked
    ok[checked.name] = checked.value
  }
  return withNormalization(ok)
}

/** The same for `zpool create -O`, with whole messages (scene 18). */
export function checkRootProperties(given: readonly Given[], pool: string): Checked {
  const seen = new Set<string>()
  for (const [name] of given) {
    const row = findProperty(name)
    if (row === undefined || !appliesTo(row, 'filesystem')) {
      if (!isUserProperty(name)) return { error: `property '${name}' is not a valid filesystem property\n` }
    }
    const full = row?.name ?? name
    if (seen.has(full)) return { error: `property '${name}' specified multiple times\n` }
    seen.add(full)
  }
  for (const [name, value] of given) {
    if (findProperty(name)?.name === 'mountpoint' && !/^(\/|none$|legacy$)/.test(value)) {
      return { error: `invalid mountpoint '${value}': must be an absolute path, 'legacy', or 'none'\n` }
    }
  }
  const checked = checkProperties(given, 'filesystem')
  return 'error' in checked ? { error: `cannot create '${pool}': ${checked.error}\n` } : checked
}

type One = { readonly name: string; readonly value: string } | { readonly error: string }

function checkOne(
  name: string,
  value: string,
  type: 'filesystem' | 'volume' | 'snapshot',
  on: Existing | null,
  largest: bigint,
): One {
  const row = findProperty(name)
  if (row === undefined || row.name === 'name') {
    if (isUserProperty(name)) {
      if (name.length >= 256) return { error: `property name '${name}' is too long` }
      return value.length >= 8192 ? { error: 'property value too long' } : { name, value }
    }
    if (isQuotaProperty(name)) throw new NotSimulated(`zfs property ${name}`)
    return { error: `invalid property '${name}'` }
  }
  if (type === 'snapshot') return { error: 'this property can not be modified for snapshots' }
  if (!appliesTo(row, type)) return { error: `'${name}' does not apply to datasets of this type` }
  const once = row.access === 'once' || row.access === 'once-own'
  if (row.access === 'read-only' || (once && on !== null)) return { error: `'${name}' is readonly` }
  const parsed = parseValue(row, name, value, type)
  if ('error' in parsed) return parsed
  const fault = faultOf(row, name, parsed.value, on, largest)
  return fault === null ? { name: row.name, value: parsed.value } : { error: fault }
}

function parseValue(row: PropertyRow, name: string, value: string, type: 'filesystem' | 'volume'): One {
  if (row.kind === 'string') {
    return value.length >= 4096 ? { error: `'${name}' is too long` } : { name, value }
  }
  if (row.words !== null) {
    const word = row.words.get(value)
    return word === undefined ? { error: `'${row.name}' must be one of '${row.values}'` } : { name, value: word }
  }
  const limit = row.name === 'filesystem_limit' || row.name === 'snapshot_limit'
  if (value === 'none') return { name, value: limit ? 'none' : '0' }
  if (value === 'auto') {
    if (row.name !== 'refreservation') return { error: `'auto' is invalid value for '${name}'` }
    return type === 'volume' ? { name, value: autoReservation } : { error: `'${name}=auto' only allowed on volumes` }
  }
  const parsed = parseSize(value)
  if ('error' in parsed) return parsed
  if (parsed.ok === 0n && (row.name === 'quota' || row.name === 'refquota')) {
    return { error: "use 'none' to disable quota/refquota" }
  }
  return { name, value: parsed.ok.toString() }
}

/** Rules of single properties, after their value was understood. */
function faultOf(row: PropertyRow, name: string, value: string, on: Existing | null, largest: bigint): string | null {
  switch (row.name) {
    case 'version':
      return on !== null && Number(value) < on.version ? `Can not downgrade; already at version ${on.version}` : null
    case 'volblocksize':
    case 'recordsize': {
      const bytes = BigInt(value)
      if (isPowerOf2(bytes) && bytes >= smallestBlock && bytes <= largest) return null
      return `'${name}' must be power of 2 from 512B to ${niceBytes(largest)}`
    }
    case 'special_small_blocks': {
      const bytes = BigInt(value)
      if (bytes === 0n || (isPowerOf2(bytes) && bytes >= smallestBlock && bytes <= largest)) return null
      return `invalid '${name}=${value}' property: must be zero or a power of 2 from 512B to ${niceBytes(largest)}`
    }
    case 'mlslabel':
      return 'mlslabels are unsupported'
    case 'mountpoint':
      return mountpointFault(value)
    case 'sharenfs':
      return value === 'on' || value === 'off' || validNfsOptions(value)
        ? null
        : `'${name}' cannot be set to invalid options`
    case 'sharesmb':
      return value === 'on' || value === 'off' ? null : `'${name}' cannot be set to invalid options`
    case 'keylocation':
      return keylocationFault(value, on)
    case 'pbkdf2iters':
      return BigInt(value) < 100000n ? 'minimum pbkdf2 iterations is 100000' : null
    case 'volsize':
      if (on?.volblocksize == null) return null
      if (BigInt(value) % on.volblocksize !== 0n) {
        return `'${name}' must be a multiple of volume block size (${niceBytes(on.volblocksize)})`
      }
      return value === '0' ? `'${name}' cannot be zero` : null
    case 'copies':
      return on?.encrypted === true && value === '3' ? 'encrypted datasets cannot have 3 copies' : null
    default:
      return null
  }
}

/** mountpoint_namecheck in zfs_namecheck.c. */
function mountpointFault(value: string): string | null {
  if (value === 'none' || value === 'legacy') return null
  if (!value.startsWith('/')) return "'mountpoint' must be an absolute path, 'none', or 'legacy'"
  return value.split('/').some((part) => part.length >= 256) ? "component of 'mountpoint' is too long" : null
}

function keylocationFault(value: string, on: Existing | null): string | null {
  if (!/^(none|prompt|file:\/\/\/.+|https:\/\/.+|http:\/\/.+)$/.test(value)) return 'invalid keylocation'
  if (on === null) return null
  if (!on.encrypted && value !== 'none') return "keylocation must be 'none' for unencrypted datasets"
  return on.encrypted && value === 'none' ? "keylocation must not be 'none' for encrypted datasets" : null
}

/** A normalization makes utf8only `on`, and utf8only off undoes an inherited normalization. */
function withNormalization(ok: Record<string, string>): Checked {
  const normalization = ok.normalization
  const utf8only = ok.utf8only
  if (normalization !== undefined && normalization !== 'none') {
    if (utf8only === 'off') return { error: "'utf8only' must be set 'on' if normalization chosen" }
    return { ok: { ...ok, utf8only: 'on' } }
  }
  if (normalization === undefined && utf8only === 'off') return { ok: { ...ok, normalization: 'none' } }
  return { ok }
}

/** What a property warns of although it takes the value: printed to stderr, the call goes on. */
export const warningsOf = (given: readonly Given[], hasSpecialVdev: boolean): string =>
  given
    .filter(([name]) => !hasSpecialVdev && findProperty(name)?.name === 'special_small_blocks')
    .map(([name]) => `${name}: property requires a special device in the pool\n`)
    .join('')

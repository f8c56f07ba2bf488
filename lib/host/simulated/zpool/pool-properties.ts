/** Pool properties of OpenZFS 2.3.9: the table (zpool_prop.c), what may be set (zpool_valid_proplist), what reads back. */
import type { Pool, SimState } from '../model.ts'
import { niceBytes, niceNumber, parseSize } from '../zfs/sizes.ts'
import { compatibilityFault, isFeature } from './features.ts'
import { poolState } from './health.ts'
import { allocated, fragmentation, poolSize } from './sizes.ts'
import { topLevels } from './tree.ts'

export interface PropertyRow {
  readonly name: string
  /** Heading of its column; its lower case form is accepted as a name too (`cap`, `alloc`). */
  readonly column: string
  readonly kind: 'string' | 'number' | 'index'
  /** For `zpool get bogus`, which lists them all. */
  readonly values: string
  readonly access: 'read-only' | 'settable'
}

const readOnly = (name: string, column: string, values: string): PropertyRow => ({
  name,
  column,
  kind: 'number',
  values,
  access: 'read-only',
})
const settable = (name: string, column: string, kind: PropertyRow['kind'], values: string): PropertyRow => ({
  name,
  column,
  kind,
  values,
  access: 'settable',
})

/** In the order of `zpool get all` (zfs.jsonl scene 1). */
export const poolRows: readonly PropertyRow[] = [
  readOnly('size', 'SIZE', '<size>'),
  readOnly('capacity', 'CAP', '<percent>'),
  settable('altroot', 'ALTROOT', 'string', '<path>'),
  readOnly('health', 'HEALTH', '<state>'),
  readOnly('guid', 'GUID', '<guid>'),
  settable('version', 'VERSION', 'number', '<version>'),
  settable('bootfs', 'BOOTFS', 'string', '<filesystem>'),
  settable('delegation', 'DELEGATION', 'index', 'on | off'),
  settable('autoreplace', 'REPLACE', 'index', 'on | off'),
  settable('cachefile', 'CACHEFILE', 'string', '<file> | none'),
  settable('failmode', 'FAILMODE', 'index', 'wait | continue | panic'),
  settable('listsnapshots', 'LISTSNAPS', 'index', 'on | off'),
  settable('autoexpand', 'EXPAND', 'index', 'on | off'),
  readOnly('dedupratio', 'DEDUP', '<1.00x or higher if deduped>'),
  readOnly('free', 'FREE', '<size>'),
  readOnly('allocated', 'ALLOC', '<size>'),
  settable('readonly', 'RDONLY', 'index', 'on | off'),
  settable('ashift', 'ASHIFT', 'number', '<ashift, 9-16, or 0=default>'),
  settable('comment', 'COMMENT', 'string', '<comment-string>'),
  readOnly('expandsize', 'EXPANDSZ', '<size>'),
  readOnly('freeing', 'FREEING', '<size>'),
  readOnly('fragmentation', 'FRAG', '<percent>'),
  readOnly('leaked', 'LEAKED', '<size>'),
  settable('multihost', 'MULTIHOST', 'index', 'on | off'),
  readOnly('checkpoint', 'CKPOINT', '<size>'),
  readOnly('load_guid', 'LOAD_GUID', '<load_guid>'),
  settable('autotrim', 'AUTOTRIM', 'index', 'on | off'),
  settable('compatibility', 'COMPATIBILITY', 'string', '<file[,file...]> | off | legacy'),
  readOnly('bcloneused', 'BCLONE_USED', '<size>'),
  readOnly('bclonesaved', 'BCLONE_SAVED', '<size>'),
  readOnly('bcloneratio', 'BCLONE_RATIO', '<1.00x or higher if cloned>'),
  readOnly('dedup_table_size', 'DDTSIZE', '<size>'),
  settable('dedup_table_quota', 'DDTQUOTA', 'number', '<size>'),
  readOnly('last_scrubbed_txg', 'LAST_SCRUBBED_TXG', '<txg>'),
]

export const nameRow: PropertyRow = { ...readOnly('name', 'NAME', ''), kind: 'string' }

/** By its name or the lower case form of its heading. */
export const findRow = (name: string): PropertyRow | undefined =>
  [nameRow, ...poolRows].find((row) => row.name === name || row.column.toLowerCase() === name.toLowerCase())

/** `module:name`, with small letters, digits and `:+.-_` (zfs_prop_user). */
export const isUserProperty = (name: string): boolean => name.includes(':') && /^[a-z0-9:+._-]+$/.test(name)

const defaults: Readonly<Record<string, string>> = {
  delegation: 'on',
  autoreplace: 'off',
  failmode: 'wait',
  listsnapshots: 'off',
  autoexpand: 'off',
  ashift: '0',
  multihost: 'off',
  autotrim: 'off',
  compatibility: 'off',
  dedup_table_quota: 'auto',
}

export interface Reading {
  readonly value: string
  readonly source: 'local' | 'default' | '-'
}

export function readProperty(pool: Pool, row: PropertyRow, exact: boolean): Reading {
  if (row.access === 'read-only') return { value: measured(pool, row.name, exact), source: '-' }
  switch (row.name) {
    case 'version':
      return { value: '-', source: 'default' }
    case 'readonly':
      return { value: pool.readOnly === true ? 'on' : 'off', source: '-' }
    case 'altroot':
      return pool.altroot === null ? { value: '-', source: 'default' } : { value: pool.altroot, source: 'local' }
    case 'cachefile':
      if (!pool.cachefile) return { value: 'none', source: 'local' }
  }
  const own = pool.properties[row.name]
  const asked = own ?? defaults[row.name] ?? '-'
  const isQuota = row.name === 'dedup_table_quota' && /^\d+$/.test(asked)
  const value = isQuota && !exact ? (asked === '0' ? 'none' : niceNumber(BigInt(asked))) : asked
  return {
    value: value === '' ? '-' : value,
    source: own === undefined || own === defaults[row.name] ? 'default' : 'local',
  }
}

function measured(pool: Pool, name: string, exact: boolean): string {
  const size = poolSize(pool)
  const used = allocated(pool)
  const figure = (value: number): string => (exact ? String(value) : niceNumber(BigInt(value)))
  const percent = (value: number): string => (exact ? String(value) : `${value}%`)
  switch (name) {
    case 'name':
      return pool.name
    case 'size':
      return figure(size)
    case 'allocated':
      return figure(used)
    case 'free':
      return figure(Math.max(size - used, 0))
    case 'capacity':
      return percent(size === 0 ? 0 : Math.floor((used * 100) / size))
    case 'fragmentation':
      return pool.disabledFeatures.includes('spacemap_histogram') ? '-' : percent(poolFragmentation(pool))
    case 'health':
      return poolState(pool)
    case 'guid':
      return pool.guid
    case 'load_guid':
      return pool.loadGuid ?? '0'
    case 'dedupratio':
    case 'bcloneratio':
      return exact ? '1.00' : '1.00x'
    case 'checkpoint':
      if (!pool.checkpoint) return '-'
      return exact ? '58368' : niceBytes(58368n)
    case 'expandsize':
      return '-'
    default:
      return '0'
  }
}

const poolFragmentation = (pool: Pool): number => {
  const tops = topLevels(pool).filter((top) => !pool.logs.includes(top))
  return Math.floor(tops.reduce((sum, top) => sum + fragmentation(top), 0) / Math.max(tops.length, 1))
}

/** Why a value can't be had, without the beginning `cannot … 'NAME': `; else the value as it is kept. */
export function checkProperty(
  state: SimState,
  name: string,
  value: string,
  when: 'create' | 'import' | 'later',
): { readonly ok: string } | { readonly fault: string } {
  const fault = (text: string) => ({ fault: text })
  if (name.startsWith('feature@')) return checkFeature(name, value, when)
  if (isUserProperty(name) && findRow(name) === undefined) return { ok: value }
  const row = findRow(name)
  if (row === undefined || row === nameRow) return fault(`invalid property '${name}'`)
  if (row.access === 'read-only') return fault(`'${name}' is readonly`)
  if (row.kind === 'index' && !row.values.split(' | ').includes(value)) {
    return fault(`'${name}' must be one of '${row.values === 'on | off' ? 'on | off' : row.values}'`)
  }
  if (row.kind === 'number') return checkNumber(row, name, value)
  switch (row.name) {
    case 'altroot':
      if (when === 'later') return fault(`property '${name}' can only be set during pool creation or import`)
      return value.startsWith('/') ? { ok: value } : fault(`bad alternate root '${value}'`)
    case 'bootfs':
      if (when !== 'later') return fault(`property '${name}' cannot be set at creation or import time`)
      return { ok: value }
    case 'cachefile':
      if (value === '' || value === 'none') return { ok: value }
      if (!value.startsWith('/')) return fault(`property '${name}' must be empty, an absolute path, or 'none'`)
      return folderFault(state, value) ?? { ok: value }
    case 'compatibility': {
      const unknown = compatibilityFault(value)
      return unknown === null ? { ok: value } : fault(unknown)
    }
    case 'comment':
      if (/[^ -~]/.test(value)) return fault('comment may only have printable characters')
      return value.length > 32 ? fault('comment must not exceed 32 characters') : { ok: value }
    case 'readonly':
      return when === 'import' ? { ok: value } : fault(`property '${name}' can only be set at import time`)
    default:
      return { ok: value }
  }
}

function checkFeature(name: string, value: string, when: 'create' | 'import' | 'later') {
  const feature = name.slice('feature@'.length)
  if (!isFeature(feature)) return { fault: `feature '${feature}' unsupported by kernel` }
  if (value !== 'enabled' && value !== 'disabled') {
    return { fault: `property '${name}' can only be set to 'enabled' or 'disabled'` }
  }
  if (when !== 'create' && value === 'disabled') {
    return { fault: `property '${name}' can only be set to 'disabled' at creation time` }
  }
  return { ok: value }
}

function checkNumber(row: PropertyRow, name: string, value: string) {
  if (row.name === 'dedup_table_quota' && (value === 'auto' || value === 'none')) {
    return { ok: value === 'none' ? '0' : 'auto' }
  }
  const parsed = parseSize(value)
  if ('error' in parsed) return { fault: parsed.error }
  const number = Number(parsed.ok)
  if (row.name === 'ashift' && number !== 0 && (number < 9 || number > 16)) {
    return { fault: `property '${name}' number ${number} is invalid, only values between 9 and 16 are allowed.` }
  }
  if (row.name === 'version' && number !== 5000) return { fault: `property '${name}' number ${number} is invalid.` }
  return { ok: String(number) }
}

function folderFault(state: SimState, path: string) {
  const folder = path.slice(0, path.lastIndexOf('/'))
  if (folder === '' || state.files[folder]?.type === 'dir') return null
  return { fault: `'${folder}' is not a valid directory` }
}

/** What follows `zpool get bogus`: every property, read-only ones first, each group by name (zfs.jsonl scene 41). */
export function propertyTable(): string {
  const byName = (a: PropertyRow, b: PropertyRow): number => (a.name < b.name ? -1 : 1)
  const rows = [
    ...poolRows.filter((row) => row.access === 'read-only').sort(byName),
    ...poolRows.filter((row) => row.access === 'settable').sort(byName),
  ]
  const line = (name: string, edit: string, values: string): string => `\t${name.padEnd(19)}  ${edit}   ${values}\n`
  return (
    `\nthe following properties are supported:\n\n${line('PROPERTY', 'EDIT', 'VALUES')}\n` +
    rows.map((row) => line(row.name, row.access === 'read-only' ? '  NO' : ' YES', row.values)).join('') +
    `\t${'feature@...'.padEnd(19)}   YES   disabled | enabled | active\n` +
    '\nThe feature@ properties must be appended with a feature name.\nSee zpool-features(7).\n'
  )
}

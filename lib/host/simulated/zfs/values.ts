/** The value that `zfs get` and `zfs list` show for any property of any dataset, exact or for people. */
import type { Dataset, Mount, Pool, SimState } from '../model.ts'
import { mountpointOf, type Source, type Sourced, settable } from './inheritance.ts'
import { appliesTo, type PropertyRow } from './property-table.ts'
import { niceBytes, niceNumber } from './sizes.ts'
import { referenced, type Space, snapshotUsed, spaceOf } from './space.ts'
import { clonesOf, type Lookup, lookupIn, parentOf, snapshotsOf } from './tree.ts'

/** What the values of one pool's datasets are computed from, gathered once a call. */
export interface View {
  readonly pool: Pool
  readonly lookup: Lookup
  readonly spaces: ReadonlyMap<string, Space>
  /** By dataset; the last when there are several. */
  readonly mounts: ReadonlyMap<string, Mount>
}

export function viewOf(state: SimState, pool: Pool): View {
  const mounts = new Map(state.mounts.filter(({ fstype }) => fstype === 'zfs').map((mount) => [mount.source, mount]))
  return { pool, lookup: lookupIn(pool), spaces: spaceOf(pool), mounts }
}

/** A value in exact form, or null when there is none: `-`, or left out of `all`. */
export function propertyOf(view: View, dataset: Dataset, row: PropertyRow): Sourced | null {
  if (!appliesTo(row, dataset.type)) return null
  if (dataset.type === 'snapshot' && !appliesToHead(view, dataset, row)) return null
  switch (row.access) {
    case 'read-only':
      return readOnly(view, dataset, row)
    case 'once':
    case 'once-own':
      return fixed(view, dataset, row)
    default:
      return changeable(view, dataset, row)
  }
}

/** A snapshot of a volume has no file system's properties, and the other way round. */
function appliesToHead(view: View, snapshot: Dataset, row: PropertyRow): boolean {
  const head = view.lookup(parentOf(snapshot.name) ?? '')
  if (head === undefined || row.types === 's' || row.types === 'sb') return true
  return appliesTo(row, head.type)
}

function changeable(view: View, dataset: Dataset, row: PropertyRow): Sourced | null {
  if (row.name === 'mountpoint') return mountpointOf(view.pool, view.lookup, dataset)
  if (row.name === 'version') return { value: dataset.properties.version ?? '5', source: 'none' }
  const found = settable(view.lookup, dataset, row)
  if (found === null || dataset.type !== 'filesystem') return found
  const mount = view.mounts.get(dataset.name)
  return mount === undefined ? found : temporary(row.name, found, mount)
}

/** Words in the mount's options that say otherwise than the property: set by `mount -o remount` (scene 88). */
const mountWords: Readonly<Record<string, readonly [on: string, off: string]>> = {
  atime: ['atime', 'noatime'],
  relatime: ['relatime', 'norelatime'],
  devices: ['dev', 'nodev'],
  exec: ['exec', 'noexec'],
  readonly: ['ro', 'rw'],
  setuid: ['suid', 'nosuid'],
  xattr: ['xattr', 'noxattr'],
  nbmand: ['nbmand', 'nonbmand'],
}

function temporary(name: string, found: Sourced, mount: Mount): Sourced {
  const words = mountWords[name]
  if (words === undefined) return found
  const options = mount.options.split(',')
  if (options.includes(words[0]) && found.value === 'off') return { value: 'on', source: 'temporary' }
  if (options.includes(words[1]) && found.value !== 'off') return { value: 'off', source: 'temporary' }
  return found
}

/** Chosen when the dataset was made. Source `default` where that is told apart, else none. */
function fixed(view: View, dataset: Dataset, row: PropertyRow): Sourced {
  const holder = dataset.type === 'snapshot' ? view.lookup(parentOf(dataset.name) ?? '') : dataset
  const value = holder?.onetime[row.name] ?? row.initial ?? '-'
  const told = ['volblocksize', 'keyformat', 'pbkdf2iters', 'encryption'].includes(row.name)
  return { value, source: told && value === row.initial ? 'default' : 'none' }
}

const none = (value: string | number | null): Sourced | null =>
  value === null ? null : { value: String(value), source: 'none' }

function readOnly(view: View, dataset: Dataset, row: PropertyRow): Sourced | null {
  const space = view.spaces.get(dataset.name)
  const bytes = referenced(view.pool, dataset)
  switch (row.name) {
    case 'name':
      return none(dataset.name)
    case 'type':
      return none(dataset.type)
    case 'creation':
      return none(dataset.creation)
    case 'createtxg':
      return none(dataset.createtxg)
    case 'guid':
      return none(dataset.guid)
    case 'objsetid':
      return none(53 + dataset.createtxg)
    case 'used':
      return none(dataset.type === 'snapshot' ? snapshotUsed(view.pool, dataset) : (space?.used ?? null))
    case 'available':
      return none(space?.available ?? null)
    case 'referenced':
      return none(bytes)
    case 'usedbysnapshots':
      return none(space?.bySnapshots ?? null)
    case 'usedbydataset':
      return none(space?.byDataset ?? null)
    case 'usedbychildren':
      return none(space?.byChildren ?? null)
    case 'usedbyrefreservation':
      return none(space?.byRefreservation ?? null)
    case 'compressratio':
    case 'refcompressratio':
      return none('1.00')
    case 'written':
      return none(bytes)
    case 'logicalused':
    case 'logicalreferenced':
      return none(Math.floor(bytes / 2))
    case 'mounted':
      return none(view.mounts.has(dataset.name) ? 'yes' : 'no')
    case 'origin':
      return none(dataset.origin)
    case 'clones': {
      const clones = clonesOf(view.pool, dataset.name)
      return clones.length === 0 ? null : none(clones.map(({ name }) => name).join(','))
    }
    case 'defer_destroy':
      return none(dataset.properties.defer_destroy === 'on' ? 'on' : 'off')
    case 'userrefs':
      return none(dataset.holds.length)
    case 'filesystem_count':
    case 'snapshot_count':
      return counted(view, dataset, row)
    case 'encryptionroot':
      return none(headOf(view, dataset).onetime.encryptionroot ?? null)
    case 'keystatus': {
      const head = headOf(view, dataset)
      if (head.onetime.encryptionroot === undefined) return null
      return none(head.keyLoaded ? 'available' : 'unavailable')
    }
    case 'snapshots_changed': {
      const made = snapshotsOf(view.pool, dataset.name).map(({ creation }) => creation)
      return made.length === 0 ? null : none(Math.max(...made))
    }
    default:
      return null // receive_resume_token, redact_snaps: nothing to say here
  }
}

const headOf = (view: View, dataset: Dataset): Dataset =>
  dataset.type === 'snapshot' ? (view.lookup(parentOf(dataset.name) ?? '') ?? dataset) : dataset

/** Counts are kept only where a limit is set, here or above. */
function counted(view: View, dataset: Dataset, row: PropertyRow): Sourced {
  const limit = row.name === 'filesystem_count' ? 'filesystem_limit' : 'snapshot_limit'
  let limited = false
  for (let at: string | null = dataset.name; at !== null; at = parentOf(at)) {
    if ((view.lookup(at)?.properties[limit] ?? 'none') !== 'none') limited = true
  }
  if (!limited) return { value: 'none', source: 'default' }
  const below = view.pool.datasets.filter(({ name, type }) =>
    row.name === 'filesystem_count'
      ? name.startsWith(`${dataset.name}/`) && (type === 'filesystem' || type === 'volume')
      : type === 'snapshot' && (name.startsWith(`${dataset.name}/`) || name.startsWith(`${dataset.name}@`)),
  )
  return { value: String(below.length), source: 'local' }
}

const zeroIsNone = new Set(['quota', 'refquota', 'reservation', 'refreservation'])
const sizesInBytes = new Set([
  ...['quota', 'refquota', 'reservation', 'refreservation', 'used', 'available', 'referenced'],
  ...['usedbysnapshots', 'usedbydataset', 'usedbychildren', 'usedbyrefreservation'],
])
const unscaled = new Set(['guid', 'createtxg', 'objsetid', 'pbkdf2iters'])

/** The form for people, unless -p asked for the exact one. */
export function shown(row: PropertyRow, value: string, exact: boolean): string {
  if (exact) return value
  if (row.name === 'creation') return dateOf(Number(value))
  if (row.name === 'snapshots_changed') return dateOf(Number(value), true)
  if (row.name === 'compressratio' || row.name === 'refcompressratio') return `${value}x`
  if (row.kind !== 'number' || unscaled.has(row.name) || !/^\d+$/.test(value)) return value
  if (zeroIsNone.has(row.name) && value === '0') return 'none'
  return sizesInBytes.has(row.name) ? niceBytes(BigInt(value)) : niceNumber(BigInt(value))
}

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `%a %b %e %k:%M %Y` in UTC: `Sat Nov 21  6:54 2026`. */
export function dateOf(unix: number, withSeconds = false): string {
  const date = new Date(unix * 1000)
  const two = (value: number): string => String(value).padStart(2, '0')
  const hour = String(date.getUTCHours()).padStart(2)
  const clock = `${hour}:${two(date.getUTCMinutes())}${withSeconds ? `:${two(date.getUTCSeconds())}` : ''}`
  const day = String(date.getUTCDate()).padStart(2)
  return `${days[date.getUTCDay()]} ${months[date.getUTCMonth()]} ${day} ${clock} ${date.getUTCFullYear()}`
}

export const sourceText = (source: Source): string =>
  typeof source === 'object' ? `inherited from ${source.inheritedFrom}` : source === 'none' ? '-' : source

/** As JSON has it. */
export const sourceObject = (source: Source): { type: string; data: string } =>
  typeof source === 'object'
    ? { type: 'INHERITED', data: source.inheritedFrom }
    : { type: source.toUpperCase(), data: '-' }

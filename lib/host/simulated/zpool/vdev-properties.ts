/** Properties of vdevs (vdevprops(7)): what `zpool get P POOL VDEV` reads and `zpool set` takes. */
import type { Pool, Vdev } from '../model.ts'
import { niceNumber } from '../zfs/sizes.ts'
import { isUserProperty, type Reading } from './pool-properties.ts'
import { allocatedIn, fragmentation, rawSpace, spaceOf } from './sizes.ts'
import { findVdev, isLeaf, parity } from './tree.ts'

/** In the order of `zpool get all POOL VDEV` (zfs.jsonl scene 109). */
export const vdevPropertyNames = [
  'capacity',
  'state',
  'guid',
  'asize',
  'psize',
  'ashift',
  'size',
  'free',
  'allocated',
  'comment',
  'expandsize',
  'fragmentation',
  'bootsize',
  'parity',
  'path',
  'devid',
  'physpath',
  'encpath',
  'fru',
  'parent',
  'children',
  'numchildren',
  'read_errors',
  'write_errors',
  'checksum_errors',
  'initialize_errors',
  'null_ops',
  'read_ops',
  'write_ops',
  'free_ops',
  'claim_ops',
  'trim_ops',
  'null_bytes',
  'read_bytes',
  'write_bytes',
  'free_bytes',
  'claim_bytes',
  'trim_bytes',
  'removing',
  'allocating',
  'failfast',
  'checksum_n',
  'checksum_t',
  'io_n',
  'io_t',
  'slow_io_n',
  'slow_io_t',
  'trim_support',
  'trim_errors',
  'slow_ios',
] as const

const settable = [
  'comment',
  'allocating',
  'failfast',
  'checksum_n',
  'checksum_t',
  'io_n',
  'io_t',
  'slow_io_n',
  'slow_io_t',
]
const onOff = ['allocating', 'failfast']
const defaults: Readonly<Record<string, string>> = { allocating: 'on', failfast: 'on', bootsize: '0' }
const withoutValue = ['devid', 'physpath', 'encpath', 'fru']

export const isVdevProperty = (name: string): boolean =>
  (vdevPropertyNames as readonly string[]).includes(name) || isUserProperty(name)

/** Why it can't be set, or null. */
export function vdevPropertyFault(name: string, value: string): string | null {
  if (!isVdevProperty(name)) return `invalid property: '${name}'`
  if (isUserProperty(name)) return null
  if (!settable.includes(name)) return `'${name}' is readonly`
  if (onOff.includes(name) && value !== 'on' && value !== 'off') return `'${name}' must be one of 'on | off'`
  return null
}

const numbers: Readonly<Record<string, number>> = { OFFLINE: 2, REMOVED: 3, UNAVAIL: 4, FAULTED: 5, DEGRADED: 6 }

export function readVdevProperty(pool: Pool, vdev: Vdev, name: string, exact: boolean): Reading | undefined {
  const own = vdev.properties?.[name]
  if (own !== undefined) return { value: own, source: 'local' }
  if (isUserProperty(name)) return undefined
  if (name === 'path') return vdev.path === null ? { value: '-', source: 'default' } : { value: vdev.path, source: '-' }
  if (settable.includes(name) || withoutValue.includes(name) || name in defaults) {
    return { value: defaults[name] ?? '-', source: 'default' }
  }
  return { value: measured(pool, vdev, name, exact), source: '-' }
}

function measured(pool: Pool, vdev: Vdev, name: string, exact: boolean): string {
  const figure = (value: number): string => (exact ? String(value) : niceNumber(BigInt(value)))
  const isTop = vdev.asize !== undefined
  const space = isTop ? spaceOf(vdev) : 0
  const used = isTop ? allocatedIn(pool, vdev) : 0
  switch (name) {
    case 'capacity':
      return exact ? '0' : '0%'
    case 'state':
      return exact ? String(numbers[vdev.state] ?? 7) : vdev.state
    case 'guid':
      return vdev.guid
    case 'asize':
      return figure(rawSpace(vdev))
    case 'psize':
      return figure(isLeaf(vdev) ? (vdev.size ?? 0) : 0)
    case 'ashift':
      return String(vdev.ashift)
    case 'size':
      return figure(space)
    case 'free':
      return figure(space - used)
    case 'allocated':
      return figure(used)
    case 'expandsize':
      return '-'
    case 'fragmentation':
      return isTop ? `${fragmentation(vdev)}%` : '-'
    case 'parity':
      return String(parity(vdev))
    case 'parent':
      return findVdev(pool, vdev.guid)?.parent?.name ?? pool.name
    case 'children':
      return vdev.children.map((child) => child.path ?? child.name).join(',') || '-'
    case 'numchildren':
      return String(vdev.children.length)
    case 'read_errors':
      return String(vdev.readErrors)
    case 'write_errors':
      return String(vdev.writeErrors)
    case 'checksum_errors':
      return String(vdev.checksumErrors)
    case 'removing':
      return 'off'
    case 'trim_support':
      return isLeaf(vdev) ? 'on' : '-'
    default:
      return '0'
  }
}

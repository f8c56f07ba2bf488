/**
 * Every imported pool as `zpool status -j` shows it. Not with -P: a member's short name against its path tells whether
 * ZFS was given the whole disk or a partition (seen: zfs.jsonl scenes 37 and 38). No pool at all is `{"pools":{}}`,
 * rc 0 (scene 12); anything else that isn't a list of pools is "cannot look".
 */
import { CannotLook } from '../../engine/cannot-look.ts'
import type { Probe } from '../../engine/resource.ts'
import { askJson } from './ask.ts'

export type Role = 'data' | 'log' | 'cache' | 'special' | 'spare' | 'dedup'

/** A disk, partition or file that a pool is made of. */
export interface Leaf {
  /** As `zpool status` prints it: a short name, or the GUID of a member that isn't there. */
  readonly name: string
  readonly guid: string
  readonly path: string | null
  /** The by-id name that ZFS recorded itself, with its partition. */
  readonly devid: string | null
  readonly state: string
  /** Reads, writes and checksums that failed since the last `zpool clear`. */
  readonly failed: { readonly reads: number; readonly writes: number; readonly checksums: number }
  /** True when ZFS partitioned a whole disk for itself, so that the path ends in part1 though the disk was named. */
  readonly wholeDisk: boolean
  /** The disk that is being replaced by this one, while that lasts. */
  readonly replaces: Leaf | null
}

export interface Vdev {
  /** Null for a pool that is not imported: `zpool import` does not tell. */
  readonly guid: string | null
  readonly role: Role
  readonly name: string
  /** `disk`, `mirror`, `raidz1`, … */
  readonly type: string
  readonly state: string
  readonly leaves: readonly Leaf[]
}

export interface LivePool {
  readonly name: string
  readonly guid: string
  /** `ONLINE`, `DEGRADED`, `SUSPENDED`, …; vdevs of a suspended pool may all read ONLINE (seen: zfs.jsonl scene 68). */
  readonly state: string
  /** What ZFS says is wrong, in one line; null when nothing is. */
  readonly status: string | null
  readonly errors: number
  readonly vdevs: readonly Vdev[]
}

interface StatusVdev {
  readonly name: string
  readonly vdev_type: string
  readonly guid: string
  readonly state: string
  readonly class?: string
  readonly path?: string
  readonly devid?: string
  readonly was?: string
  readonly read_errors?: string
  readonly write_errors?: string
  readonly checksum_errors?: string
  readonly vdevs?: Readonly<Record<string, StatusVdev>>
}

interface StatusPool {
  readonly name: string
  readonly state: string
  readonly pool_guid: string
  readonly status?: string
  readonly error_count?: string
  readonly vdevs?: Readonly<Record<string, StatusVdev>>
  readonly logs?: Readonly<Record<string, StatusVdev>>
  readonly special?: Readonly<Record<string, StatusVdev>>
  readonly dedup?: Readonly<Record<string, StatusVdev>>
  readonly l2cache?: Readonly<Record<string, StatusVdev>>
  readonly spares?: Readonly<Record<string, StatusVdev>>
}

const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

/**
 * A whole disk's name is its path's without the partition that ZFS made. A member that isn't there reads as its GUID,
 * `name` then tells nothing, and ZFS makes partition 1 of whole disks (part9 beside it).
 */
function isWholeDisk(vdev: StatusVdev, path: string | null): boolean {
  if (path === null) return false
  const base = baseName(path)
  return vdev.name === vdev.guid ? /-part1$/.test(base) : vdev.name !== base
}

/** Without -p a count above 999 reads `1.05K` (zpool-status(8)); that there are some is what matters. */
const errorCount = (text: string | undefined): number => Math.ceil(Number.parseFloat(text ?? '0')) || 0

function leafOf(vdev: StatusVdev): Leaf {
  const path = vdev.path ?? vdev.was ?? null
  return {
    name: vdev.name,
    guid: vdev.guid,
    path,
    devid: vdev.devid ?? null,
    state: vdev.state,
    failed: {
      reads: errorCount(vdev.read_errors),
      writes: errorCount(vdev.write_errors),
      checksums: errorCount(vdev.checksum_errors),
    },
    wholeDisk: isWholeDisk(vdev, path),
    replaces: null,
  }
}

/**
 * Members of a vdev. `spare-0` stands for the disk that the spare steps in for, the spare itself being listed among the
 * spares too (seen: zfs.jsonl scene 62); `replacing-0` for the new disk, which takes over from the old one.
 */
function leavesOf(vdev: StatusVdev): Leaf[] {
  const children = Object.values(vdev.vdevs ?? {})
  if (children.length === 0) return [leafOf(vdev)]
  if (vdev.vdev_type === 'spare') return children.slice(0, 1).flatMap(leavesOf)
  if (vdev.vdev_type === 'replacing') {
    const [old, ...rest] = children.flatMap(leavesOf)
    return rest.slice(-1).map((leaf) => ({ ...leaf, replaces: old ?? null }))
  }
  return children.flatMap(leavesOf)
}

/** `raidz` is the type of every parity; the name has it: raidz1-0 (seen: zfs.jsonl scene 4). */
const typeOf = (vdev: StatusVdev): string =>
  vdev.vdev_type === 'raidz' || vdev.vdev_type === 'draid' ? vdev.name.replace(/-\d+$/, '') : vdev.vdev_type

/** What `zpool remove` leaves behind, which holds no disk. */
const isShadow = (vdev: StatusVdev): boolean => vdev.vdev_type === 'indirect' || vdev.vdev_type === 'hole'

function vdevsOf(role: Role, vdevs: Readonly<Record<string, StatusVdev>> | undefined): Vdev[] {
  return Object.values(vdevs ?? {})
    .filter((vdev) => !isShadow(vdev))
    .map((vdev) => ({
      guid: vdev.guid,
      role,
      name: vdev.name,
      type: vdev.vdev_type === 'spare' || vdev.vdev_type === 'replacing' ? 'disk' : typeOf(vdev),
      state: vdev.state,
      leaves: leavesOf(vdev),
    }))
}

function poolOf(pool: StatusPool): LivePool {
  return {
    name: pool.name,
    guid: pool.pool_guid,
    state: pool.state,
    status: pool.status?.trim().replace(/\s*\n\s*/g, ' ') ?? null,
    errors: Number(pool.error_count ?? 0),
    vdevs: [
      ...Object.values(pool.vdevs ?? {}).flatMap((root) => vdevsOf('data', root.vdevs)),
      ...vdevsOf('special', pool.special),
      ...vdevsOf('dedup', pool.dedup),
      ...vdevsOf('log', pool.logs),
      ...vdevsOf('cache', pool.l2cache),
      ...vdevsOf('spare', pool.spares),
    ],
  }
}

const isPoolList = (answer: unknown): answer is { pools: Readonly<Record<string, StatusPool>> } =>
  typeof answer === 'object' && answer !== null && 'pools' in answer && typeof answer.pools === 'object'

export type Pools = ReadonlyMap<string, LivePool>

export function parsePools(answer: unknown): Pools | undefined {
  if (!isPoolList(answer)) return undefined
  return new Map(Object.values(answer.pools).map((pool) => [pool.name, poolOf(pool)]))
}

export const poolsProbe: Probe<Pools> = {
  id: 'zpool status',
  async read({ reader }) {
    const argv = ['zpool', 'status', '-j']
    const pools = parsePools(await askJson(reader, argv, 'read the pools'))
    if (!pools)
      throw new CannotLook('can\'t read the pools: zpool status -j printed JSON without "pools"', [
        `look at what it prints: ${argv.join(' ')}`,
      ])
    return pools
  },
}

/** The tree of a pool's vdevs: walking it, finding a vdev by any name that zpool takes, and the names that it shows. */
import { findDevice } from '../devices.ts'
import type { Pool, SimState, Vdev } from '../model.ts'

/** Where a vdev stands in its pool. */
export type Place = 'data' | 'dedup' | 'special' | 'logs' | 'cache' | 'spares'
export const topPlaces = ['data', 'dedup', 'special', 'logs'] as const satisfies readonly Place[]

export const isLeaf = (vdev: Vdev): boolean => vdev.type === 'disk' || vdev.type === 'file'
export const parity = (vdev: Vdev): number => (vdev.type.startsWith('raidz') ? Number(vdev.type.slice(5)) : 0)
/** As nvlists have it: raidz is one type, its parity another value. */
export const kernelType = (vdev: Vdev): string => (parity(vdev) > 0 ? 'raidz' : vdev.type)

/** Top-level vdevs of every class, in the order of their numbers. */
export const topLevels = (pool: Pool): Vdev[] =>
  topPlaces.flatMap((place) => pool[place]).sort((a, b) => (a.id ?? 0) - (b.id ?? 0))

export const leavesOf = (vdev: Vdev): Vdev[] => (isLeaf(vdev) ? [vdev] : vdev.children.flatMap(leavesOf))

/** Every leaf once: a spare at work stands in the tree and among the spares. */
export function allLeaves(pool: Pool): Vdev[] {
  const leaves = [...topLevels(pool).flatMap(leavesOf), ...pool.cache, ...pool.spares]
  return leaves.filter((leaf, index) => leaves.findIndex((other) => other.guid === leaf.guid) === index)
}

/** A vdev in the place of a top-level one: it takes over the number and the size. */
export const inPlaceOf = (top: Vdev, vdev: Vdev): Vdev => ({
  ...vdev,
  ...(top.id === undefined ? {} : { id: top.id }),
  ...(top.asize === undefined ? {} : { asize: top.asize }),
  ...(top.metaslabShift === undefined ? {} : { metaslabShift: top.metaslabShift }),
})

/** The lowest number that no top-level vdev has; holes left by removed ones are filled (vdev_add_child). */
export function nextTopId(pool: Pool): number {
  const taken = new Set(topLevels(pool).map((top) => top.id))
  let id = 0
  while (taken.has(id)) id++
  return id
}

export interface Found {
  readonly vdev: Vdev
  readonly place: Place
  /** Null for a top-level vdev, a spare or a cache device. */
  readonly parent: Vdev | null
  /** The top-level vdev that it belongs to, itself perhaps. */
  readonly top: Vdev
}

/**
 * A vdev by GUID, by a name such as `mirror-0`, by the path that zpool status shows or its last part. Another alias of
 * the same disk is not found (zfs.jsonl scene 56), nor is the partition of a whole disk.
 */
export function findVdev(pool: Pool, name: string): Found | undefined {
  const matches = (vdev: Vdev): boolean =>
    /^\d+$/.test(name)
      ? vdev.guid === name
      : isLeaf(vdev)
        ? pathMatches(vdev, name)
        : vdev.name === name || (parity(vdev) > 0 && vdev.name.replace(/^raidz\d/, 'raidz') === name)
  for (const place of [...topPlaces, 'spares', 'cache'] as const) {
    for (const top of pool[place]) {
      const found = search(top, null, matches)
      if (found !== undefined) return { ...found, place, top }
    }
  }
  return undefined
}

function search(
  vdev: Vdev,
  parent: Vdev | null,
  matches: (vdev: Vdev) => boolean,
): { vdev: Vdev; parent: Vdev | null } | undefined {
  if (matches(vdev)) return { vdev, parent }
  for (const child of vdev.children) {
    const found = search(child, vdev, matches)
    if (found !== undefined) return found
  }
  return undefined
}

/** Folders in which zpool looks for a name without one (zpool_default_search_paths). */
export const searchFolders = [
  '/dev/disk/by-vdev',
  '/dev/mapper',
  '/dev/disk/by-partlabel',
  '/dev/disk/by-partuuid',
  '/dev/disk/by-label',
  '/dev/disk/by-uuid',
  '/dev/disk/by-id',
  '/dev/disk/by-path',
  '/dev',
]

function pathMatches(leaf: Vdev, name: string): boolean {
  const candidates = name.startsWith('/') ? [name] : searchFolders.map((folder) => `${folder}/${name}`)
  return candidates.some((path) => leaf.path === (leaf.wholeDisk ? firstPartition(path) : path))
}

/** The path of the partition that ZFS makes on a whole disk: `-part1` below /dev/disk, `1` or `p1` elsewhere. */
export function firstPartition(path: string): string {
  if (path.startsWith('/dev/disk/') || path.startsWith('/dev/zvol/')) return `${path}-part1`
  return /\d$/.test(path) ? `${path}p1` : `${path}1`
}

export interface NameStyle {
  /** -P: the full path, with the partition. */
  readonly path?: boolean
  /** -L: links resolved. */
  readonly links?: boolean
  /** -g: GUIDs. */
  readonly guid?: boolean
}

/** What zpool calls a vdev (zpool_vdev_name). */
export function shownName(state: SimState, vdev: Vdev, style: NameStyle = {}): string {
  if (vdev.notPresent === true || style.guid === true) return vdev.guid
  if (vdev.path === null) return vdev.name
  const path = style.links === true ? (findDevice(state, vdev.path)?.node ?? vdev.path) : vdev.path
  if (style.path === true) return path
  return vdev.wholeDisk ? withoutPartition(shortPath(path)) : shortPath(path)
}

/** Without the folder that zpool would look in anyway (zfs_strip_path): `zvol/tank/v` keeps its own. */
export function shortPath(path: string): string {
  const folder = searchFolders.find((each) => path.startsWith(`${each}/`))
  return folder === undefined ? path : path.slice(folder.length + 1)
}

/** `X-part1` is X, `nvme0n1p1` is nvme0n1, `sda1` is sda (zfs_strip_partition). */
export function withoutPartition(name: string): string {
  const byLink = /^(.+)-part\d+$/.exec(name)
  if (byLink?.[1] !== undefined) return byLink[1]
  const afterDigit = /^(.*\d)p\d+$/.exec(name)
  if (afterDigit?.[1] !== undefined) return afterDigit[1]
  const classic = /^((?:.*\/)?(?:hd|sd|vd|xvd)[a-z]+)\d+$/.exec(name)
  return classic?.[1] ?? name
}

/** Width of the name column: names with their indentation, all classes, spares and caches included (max_width). */
export function nameWidth(state: SimState, pool: Pool, style: NameStyle, least: number): number {
  const width = (vdev: Vdev, depth: number): number =>
    Math.max(shownName(state, vdev, style).length + depth, ...vdev.children.map((child) => width(child, depth + 2)))
  const tops = [...topLevels(pool), ...pool.cache, ...pool.spares]
  return Math.max(least, pool.name.length, ...tops.map((top) => width(top, 2)))
}

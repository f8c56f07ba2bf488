/**
 * Pools that could be imported: what the labels on the disks add up to (zutil_import.c), and the states that the members
 * would have (spa_tryimport).
 */
import { allDevices, type BlockDevice, findDevice, links } from '../devices.ts'
import type { Label, Pool, SimState, Vdev } from '../model.ts'
import { settlePool } from './health.ts'
import { blkidType } from './in-use.ts'
import { importedPools, readableLabel } from './labels.ts'
import { leavesOf, topLevels } from './tree.ts'

export interface Candidate {
  /** The pool as it would be: a copy, with paths where its members were found. */
  readonly pool: Pool
  /** What the newest label says. */
  readonly says: 'active' | 'exported' | 'destroyed'
  readonly at: number
  readonly host: { readonly id: string; readonly name: string } | null
  /** It was in use on another host and never exported: only -f imports it. */
  readonly otherHost: boolean
}

interface Sighting {
  readonly label: Label
  readonly device: BlockDevice
  /** Names to choose from; the one that the pool knows already is kept. */
  readonly paths: readonly string[]
}

/** `where` as given with -d: folders or devices; null for every device. */
export function findCandidates(state: SimState, where: readonly string[] | null): Candidate[] {
  const imported = new Set(importedPools(state).map((pool) => pool.guid))
  const sightings = look(state, where)
  const guids = [...new Set(sightings.filter(({ label }) => label.role === 'data').map(({ label }) => label.poolGuid))]
  return guids.flatMap((guid) => {
    const known = state.pools.find((pool) => pool.guid === guid)
    if (known === undefined || imported.has(guid)) return []
    const candidate = candidateOf(state, known, sightings)
    return candidate === null ? [] : [candidate]
  })
}

/** Every readable label, disk by disk. A disk may be named by several links: zpool takes the last in the alphabet. */
function look(state: SimState, where: readonly string[] | null): Sighting[] {
  const named = links(state)
  const order = (device: BlockDevice): number =>
    device.disk === null ? state.disks.length : state.disks.indexOf(device.disk)
  const devices = allDevices(state).sort((a, b) => order(a) - order(b))
  return devices.flatMap((device) => {
    const label = readableLabel(device)
    if (label === null || label.state === 'detached') return []
    // Without -d zpool asks libblkid which devices to open, and that is silent on two kinds of signature (disks.jsonl scene 28).
    if (where === null && blkidType(device.content) !== 'zfs_member') return []
    const linked = [...named].filter(([, node]) => node === device.node).map(([link]) => link)
    const paths = where === null ? [...linked, device.node] : namesIn(state, where, device, [...linked, device.node])
    return paths.length === 0 ? [] : [{ label, device, paths }]
  })
}

function namesIn(state: SimState, where: readonly string[], device: BlockDevice, names: readonly string[]): string[] {
  return where.flatMap((place) => {
    const folder = place.replace(/\/+$/, '')
    const single = findDevice(state, place)
    if (single !== undefined) return single.node === device.node ? [place] : []
    return names.filter((name) => name.slice(0, name.lastIndexOf('/')) === folder)
  })
}

function candidateOf(state: SimState, known: Pool, sightings: readonly Sighting[]): Candidate | null {
  const own = sightings.filter(({ label }) => label.role === 'data' && label.poolGuid === known.guid)
  const newest = own.reduce<Label | null>(
    (best, { label }) => (best === null || (label.txg ?? 0) > (best.txg ?? 0) ? label : best),
    null,
  )
  const says = newest?.state
  if (newest === null || says === undefined || says === 'detached') return null
  const pool = structuredClone(known)
  pool.suspended = false
  for (const leaf of topLevels(pool).flatMap(leavesOf)) locate(state, leaf, own, sightings)
  const working = new Set(
    topLevels(pool)
      .flatMap(leavesOf)
      .map((leaf) => leaf.guid),
  )
  for (const leaf of [...pool.cache, ...pool.spares]) {
    if (working.has(leaf.guid)) setLeaf(leaf, 'INUSE', null)
    else locateAuxiliary(leaf, sightings)
  }
  settlePool(pool)
  const host = newest.host ?? null
  const otherHost = says === 'active' && host !== null && host.id !== state.hostid
  return { pool, says, at: newest.at ?? 0, host, otherHost }
}

/** States that a person set stay set across an export; others are seen anew. */
const kept = (leaf: Vdev): boolean =>
  leaf.temporary !== true &&
  (leaf.state === 'OFFLINE' || (leaf.state === 'FAULTED' && leaf.aux === 'external device fault'))

function locate(state: SimState, leaf: Vdev, own: readonly Sighting[], all: readonly Sighting[]): void {
  delete leaf.notPresent
  delete leaf.staleSince
  delete leaf.resilvered
  delete leaf.selfHealed
  const sighting = own.find(({ label }) => label.vdevGuid === leaf.guid)
  if (sighting !== undefined) {
    leaf.path = choosePath(leaf, sighting.paths)
    // A leaf is a whole disk only while it is called by its first partition's name.
    leaf.wholeDisk &&= sighting.device.partition !== null
    leaf.size = sighting.device.size
    if (kept(leaf)) return
    setLeaf(leaf, 'ONLINE', null)
    return
  }
  if (kept(leaf)) return
  const there = leaf.path === null ? undefined : findDevice(state, leaf.path)
  const stranger = all.find(({ device }) => device.node === there?.node)
  // Linux says no more of a path that is not there (zfs.jsonl scenes 48, 113), of one without a label (46), of one with another pool's (52).
  setLeaf(
    leaf,
    'UNAVAIL',
    there === undefined || isWiped(there) ? null : stranger === undefined ? 'invalid label' : 'corrupted data',
  )
}

/** A disk that was zeroed whole: the kernel may still know its partitions. */
const isWiped = (device: BlockDevice): boolean => device.partition !== null && device.whole.written === null

function locateAuxiliary(leaf: Vdev, sightings: readonly Sighting[]): void {
  const sighting = sightings.find(({ label }) => label.vdevGuid === leaf.guid && label.role !== 'data')
  if (sighting === undefined) {
    setLeaf(leaf, 'UNAVAIL', null)
    return
  }
  leaf.path = choosePath(leaf, sighting.paths)
  setLeaf(leaf, sighting.label.role === 'spare' ? 'AVAIL' : 'ONLINE', null)
}

function setLeaf(leaf: Vdev, state: Vdev['state'], aux: string | null): void {
  leaf.state = state
  leaf.aux = aux
  leaf.readErrors = 0
  leaf.writeErrors = 0
  leaf.checksumErrors = 0
}

const choosePath = (leaf: Vdev, paths: readonly string[]): string | null =>
  leaf.path !== null && paths.includes(leaf.path) ? leaf.path : (preferred(paths) ?? leaf.path)

/** By-id names survive a change of controller; among several zpool comes to the last one (zfs.jsonl scene 37). */
function preferred(paths: readonly string[]): string | undefined {
  const byId = paths.filter((path) => path.startsWith('/dev/disk/by-id/'))
  return [...(byId.length > 0 ? byId : paths)].sort().at(-1)
}

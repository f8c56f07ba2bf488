/**
 * Making the vdevs of a specification: whole disks get ZFS's partition table (make_disks in zpool_vdev.c), then the
 * kernel opens what it was given (vdev_create).
 */
import { partitionForZfs } from '../devices.ts'
import type { Pool, SimState, Vdev } from '../model.ts'
import { nextGuid } from '../random.ts'
import { isBusy } from './in-use.ts'
import { readableLabel, writeLabel } from './labels.ts'
import { fixSize, isLargeEnough } from './sizes.ts'
import { everyMember, leafOf, type Member, type Specification, type Top } from './specification.ts'
import { firstPartition, nextTopId } from './tree.ts'

export interface Prepared {
  /** The path that the vdev will have. */
  readonly path: string
  readonly size: number
  /** The GUID of a spare that another pool has already labelled: pools share spares. */
  readonly spareGuid: string | null
}

export interface Preparation {
  readonly members: ReadonlyMap<Member, Prepared>
  /** Lines for stderr that end nothing. */
  readonly warnings: string
}

/** Partitions and clears what is about to be used, or says why it could not. */
export function prepareDevices(
  state: SimState,
  specification: Specification,
): Preparation | { readonly error: string } {
  const members = new Map<Member, Prepared>()
  let warnings = ''
  for (const member of everyMember(specification)) {
    const { device, path } = member
    const known = spareOn(state, member)
    if (known !== null) {
      members.set(member, known)
    } else if (!member.wholeDisk || device.disk === null) {
      if (isBusy(state, device)) warnings += `cannot open '${path}': Device or resource busy\n`
      else device.content.signatures = []
      members.set(member, { path, size: device.size, spareGuid: null })
    } else if (device.disk.readOnly || device.disk.readErrors) {
      const fault = `cannot label '${device.kname}': try using parted(8) and then provide a specific slice: -2`
      return { error: `${warnings}${fault}\nError preparing/labeling disk.\n` }
    } else {
      const partition = partitionForZfs(state, device.disk)
      members.set(member, { path: firstPartition(path), size: partition.size, spareGuid: null })
    }
  }
  return { members, warnings }
}

/** A spare that some pool already holds is not partitioned again. */
function spareOn(state: SimState, member: Member): Prepared | null {
  const { device } = member
  const partition = device.partition === null ? device.whole.table?.partitions[0] : device.partition
  if (partition === undefined || !isBusy(state, device)) return null
  const label = readableLabel({ ...device, content: partition.content })
  if (label?.role !== 'spare') return null
  const path = device.partition === null ? firstPartition(member.path) : member.path
  return { path, size: partition.size, spareGuid: label.vdevGuid }
}

/** Why the kernel would not open them. */
export type KernelFault = 'busy' | 'too small'

export function kernelFault(
  state: SimState,
  specification: Specification,
  preparation: Preparation,
): KernelFault | null {
  const seen = new Set<string>()
  for (const member of everyMember(specification)) {
    const prepared = preparation.members.get(member)
    if (prepared === undefined || prepared.spareGuid !== null) continue
    if (seen.has(member.device.node) || isBusy(state, member.device)) return 'busy'
    seen.add(member.device.node)
    if (!isLargeEnough(prepared.size)) return 'too small'
  }
  return null
}

/** Adds the new vdevs to the pool and labels their devices. `ashift` 0: by the devices' sector sizes. */
export function addVdevs(
  state: SimState,
  pool: Pool,
  specification: Specification,
  preparation: Preparation,
  ashift: number,
): void {
  const leaf = (member: Member): Vdev => newLeaf(state, member, preparation, ashift)
  for (const top of specification.tops) {
    const vdev = topOf(state, top, top.members.map(leaf), nextTopId(pool))
    fixSize(vdev)
    pool[top.place].push(vdev)
  }
  for (const member of specification.cache) pool.cache.push(leaf(member))
  for (const member of specification.spares) pool.spares.push({ ...leaf(member), state: 'AVAIL' })
}

export function newLeaf(state: SimState, member: Member, preparation: Preparation, ashift: number): Vdev {
  const prepared = preparation.members.get(member)
  const guid = prepared?.spareGuid ?? nextGuid(state)
  return leafOf(
    member,
    guid,
    ashift === 0 ? naturalShift(member) : ashift,
    prepared?.size ?? 0,
    prepared?.path ?? member.path,
  )
}

/** 512-byte sectors for disks; a volume's blocks for a pool on a volume, at most 16 KiB (zfs_vdev_max_auto_ashift). */
function naturalShift(member: Member): number {
  const block = Number(member.device.volume?.onetime.volblocksize ?? (member.device.volume === null ? 512 : 16384))
  return Math.min(Math.max(Math.log2(block), 9), 14)
}

function topOf(state: SimState, top: Top, leaves: readonly Vdev[], id: number): Vdev {
  const [first] = leaves
  if (top.type === 'disk' && first !== undefined) return { ...first, id }
  return {
    type: top.type,
    name: `${top.type}-${id}`,
    guid: nextGuid(state),
    path: null,
    wholeDisk: false,
    state: 'ONLINE',
    aux: null,
    readErrors: 0,
    writeErrors: 0,
    checksumErrors: 0,
    ashift: Math.max(...leaves.map((leaf) => leaf.ashift)),
    children: [...leaves],
    id,
  }
}

/** Takes a leaf's label away as detaching does: the name stays readable, but it belongs to nothing (scene 56). */
export const releaseLeaf = (state: SimState, pool: Pool, leaf: Vdev): void => writeLabel(state, pool, leaf, 'detached')

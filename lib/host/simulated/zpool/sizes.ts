/**
 * Sizes of vdevs as the allocator makes them (vdev_metaslab_set_size and vdev_deflate_ratio in vdev.c): a top-level
 * vdev is cut into metaslabs, and what does not fill one is lost.
 */
import type { Pool, Vdev } from '../model.ts'
import { referenced } from '../zfs/space.ts'
import { parity, topLevels } from './tree.ts'

/** Four labels of 256 KiB, the boot block and the reserve behind the front pair (vdev_impl.h). */
const labels = 4 * 1024 * 1024 + 512 * 1024
const smallest = 64 * 1024 * 1024
const log2 = (value: number): number => Math.floor(Math.log2(value)) + 1
const shifted = (value: number, shift: number): number => Math.floor(value / 2 ** shift)

/** False for a device below SPA_MINDEVSIZE (zfs.jsonl scene 36). */
export const isLargeEnough = (size: number): boolean => size >= smallest

const leafSpace = (leaf: Vdev): number => Math.floor(((leaf.size ?? 0) - labels) / 2 ** leaf.ashift) * 2 ** leaf.ashift

/** Bytes that the labels leave, before the cut into metaslabs. */
export function rawSpace(vdev: Vdev): number {
  if (vdev.children.length === 0) return leafSpace(vdev)
  const smallestChild = Math.min(...vdev.children.map(rawSpace))
  return parity(vdev) > 0 ? smallestChild * vdev.children.length : smallestChild
}

/** The binary logarithm of the metaslab size for that many bytes. */
export function metaslabShift(space: number): number {
  const count = shifted(space, 29)
  const shift = count < 16 ? log2(space / 16) : count > 200 ? log2(space / 200) : 29
  return Math.min(Math.max(shift, 24), 34)
}

/** Fixes a new top-level vdev's size. It does not grow by itself when its devices do. */
export function fixSize(top: Vdev): void {
  top.asize = rawSpace(top)
  top.metaslabShift = metaslabShift(top.asize)
}

/** What `zpool list` calls SIZE. */
export function spaceOf(top: Vdev): number {
  const shift = top.metaslabShift ?? 29
  return shifted(top.asize ?? 0, shift) * 2 ** shift
}

/** Usable bytes of `space` in this vdev: what is left of 128K blocks after parity and padding. */
export function usable(top: Vdev, space: number): number {
  const p = parity(top)
  if (p === 0) return space
  const sector = 2 ** top.ashift
  const data = Math.ceil(131072 / sector)
  const columns = top.children.length - p
  const withParity = data + p * Math.ceil(data / columns)
  const rounded = Math.ceil(withParity / (p + 1)) * (p + 1) * sector
  return Math.floor(space / 512) * Math.floor(131072 / Math.floor(rounded / 512))
}

/** Log and cache devices are not part of the pool's space. */
const counted = (pool: Pool): Vdev[] => topLevels(pool).filter((top) => !pool.logs.includes(top))

export const poolSize = (pool: Pool): number => counted(pool).reduce((sum, top) => sum + spaceOf(top), 0)
export const poolUsable = (pool: Pool): number => counted(pool).reduce((sum, top) => sum + usable(top, spaceOf(top)), 0)

/** What the pool keeps for itself beside its datasets, by sector size (scene 1: 512 B, scene 2: 4 KiB). */
const ownBytes = (pool: Pool): number => ((pool.data[0]?.ashift ?? 9) > 9 ? 512 : 111) * 1024

/** Bytes allocated, parity included. */
export function allocated(pool: Pool): number {
  const first = pool.data[0]
  const factor =
    first === undefined || parity(first) === 0 ? 1 : spaceOf(first) / Math.max(usable(first, spaceOf(first)), 1)
  const written = pool.datasets.reduce((sum, dataset) => sum + referenced(pool, dataset), 0)
  return Math.round(((ownBytes(pool) + written) * factor) / 512) * 512
}

/** Bytes allocated in one top-level vdev: new blocks go to the special class if there is one (scene 9). */
export function allocatedIn(pool: Pool, top: Vdev): number {
  const owners = pool.special.length > 0 ? pool.special : pool.data
  if (!owners.includes(top)) return 0
  const space = owners.reduce((sum, owner) => sum + spaceOf(owner), 0)
  return Math.round(((allocated(pool) / Math.max(space, 1)) * spaceOf(top)) / 512) * 512
}

/** Of a new pool, from the size of its metaslabs (scenes 1, 29, 36). */
export function fragmentation(top: Vdev): number {
  const shift = top.metaslabShift ?? 29
  return shift <= 24 ? 13 : shift === 25 ? 4 : shift === 26 ? 2 : shift === 27 ? 1 : 0
}

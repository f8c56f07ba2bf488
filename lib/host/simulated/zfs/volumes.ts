/** Volumes: block sizes, the space reserved for one, and what keeps it busy. */

import { allDevices, useOf } from '../devices.ts'
import type { Dataset, Pool, SimState } from '../model.ts'
import { parity } from '../zpool/tree.ts'

const defaultBlock = 16384n

/** The block size that fits the pool's smallest allocation: 16K but for very large sectors (default_volblocksize). */
export function defaultVolblocksize(pool: Pool): bigint {
  const smallest = smallestAllocation(pool)
  let size = defaultBlock
  while (size * 2n <= smallest) size *= 2n
  return size
}

const smallestAllocation = (pool: Pool): bigint =>
  pool.data.reduce((most, vdev) => {
    const bytes = BigInt(parity(vdev) + 1) << BigInt(vdev.ashift)
    return bytes > most ? bytes : most
  }, 512n)

/** What zfs says to stderr about a block size that was asked for. */
export function blockSizeWarning(pool: Pool, asked: bigint): string {
  const fitting = defaultVolblocksize(pool)
  if (asked < defaultBlock) {
    return (
      `Warning: volblocksize (${asked}) is less than the default minimum block size (${defaultBlock}).\n` +
      `To reduce wasted space a volblocksize of ${fitting} is recommended.\n`
    )
  }
  if (asked >= fitting) return ''
  const unit = smallestAllocation(pool)
  return (
    `Warning: volblocksize (${asked}) is much less than the minimum allocation\n` +
    `unit (${unit}), which wastes at least ${(100n * (unit - asked)) / unit}% of space. To reduce wasted space,\n` +
    `use a larger volblocksize (${fitting} is recommended), fewer dRAID data disks\n` +
    'per group, or smaller sector size (ashift).\n'
  )
}

/** The figure that `refreservation` of a volume gets (zvol_volsize_to_reservation in libzfs_dataset.c). */
export function volumeReservation(pool: Pool, volsize: bigint, block: bigint, copies = 1n): bigint {
  const pointersPerBlock = 1024n
  let blocks = volsize / block
  let metadata = 7n
  while (blocks > 1n) {
    blocks = (blocks + pointersPerBlock - 1n) / pointersPerBlock
    metadata += blocks
  }
  const metadataCopies = copies + 1n < 3n ? copies + 1n : 3n
  return dataSpace(pool, volsize / block, block) * copies + metadata * metadataCopies * 131072n
}

/** On raidz small blocks take more than the 128 KiB ones that the pool's figures assume (volsize_from_vdevs). */
function dataSpace(pool: Pool, blocks: bigint, block: bigint): bigint {
  let most = 0n
  for (const vdev of pool.data) {
    const p = BigInt(parity(vdev))
    if (p === 0n) continue
    const columns = BigInt(vdev.children.length) - p
    const allocated = (bytes: bigint): bigint => {
      const data = ((bytes - 1n) >> BigInt(vdev.ashift)) + 1n
      const all = data + p * ((data + columns - 1n) / columns)
      return (((all + p) / (p + 1n)) * (p + 1n)) << BigInt(vdev.ashift)
    }
    const space = ((blocks * allocated(block)) / (allocated(131072n) >> 9n)) * 256n
    if (space > most) most = space
  }
  return most === 0n ? blocks * block : most
}

/** Mounted, swapped on, or a member of another pool: ZFS says `dataset is busy` (D29, Z78). */
export function isVolumeBusy(state: SimState, volume: Dataset): boolean {
  const device = allDevices(state).find((each) => each.volume === volume && each.partition === null)
  return device !== undefined && useOf(state, device) !== null
}

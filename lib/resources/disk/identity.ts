/**
 * Who a disk is, whatever path names it: its WWN, else its serial. Names lie (`sdX` after a reboot, `scsi-3…` and
 * `wwn-0x…` for one disk), and ZFS itself renames members on import (seen: zfs.jsonl scene 37).
 */
import type { Look } from '../../engine/resource.ts'
import { type BlockDevice, deviceAt } from '../probes/block-devices.ts'
import type { Leaf } from '../probes/pools.ts'

/** Number of a partition, from the kernel's name: sda1, nvme0n1p1. */
export function partitionNumber(device: BlockDevice): number {
  const rest = device.kname.slice(device.parent?.kname.length ?? 0)
  return Number(/^p?(\d+)$/.exec(rest)?.[1] ?? 0)
}

/** The same text for the same device after any reboot; a partition is its disk and number. */
export function identityOf(device: BlockDevice): string {
  if (device.type === 'part' && device.parent)
    return `${identityOf(device.parent)} partition ${partitionNumber(device)}`
  if (device.wwn) return `wwn:${device.wwn.toLowerCase()}`
  if (device.serial) return `serial:${device.serial}`
  return `device:${device.kname}`
}

/**
 * The identity that a by-id name tells of a disk that isn't there: `scsi-3X` and `wwn-0xX` are one WWN, `virtio-S` is a
 * serial (udev's 60-persistent-storage.rules). Other names stand for themselves; `_1` is the namespace that newer
 * udev rules add to NVMe names.
 */
export function identityByName(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const wwn = /^(?:wwn-0x|scsi-3)([0-9a-f]{16,32})$/i.exec(name)?.[1]
  if (wwn) return `wwn:0x${wwn.toLowerCase()}`
  const eui = /^nvme-(eui\.[0-9a-f]+)$/i.exec(name)?.[1]
  if (eui) return `wwn:${eui.toLowerCase()}`
  const serial = /^virtio-(.+)$/.exec(name)?.[1]
  if (serial) return `serial:${serial}`
  return `name:${name.replace(/^(nvme-.*)_1$/, '$1')}`
}

/** A path, who is there, and the device if there is one. */
export interface Found {
  readonly path: string
  readonly identity: string
  readonly device: BlockDevice | undefined
}

/** Who a declared path names. */
export async function findDeclared(look: Look, path: string): Promise<Found> {
  const device = await deviceAt(look, path)
  return { path, device, identity: device ? identityOf(device) : identityByName(path) }
}

const isOpen = (leaf: Leaf): boolean => leaf.state === 'ONLINE' || leaf.state === 'DEGRADED'

/**
 * Who a pool's member is. The path of a member that isn't open is only what it was called once: `/dev/sdd1` may be
 * another disk by now, so ZFS's own by-id record is believed instead where there is one.
 */
export async function findMember(look: Look, leaf: Leaf): Promise<Found> {
  const stale = !isOpen(leaf) && leaf.devid !== null && !leaf.path?.startsWith('/dev/disk/')
  const recorded = (stale ? `/dev/disk/by-id/${leaf.devid}` : leaf.path) ?? leaf.name
  const device = await deviceAt(look, recorded)
  const path = leaf.wholeDisk ? recorded.replace(/-part1$/, '') : recorded
  if (!device) return { path, device: undefined, identity: identityByName(path) }
  const disk = leaf.wholeDisk && device.type === 'part' && device.parent ? device.parent : device
  return { path, device: disk, identity: identityOf(disk) }
}

/** The word a person types to agree to losing the disk: its serial, its WWN when it has none, else its by-id name. */
export const serialOf = (found: Found): string => {
  const disk = found.device?.type === 'part' ? found.device.parent : found.device
  return disk?.serial ?? disk?.wwn ?? found.path.slice(found.path.lastIndexOf('/') + 1)
}

/** What low-level probing finds on a block device: the knowledge that wipefs, blkid and udev share (libblkid). */
import { allDevices, type BlockDevice } from './devices.ts'
import type { Content, DeviceFacts, Label, SimState } from './model.ts'
import { isRecognised, tableSignatures, writtenTable } from './partitions.ts'

export interface Found {
  /** As wipefs names it. */
  type: string
  offset: number
  uuid: string | null
  label: string | null
}

/** The bytes that identify a type, which wipefs overwrites and prints. */
const magics: Readonly<Record<string, string>> = {
  ext2: '53 ef',
  ext3: '53 ef',
  ext4: '53 ef',
  xfs: '58 46 53 42',
  btrfs: '5f 42 48 52 66 53 5f 4d',
  swap: '53 57 41 50 53 50 41 43 45 32',
  vfat: '46 41 54 33 32 20 20 20',
  ntfs: '4e 54 46 53 20 20 20 20',
  LVM2_member: '4c 56 4d 32 20 30 30 31',
  crypto_LUKS: '4c 55 4b 53 ba be',
  linux_raid_member: 'fc 4e 2b a9',
  zfs_member: '01 01 00 00 00 00 00 00 00 00 00 01 00 00 00 24',
  gpt: '45 46 49 20 50 41 52 54',
  PMBR: '55 aa',
  dos: '55 aa',
}

export const magicOf = (type: string): string => magics[type] ?? '00'

const LABEL_SIZE = 0x40000

/** Where the uberblocks of the four copies begin that a device of this size has room for. */
export function labelOffsets(size: number, label: Label): number[] {
  const end = Math.floor(size / LABEL_SIZE) * LABEL_SIZE
  const starts = [0, LABEL_SIZE, end - 2 * LABEL_SIZE, end - LABEL_SIZE]
  return starts.filter((_, copy) => label.copies?.includes(copy) ?? true).map((start) => start + 0x4000)
}

/** Cache and spare labels name no pool, and a label outlives the pool's entry here (facts, D24). */
function labelFacts(state: SimState, label: Label): { uuid: string | null; label: string | null } {
  if (label.role !== 'data') return { uuid: null, label: null }
  const pool = state.pools.find(({ guid }) => guid === label.poolGuid)
  return { uuid: label.poolGuid, label: pool?.name ?? null }
}

/** Superblocks on a device, in libblkid's order: ZFS comes last. */
export function superblocks(state: SimState, device: { content: Content; size: number }): Found[] {
  const { signatures, label } = device.content
  const zfs = label?.intact === true ? labelOffsets(device.size, label) : []
  const facts = label === null ? null : labelFacts(state, label)
  return [
    ...signatures.map(({ type, offset, uuid, label }) => ({ type, offset, uuid, label })),
    ...zfs.map((offset) => ({ type: 'zfs_member', offset, uuid: facts?.uuid ?? null, label: facts?.label ?? null })),
  ]
}

/** Everything that wipefs lists: superblocks, then the pieces of a partition table. */
export function allSignatures(state: SimState, device: BlockDevice): Found[] {
  const table = device.partition === null ? tableSignatures(writtenTable(device.whole), device.size) : []
  return [...superblocks(state, device), ...table.map((found) => ({ ...found, uuid: null, label: null }))]
}

/** The one superblock that is beyond doubt: two kinds at once, and blkid and udev name neither (facts, D28). */
export function soleSuperblock(state: SimState, device: { content: Content; size: number }): Found | null {
  const found = superblocks(state, device)
  return new Set(found.map(({ type }) => type)).size === 1 ? (found[0] ?? null) : null
}

/** What a fresh probe of the device says, as udev stores it. */
export function probeFacts(state: SimState, device: BlockDevice): DeviceFacts {
  const table = writtenTable(device.whole)
  const pttype = isRecognised(table) ? table.type : null
  const hidesContent = device.partition === null && pttype !== null
  const found = hidesContent ? null : soleSuperblock(state, device)
  return { fstype: found?.type ?? null, label: found?.label ?? null, uuid: found?.uuid ?? null, pttype }
}

export function allFacts(state: SimState): Map<string, DeviceFacts> {
  return new Map(allDevices(state).map((device) => [device.node, probeFacts(state, device)]))
}

/** Partition tables: what happens to what lies in the partitions when a table is written, lost or read again. */
import type { Content, Disk, Partition, Partitionable, PartitionTable, SimState } from './model.ts'
import { nextHex, nextUuid } from './random.ts'

export const SECTOR = 512

export function emptyContent(): Content {
  return { signatures: [], label: null, files: {} }
}

export function isBlank(content: Content): boolean {
  return content.signatures.length === 0 && content.label === null
}

/** The table on the disk, which is not always the one that the kernel uses. */
export function writtenTable(device: Partitionable): PartitionTable | null {
  return (device.written === undefined ? device.table : device.written) ?? null
}

/** The table's signatures that are still there, as wipefs names them, in its order. */
export function tableSignatures(table: PartitionTable | null, size: number): { type: string; offset: number }[] {
  if (table === null) return []
  if (table.type === 'dos') return [{ type: 'dos', offset: 0x1fe }]
  const all = [
    { type: 'gpt', offset: 0x200, part: 'primary' },
    { type: 'gpt', offset: size - SECTOR, part: 'backup' },
    { type: 'PMBR', offset: 0x1fe, part: 'pmbr' },
  ] as const
  return all.filter(({ part }) => !table.lost?.includes(part)).map(({ type, offset }) => ({ type, offset }))
}

/** What blkid takes for a table: one of the two headers will do, but not without the protective MBR (disks.jsonl 16). */
export function isRecognised(table: PartitionTable | null): table is PartitionTable {
  const lost = table?.lost ?? []
  return table !== null && !lost.includes('pmbr') && !(lost.includes('primary') && lost.includes('backup'))
}

/** Whether the kernel finds its partitions: the second header alone is not enough (block/partitions/efi.c). */
export function isReadable(table: PartitionTable | null): table is PartitionTable {
  return table !== null && !table.lost?.some((part) => part !== 'backup')
}

/** Writes a table to the disk. The kernel follows unless one of the old partitions is in use. */
export function writeTable(device: Partitionable, table: PartitionTable | null, inUse: boolean): void {
  device.written = table
  if (!inUse) rereadTable(device)
}

/** What the kernel does on BLKRRPART, on partprobe and at boot. */
export function rereadTable(device: Partitionable): void {
  const next = writtenTable(device)
  const before = device.table?.partitions ?? []
  const after = isReadable(next) ? next.partitions : []
  const remains = [...(device.remains ?? [])]
  for (const partition of before)
    if (!after.some((each) => isSamePlace(each, partition)) && !isBlank(partition.content))
      remains.push({ start: partition.start, size: partition.size, content: partition.content })
  for (const partition of after) {
    const same = before.find((each) => isSamePlace(each, partition))
    const found = same === undefined ? remains.findLastIndex(({ start }) => start === partition.start) : -1
    const [old] = found < 0 ? [] : remains.splice(found, 1)
    if (same !== undefined) partition.content = same.content
    else if (old !== undefined) partition.content = seenFrom(old.content, old.size === partition.size)
  }
  device.table = isReadable(next) ? next : next && withoutPartitions(next)
  device.remains = remains
  delete device.written
}

const isSamePlace = (a: Partition, b: Partition): boolean => a.start === b.start && a.size === b.size

/** The partition's entry on the disk; null when the kernel alone still knows the partition. */
export function writtenEntry(device: Partitionable, partition: Partition): Partition | null {
  const table = writtenTable(device)
  return (isReadable(table) && table.partitions.find(({ uuid }) => uuid === partition.uuid)) || null
}

const withoutPartitions = (table: PartitionTable): PartitionTable => ({ ...table, partitions: [] })

/** Old content as a partition of the same start shows it; of another size, it has no more than the label copies at the start. */
function seenFrom(content: Content, sameSize: boolean): Content {
  if (sameSize || content.label === null) return content
  const copies = (content.label.copies ?? [0, 1, 2, 3]).filter((copy) => copy < 2)
  return { ...content, label: copies.length === 0 ? null : { ...content.label, copies } }
}

const ZFS_DATA = '6a898cc3-1dd2-11b2-99a6-080020736631'
const ZFS_RESERVED = '6a945a3b-1dd2-11b2-99a6-080020736631'

/**
 * The two partitions that ZFS makes on a whole disk (libefi, efi_use_whole_disk; sizes as recorded: disks.jsonl 17 and 24).
 * What the disk carried is gone; part1 is blank and returned. Its label is the caller's to write.
 */
export function partitionForZfs(state: SimState, disk: Disk): Partition {
  const sectors = Math.floor(disk.size / SECTOR)
  const start = 2048
  const reserved = 16384
  const length = Math.floor((sectors - 34 - reserved - start) / 2048) * 2048
  const make = (number: number, from: number, count: number, type: string, name: string | null): Partition => ({
    number,
    start: from * SECTOR,
    size: count * SECTOR,
    type,
    uuid: nextUuid(state),
    name,
    content: emptyContent(),
  })
  const data = make(1, start, length, ZFS_DATA, `zfs-${nextHex(state, 16)}`)
  const tail = make(9, start + length, reserved, ZFS_RESERVED, null)
  writeTable(disk, { type: 'gpt', uuid: nextUuid(state), partitions: [data, tail] }, false)
  disk.content = emptyContent()
  // zpool zeroes the first 4 KiB of what it takes (zpool_vdev.c, zero_label): what was found there again is gone.
  data.content = emptyContent()
  return data
}

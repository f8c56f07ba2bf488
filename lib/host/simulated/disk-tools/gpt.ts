/** A GPT as gdisk 1.0.10 sees and prints it: sectors, free stretches, type codes. */
import type { Partition, PartitionTable } from '../model.ts'
import { SECTOR } from '../partitions.ts'
import { gdiskSize } from './sizes.ts'

const ALIGNMENT = 2048
/** Header, entries and their copies take 33 sectors at either end, and the first is the protective MBR. */
export const FIRST_USABLE = 34

interface Kind {
  code: string
  guid: string
  name: string
}

export const kinds: readonly Kind[] = [
  { code: '8300', guid: '0fc63daf-8483-4772-8e79-3d69d8477de4', name: 'Linux filesystem' },
  { code: '8200', guid: '0657fd6d-a4ab-43c4-84e5-0933c84b4f4f', name: 'Linux swap' },
  { code: '8E00', guid: 'e6d6d379-f507-44c2-a23c-238f2a3df928', name: 'Linux LVM' },
  { code: 'FD00', guid: 'a19d880f-05fc-4d3b-a006-743f0f84911e', name: 'Linux RAID' },
  { code: 'EF00', guid: 'c12a7328-f81f-11d2-ba4b-00a0c93ec93b', name: 'EFI system partition' },
  { code: 'EF02', guid: '21686148-6449-6e6f-744e-656564454649', name: 'BIOS boot partition' },
  { code: 'BF01', guid: '6a898cc3-1dd2-11b2-99a6-080020736631', name: 'Solaris /usr & Mac ZFS' },
  { code: 'BF07', guid: '6a945a3b-1dd2-11b2-99a6-080020736631', name: 'Solaris Reserved 1' },
  { code: '0700', guid: 'ebd0a0a2-b9e5-4433-87c0-68b6b72699c7', name: 'Microsoft basic data' },
]

export const sectorsOf = (partition: Partition): { first: number; last: number } => ({
  first: partition.start / SECTOR,
  last: (partition.start + partition.size) / SECTOR - 1,
})

/** Free stretches between the partitions, within what is usable. */
export function freeStretches(table: PartitionTable, sectors: number): { first: number; last: number }[] {
  const taken = table.partitions.map(sectorsOf).sort((a, b) => a.first - b.first)
  const free: { first: number; last: number }[] = []
  let next = FIRST_USABLE
  for (const { first, last } of taken) {
    if (first > next) free.push({ first: next, last: first - 1 })
    next = Math.max(next, last + 1)
  }
  const end = sectors - FIRST_USABLE
  if (next <= end) free.push({ first: next, last: end })
  return free
}

export const aligned = (sector: number): number => Math.ceil(sector / ALIGNMENT) * ALIGNMENT

/** The table as text (disks.jsonl 17). */
export function printed(path: string, sectors: number, table: PartitionTable, fromMbr: boolean): string {
  const free = freeStretches(table, sectors).reduce((sum, { first, last }) => sum + last - first + 1, 0)
  const rows = table.partitions.map((partition) => {
    const { first, last } = sectorsOf(partition)
    const kind = kinds.find(({ guid }) => guid === partition.type) ?? kinds[0]
    const columns = [String(partition.number).padStart(4), String(first).padStart(15), String(last).padStart(15)]
    const name = partition.name ?? (fromMbr ? (kind?.name ?? '') : '')
    return `${columns.join(' ')}   ${gdiskSize(partition.size).padEnd(10)}  ${kind?.code ?? ''}  ${name}\n`
  })
  return `Disk ${path}: ${sectors} sectors, ${gdiskSize(sectors * SECTOR)}
Sector size (logical/physical): 512/512 bytes
Disk identifier (GUID): ${table.uuid.toUpperCase()}
Partition table holds up to 128 entries
Main partition table begins at sector 2 and ends at sector 33
First usable sector is 34, last usable sector is ${sectors - FIRST_USABLE}
Partitions will be aligned on ${ALIGNMENT}-sector boundaries
Total free space is ${free} sectors (${gdiskSize(free * SECTOR)})

Number  Start (sector)    End (sector)  Size       Code  Name
${rows.join('')}`
}

/** One partition in full, for -i. */
export function described(table: PartitionTable, number: string): string {
  const partition = table.partitions.find((each) => each.number === Number(number))
  if (partition === undefined) return `Partition #${number} does not exist.\n`
  const { first, last } = sectorsOf(partition)
  const kind = kinds.find(({ guid }) => guid === partition.type)
  return `Partition GUID code: ${partition.type.toUpperCase()} (${kind?.name ?? 'Unknown'})
Partition unique GUID: ${partition.uuid.toUpperCase()}
First sector: ${first} (at ${gdiskSize(first * SECTOR)})
Last sector: ${last} (at ${gdiskSize(last * SECTOR)})
Partition size: ${partition.size / SECTOR} sectors (${gdiskSize(partition.size)})
Attribute flags: 0000000000000000
Partition name: '${partition.name ?? ''}'
`
}

/** sgdisk(8) of gdisk 1.0.10: options are done in the order given, the table is written once at the end. */
import { type BlockDevice, findDevice, useOf } from '../devices.ts'
import type { Partition, PartitionTable, SimState } from '../model.ts'
import { emptyContent, isReadable, SECTOR, writeTable, writtenTable } from '../partitions.ts'
import { nextUuid } from '../random.ts'
import { answer, NotSimulated, type Tool, type ToolAnswer } from '../tool.ts'
import { readOptions } from './options.ts'
import { gdiskSize, parseBytes } from './sizes.ts'

const ALIGNMENT = 2048
const FIRST_USABLE = 34

interface Kind {
  code: string
  guid: string
  name: string
}

const kinds: readonly Kind[] = [
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

interface Work {
  state: SimState
  path: string
  device: BlockDevice
  sectors: number
  table: PartitionTable
  /** Read as MBR: nothing may be written without -g. */
  fromMbr: boolean
  stdout: string
  /** True when the table is to be written at the end. */
  changed: boolean
}

const sectorsOf = (partition: Partition): { first: number; last: number } => ({
  first: partition.start / SECTOR,
  last: (partition.start + partition.size) / SECTOR - 1,
})

/** Free stretches between the partitions, within what is usable. */
function freeStretches(table: PartitionTable, sectors: number): { first: number; last: number }[] {
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

const aligned = (sector: number): number => Math.ceil(sector / ALIGNMENT) * ALIGNMENT

/** `+500M` from a base, a sector number, or 0 for the default. */
function place(text: string, base: number, fallback: number): number {
  if (text === '' || text === '0') return fallback
  const relative = /^([+-])(.+)$/.exec(text)
  const bytes = parseBytes(relative?.[2] ?? text)
  if (bytes === null) throw new NotSimulated(`sgdisk ${text}`)
  const count = /[KMGTP]/i.test(text) ? bytes / SECTOR : Number(relative?.[2] ?? text)
  return relative === null ? count : base + (relative[1] === '+' ? count - 1 : -count)
}

function addPartition(work: Work, text: string): ToolAnswer | null {
  const [numberText = '0', from = '0', to = '0'] = text.split(':')
  const used = work.table.partitions.map(({ number }) => number)
  const number = Number(numberText) || [...Array(129).keys()].slice(1).find((each) => !used.includes(each)) || 1
  const free = freeStretches(work.table, work.sectors).filter(({ first, last }) => aligned(first) <= last)
  const largest = free.toSorted((a, b) => b.last - b.first - (a.last - a.first))[0]
  const first = aligned(place(from, 0, aligned(largest?.first ?? 0)))
  const stretch = free.find((each) => each.first <= first && first <= each.last)
  const last = place(to, first, stretch?.last ?? 0)
  if (used.includes(number) || stretch === undefined || last > stretch.last || last < first)
    return answer(
      4,
      work.stdout,
      `Could not create partition ${number} from ${first} to ${last}\nError encountered; not saving changes.\n`,
    )
  work.table.partitions.push({
    number,
    start: first * SECTOR,
    size: (last - first + 1) * SECTOR,
    type: kinds[0]?.guid ?? '',
    uuid: nextUuid(work.state),
    name: null,
    content: emptyContent(),
  })
  work.table.partitions.sort((a, b) => a.number - b.number)
  work.changed = true
  return null
}

const partitionOf = (work: Work, number: string): Partition | undefined =>
  work.table.partitions.find((each) => each.number === Number(number))

function setType(work: Work, text: string): ToolAnswer | null {
  const [number = '', code = ''] = text.split(':')
  const partition = partitionOf(work, number)
  const kind = kinds.find((each) => each.code === code.toUpperCase() || each.guid === code.toLowerCase())
  if (kind === undefined) throw new NotSimulated(`sgdisk -t ${text}`)
  if (partition === undefined)
    return answer(
      4,
      work.stdout,
      `Could not change partition ${number}'s type code to ${code}!\nError encountered; not saving changes.\n`,
    )
  partition.type = kind.guid
  work.changed = true
  return null
}

function setName(work: Work, text: string): null {
  const [number = '', ...name] = text.split(':')
  const partition = partitionOf(work, number)
  if (partition !== undefined) partition.name = name.join(':')
  work.changed = true
  return null
}

function remove(work: Work, number: string): ToolAnswer | null {
  const partition = partitionOf(work, number)
  if (partition === undefined) return answer(4, work.stdout, `Error ${work.path} has no partition ${number}\n`)
  work.table.partitions = work.table.partitions.filter((each) => each !== partition)
  work.changed = true
  return null
}

/** The table as text (disks.jsonl 17). */
function print(work: Work): void {
  const { table, sectors, path } = work
  const free = freeStretches(table, sectors).reduce((sum, { first, last }) => sum + last - first + 1, 0)
  const rows = table.partitions.map((partition) => {
    const { first, last } = sectorsOf(partition)
    const kind = kinds.find(({ guid }) => guid === partition.type) ?? kinds[0]
    const columns = [String(partition.number).padStart(4), String(first).padStart(15), String(last).padStart(15)]
    const name = partition.name ?? (work.fromMbr ? (kind?.name ?? '') : '')
    return `${columns.join(' ')}   ${gdiskSize(partition.size).padEnd(10)}  ${kind?.code ?? ''}  ${name}\n`
  })
  work.stdout += `Disk ${path}: ${sectors} sectors, ${gdiskSize(sectors * SECTOR)}
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

function describe(work: Work, number: string): void {
  const partition = partitionOf(work, number)
  if (partition === undefined) {
    work.stdout += `Partition #${number} does not exist.\n`
    return
  }
  const { first, last } = sectorsOf(partition)
  const kind = kinds.find(({ guid }) => guid === partition.type)
  work.stdout += `Partition GUID code: ${partition.type.toUpperCase()} (${kind?.name ?? 'Unknown'})
Partition unique GUID: ${partition.uuid.toUpperCase()}
First sector: ${first} (at ${gdiskSize(first * SECTOR)})
Last sector: ${last} (at ${gdiskSize(last * SECTOR)})
Partition size: ${partition.size / SECTOR} sectors (${gdiskSize(partition.size)})
Attribute flags: 0000000000000000
Partition name: '${partition.name ?? ''}'
`
}

const kernelBusy = `Warning: The kernel is still using the old partition table.
The new table will be used at the next reboot or after you
run partprobe(8) or kpartx(8)
`
const cannotWrite = `Unable to save backup partition table! Perhaps the 'e' option on the experts'
menu will resolve this problem.
Warning! An error was reported when writing the partition table! This error
MIGHT be harmless, or the disk might be damaged! Checking it is advisable.
`
const newEntries = 'Creating new GPT entries in memory.\n'
const destroyed = 'GPT data structures destroyed! You may now partition the disk using fdisk or\nother utilities.\n'

/** gdisk asks nobody: a disk in use is written all the same, only the kernel keeps its partitions (facts, D14). */
function save(state: SimState, device: BlockDevice, table: PartitionTable | null): string {
  const inUse = useOf(state, device) !== null
  writeTable(device.whole, table, inUse)
  return inUse ? kernelBusy : ''
}

/** Nothing else is done with -Z, whatever stands beside it. */
function zap(state: SimState, device: BlockDevice): ToolAnswer {
  const blank = writtenTable(device.whole) === null ? newEntries : ''
  return answer(0, blank + save(state, device, null) + destroyed)
}

const MBR_CONVERTED = `
${'*'.repeat(63)}
Found invalid GPT and valid MBR; converting MBR to GPT format
in memory. 
${'*'.repeat(63)}

`
const overlaps = `
Warning! Secondary partition table overlaps the last partition by
33 blocks!
You will need to delete this partition or resize it in another utility.
`

const damaged = `Caution: invalid main GPT header, but valid backup; regenerating main header
from backup!

Invalid partition data!
`

/** Reads what is there, as gdisk does before anything else; an answer when it gives up. */
function open(state: SimState, path: string, device: BlockDevice): Work | ToolAnswer {
  const sectors = device.size / SECTOR
  const written = writtenTable(device.whole)
  if (written?.lost?.includes('primary') === true && !written.lost.includes('backup')) return answer(2, '', damaged)
  const readable = isReadable(written) ? written : null
  const table: PartitionTable = readable ?? { type: 'gpt', uuid: nextUuid(state), partitions: [] }
  const fromMbr = table.type === 'dos'
  const own = {
    ...table,
    type: 'gpt' as const,
    uuid: fromMbr ? nextUuid(state) : table.uuid,
    partitions: [...table.partitions],
  }
  const beyond = own.partitions.some((partition) => sectorsOf(partition).last > sectors - FIRST_USABLE)
  const said = fromMbr ? MBR_CONVERTED + (beyond ? overlaps : '') : readable === null ? newEntries : ''
  return { state, path, device, sectors, table: own, fromMbr, stdout: said, changed: false }
}

const known = [
  '-Z --zap-all',
  '-z --zap',
  '-o --clear',
  '-p --print',
  '-g --mbrtogpt',
  '-n --new=',
  '-d --delete=',
  '-t --typecode=',
  '-c --change-name=',
  '-i --info=',
]

export const sgdisk: Tool = (state, { args }) => {
  const { given, operands } = readOptions('sgdisk', args, known)
  const path = operands[0] ?? ''
  const device = findDevice(state, path)
  if (device === undefined)
    return answer(2, '', `Problem opening ${path} for reading! Error is 2.\nThe specified file does not exist!\n`)
  if (given.some(([name]) => name === '-Z' || name === '-z')) return zap(state, device)
  const work = open(state, path, device)
  if ('exitCode' in work) return work
  for (const [name, value] of given) {
    const refusal = step(work, name, value)
    if (refusal !== null) return refusal
  }
  if (!work.changed) return answer(0, work.stdout)
  if (work.fromMbr) return answer(3, work.stdout, 'Non-GPT disk; not saving changes. Use -g to override.\n')
  if (device.disk?.readOnly === true) return answer(4, work.stdout, cannotWrite)
  return answer(0, `${work.stdout}${save(state, device, work.table)}The operation has completed successfully.\n`)
}

function step(work: Work, name: string, value: string): ToolAnswer | null {
  switch (name) {
    case '-o':
      work.table = { type: 'gpt', uuid: nextUuid(work.state), partitions: [] }
      work.fromMbr = false
      work.changed = true
      return null
    case '-g':
      work.fromMbr = false
      work.changed = true
      return null
    case '-n':
      return addPartition(work, value)
    case '-d':
      return remove(work, value)
    case '-t':
      return setType(work, value)
    case '-c':
      return setName(work, value)
    case '-p':
      print(work)
      return null
    case '-i':
      describe(work, value)
      return null
    default:
      throw new NotSimulated(`sgdisk ${name}`)
  }
}

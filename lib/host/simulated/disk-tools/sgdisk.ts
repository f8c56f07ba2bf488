/** sgdisk(8) of gdisk 1.0.10: options are done in the order given, the table is written once at the end. */
import { type BlockDevice, findDevice, useOf } from '../devices.ts'
import type { Partition, PartitionTable, SimState } from '../model.ts'
import { emptyContent, isReadable, SECTOR, writeTable, writtenTable } from '../partitions.ts'
import { nextUuid } from '../random.ts'
import { answer, NotSimulated, type Tool, type ToolAnswer } from '../tool.ts'
import { aligned, described, FIRST_USABLE, freeStretches, kinds, printed, sectorsOf } from './gpt.ts'
import { readOptions } from './options.ts'
import { parseBytes } from './sizes.ts'

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
    partitions: table.partitions.map((partition) => ({ ...partition })),
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
      work.stdout += printed(work.path, work.sectors, work.table, work.fromMbr)
      return null
    case '-i':
      work.stdout += described(work.table, value)
      return null
    default:
      throw new NotSimulated(`sgdisk ${name}`)
  }
}

/** parted(8), in script mode: labels, partitions, the machine-readable listing. */
import { type BlockDevice, findDevice, useOf } from '../devices.ts'
import type { PartitionTable, SimState } from '../model.ts'
import { emptyContent, isReadable, rereadTable, SECTOR, writeTable, writtenTable } from '../partitions.ts'
import { nextHex, nextUuid } from '../random.ts'
import { answer, NotSimulated, type Tool, type ToolAnswer } from '../tool.ts'
import { parseBytes } from './sizes.ts'

const MIB = 2 ** 20
const LINUX = { gpt: '0fc63daf-8483-4772-8e79-3d69d8477de4', dos: '0x83' }

/** parted's `compact`: powers of ten, and the next unit only from ten of it on. */
function compact(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 10_000 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  const digits = value < 10 ? 2 : value < 100 ? 1 : 0
  return `${Number(value.toFixed(digits))}${units[unit] ?? ''}`
}

function place(text: string, size: number): number {
  if (text.endsWith('%')) return Math.floor((size * Number(text.slice(0, -1))) / 100 / MIB) * MIB
  const bytes = /iB$/.test(text) ? parseBytes(text) : null
  if (bytes === null) throw new NotSimulated(`parted ${text}`)
  return bytes
}

function makeTable(state: SimState, device: BlockDevice, label: string): PartitionTable {
  if (label !== 'gpt' && label !== 'msdos') throw new NotSimulated(`parted mklabel ${label}`)
  // The superblock of what filled the whole disk is erased with it (ped_disk_clobber).
  device.content.signatures = []
  device.content.label = null
  const isGpt = label === 'gpt'
  return { type: isGpt ? 'gpt' : 'dos', uuid: isGpt ? nextUuid(state) : nextHex(state, 8), partitions: [] }
}

function addPartition(state: SimState, device: BlockDevice, table: PartitionTable, words: string[]): PartitionTable {
  const [name = '', ...rest] = words
  const [from, to] = rest.slice(-2)
  const number = table.partitions.length + 1
  const start = place(from ?? '', device.size)
  // 100% ends where the table's last usable megabyte does: a GPT has a copy of itself behind.
  const end = table.type === 'gpt' && to === '100%' ? device.size - MIB : place(to ?? '', device.size)
  const uuid = table.type === 'gpt' ? nextUuid(state) : `${table.uuid}-${String(number).padStart(2, '0')}`
  const partition = {
    number,
    start,
    size: end - start,
    type: LINUX[table.type],
    uuid,
    name: table.type === 'gpt' ? name : null,
    content: emptyContent(),
  }
  return { ...table, partitions: [...table.partitions, partition] }
}

function print(device: BlockDevice): ToolAnswer {
  const table = writtenTable(device.whole)
  const virtio = device.disk?.transport === 'virtio'
  const kind = isReadable(table) ? (table.type === 'dos' ? 'msdos' : 'gpt') : 'unknown'
  const model = virtio ? 'Virtio Block Device' : (device.disk?.model ?? 'Unknown').replace(' ', ' ')
  const line = `${device.node}:${compact(device.size)}:${virtio ? 'virtblk' : 'scsi'}:512:512:${kind}:${model}:;\n`
  if (!isReadable(table)) return answer(1, `BYT;\n${line}`, `Error: ${device.node}: unrecognised disk label\n`)
  const rows = table.partitions.map(({ number, start, size, name, content }) => {
    const type = content.signatures[0]?.type ?? (content.label === null ? '' : 'zfs')
    return `${number}:${compact(start)}:${compact(start + size - SECTOR)}:${compact(size)}:${type}:${name ?? ''}:;\n`
  })
  return answer(0, `BYT;\n${line}${rows.join('')}`)
}

/** How many words follow a command: mkpart takes a name or type, perhaps a file system, a start and an end. */
function takeCommand(words: string[]): { command: string; operands: string[] } {
  const command = words.shift() ?? ''
  if (command === 'mklabel' || command === 'mktable') return { command: 'mklabel', operands: words.splice(0, 1) }
  if (command === 'mkpart') return { command, operands: words.splice(0, /^[\d.]/.test(words[1] ?? '') ? 3 : 4) }
  if (command === 'print') return { command, operands: [] }
  throw new NotSimulated(`parted ${command}`)
}

export const parted: Tool = (state, { args }) => {
  const flags = args.filter((word) => word.startsWith('-'))
  const [path = '', ...words] = args.filter((word) => !word.startsWith('-'))
  const unknown = flags.find((flag) => !['-s', '-m', '-sm', '-ms', '--script', '--machine'].includes(flag))
  if (unknown !== undefined) throw new NotSimulated(`parted ${unknown}`)
  const device = findDevice(state, path)
  if (device === undefined) return answer(1, '', `Error: Could not stat device ${path} - No such file or directory.\n`)
  const written = writtenTable(device.whole)
  let table = isReadable(written) ? written : null
  while (words.length > 0) {
    const { command, operands } = takeCommand(words)
    if (command === 'print') return print(device)
    if (useOf(state, device) !== null) return answer(1, '', `Error: Partition(s) on ${device.node} are being used.\n`)
    if (command === 'mklabel') table = makeTable(state, device, operands[0] ?? '')
    else if (table === null) return answer(1, '', `Error: ${device.node}: unrecognised disk label\n`)
    else table = addPartition(state, device, table, operands)
    writeTable(device.whole, table, false)
  }
  rereadTable(device.whole)
  return answer(0)
}

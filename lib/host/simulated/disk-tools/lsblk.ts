/** lsblk(8): the kernel's block devices with what udev knows of them. It doesn't read the devices. */
import { allDevices, type BlockDevice, findDevice } from '../devices.ts'
import type { SimState } from '../model.ts'
import { SECTOR, writtenEntry, writtenTable } from '../partitions.ts'
import { answer, NotSimulated, type Tool } from '../tool.ts'
import { knownFacts } from '../udev.ts'
import { deviceNumber } from './numbers.ts'
import { has, optionValue, readOptions } from './options.ts'
import { humanSize } from './sizes.ts'

type Cell = string | number | boolean | null | string[]

interface Row {
  device: BlockDevice
  children: Row[]
}

/** What udev took from the partition table, unless that has lost the partition since (disks.jsonl 14). */
function entry(device: BlockDevice, pick: 'type' | 'uuid' | 'name'): string | null {
  return device.partition === null ? null : (writtenEntry(device.whole, device.partition)?.[pick] ?? null)
}

const isVolume = (device: BlockDevice): boolean => device.volume !== null
const isWhole = (device: BlockDevice): boolean => device.partition === null
const mountpoints = (state: SimState, { node }: BlockDevice): string[] => [
  ...(state.swaps.includes(node) ? ['[SWAP]'] : []),
  ...state.mounts
    .filter(({ source }) => source === node)
    .map(({ target }) => target)
    .reverse(),
]

type Column = (device: BlockDevice, state: SimState, bytes: boolean) => Cell

const columns: Readonly<Record<string, Column>> = {
  NAME: ({ kname }) => kname,
  KNAME: ({ kname }) => kname,
  PATH: ({ node }) => node,
  'MAJ:MIN': (device) => {
    const { major, minor } = deviceNumber(device)
    return `${major}:${minor}`
  },
  RM: () => false,
  SIZE: ({ size }, _, bytes) => (bytes ? size : humanSize(size)),
  RO: ({ disk }) => disk?.readOnly ?? false,
  TYPE: (device) => (isWhole(device) ? 'disk' : 'part'),
  MOUNTPOINT: (device, state) => mountpoints(state, device)[0] ?? null,
  MOUNTPOINTS: (device, state) => mountpoints(state, device),
  FSTYPE: (device, state) => knownFacts(state, device).fstype,
  LABEL: (device, state) => knownFacts(state, device).label,
  UUID: (device, state) => knownFacts(state, device).uuid,
  SERIAL: (device) => (isWhole(device) ? device.disk?.serial || null : null),
  WWN: ({ disk }) => disk?.wwn ?? null,
  PTTYPE: (device, state) => knownFacts(state, device).pttype,
  PTUUID: ({ whole }) => writtenTable(whole)?.uuid ?? null,
  PARTTYPE: (device) => entry(device, 'type'),
  PARTUUID: (device) => entry(device, 'uuid'),
  PARTLABEL: (device) => entry(device, 'name'),
  PARTN: ({ partition }) => partition?.number ?? null,
  START: ({ partition }) => (partition === null ? null : partition.start / SECTOR),
  ROTA: (device) => !isVolume(device) && device.disk?.transport !== 'nvme',
  MODEL: (device) => (isWhole(device) ? (device.disk?.model ?? null) : null),
  PKNAME: (device) => (isWhole(device) ? null : device.kname.replace(/p?\d+$/, '')),
  // The lab's virtio-scsi disks have none; SATA and NVMe ones do (disks.jsonl 1).
  TRAN: ({ disk }) => (disk === null || disk.transport === 'scsi' ? null : disk.transport),
  'PHY-SEC': () => 512,
  'LOG-SEC': () => 512,
  'DISC-MAX': ({ disk }, _, bytes) => {
    const most = disk?.transport === 'scsi' ? 2 ** 30 : 2 ** 31 - 512
    return bytes ? most : humanSize(most)
  },
  SCHED: () => 'none',
}

const standard = ['NAME', 'MAJ:MIN', 'RM', 'SIZE', 'RO', 'TYPE', 'MOUNTPOINTS']
const rightAligned = ['MAJ:MIN', 'SIZE', 'RM', 'RO', 'ROTA', 'START', 'PARTN', 'PHY-SEC', 'LOG-SEC', 'DISC-MAX']

const asText = (cell: Cell): string => {
  if (cell === null) return ''
  if (typeof cell === 'boolean') return cell ? '1' : '0'
  return Array.isArray(cell) ? (cell[0] ?? '') : String(cell)
}

function cellOf(name: string, row: Row, state: SimState, bytes: boolean): Cell {
  const column = columns[name]
  if (column === undefined) throw new NotSimulated(`lsblk -o ${name}`)
  return column(row.device, state, bytes)
}

/** util-linux's layout, to the letter: three blanks a level, `},{` between siblings. */
function json(rows: Row[], names: string[], state: SimState, bytes: boolean, indent: string): string {
  const objects = rows.map((row) => {
    const members = names.map((name) => `"${name.toLowerCase()}": ${jsonCell(cellOf(name, row, state, bytes), indent)}`)
    if (row.children.length > 0) {
      members.push(`"children": [\n${json(row.children, names, state, bytes, `${indent}      `)}${indent}      ]`)
    }
    return `{\n${indent}      ${members.join(`,\n${indent}      `)}\n${indent}   }`
  })
  return `${indent}   ${objects.join(',')}\n`
}

function jsonCell(cell: Cell, indent: string): string {
  if (!Array.isArray(cell)) return JSON.stringify(cell)
  return cell.length === 0
    ? '[]'
    : `[\n${cell.map((text) => `${indent}          ${JSON.stringify(text)}`).join(',\n')}\n${indent}      ]`
}

/** Lines of the table with the tree drawn into the first column. */
function lines(rows: Row[], names: string[], state: SimState, bytes: boolean, prefix: string | null): string[][] {
  return rows.flatMap((row, index) => {
    const last = index === rows.length - 1
    const cells = names.map((name) => asText(cellOf(name, row, state, bytes)))
    const branch = prefix === null ? '' : `${prefix}${last ? '`-' : '|-'}`
    const below = prefix === null ? '' : `${prefix}${last ? '  ' : '| '}`
    return [[branch + (cells[0] ?? ''), ...cells.slice(1)], ...lines(row.children, names, state, bytes, below)]
  })
}

function table(cells: string[][], names: string[], headings: boolean): string {
  const all = headings ? [names, ...cells] : cells
  const widths = names.map((_, column) => Math.max(...all.map((line) => line[column]?.length ?? 0)))
  const pad = (cell: string, column: number): string =>
    rightAligned.includes(names[column] ?? '') ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)
  return all.map((line) => `${line.map(pad).join(' ')}\n`).join('')
}

/** By major and minor number, as the kernel's devices are listed. */
function inOrder(devices: BlockDevice[]): BlockDevice[] {
  const rank = (device: BlockDevice): number => deviceNumber(device).major * 2 ** 20 + deviceNumber(device).minor
  return devices.toSorted((a, b) => rank(a) - rank(b))
}

const known = [
  '-J --json',
  '-b --bytes',
  '-o --output=',
  '-d --nodeps',
  '-n --noheadings',
  '-p --paths',
  '-l --list',
  '-a --all',
]

export const lsblk: Tool = (state, { args }) => {
  const options = readOptions('lsblk', args, known)
  const names = optionValue(options, '-o')?.toUpperCase().split(',') ?? standard
  const devices = inOrder(allDevices(state))
  const rowOf = (device: BlockDevice): Row => {
    const isParent = isWhole(device) && !has(options, '-d')
    const inner = isParent ? devices.filter((each) => each.partition !== null && each.whole === device.whole) : []
    return { device, children: inner.map((each) => ({ device: each, children: [] })) }
  }
  const asked = options.operands.map((path) => ({ path, device: findDevice(state, path) }))
  const missing = asked.filter(({ device }) => device === undefined).map(({ path }) => path)
  const chosen =
    options.operands.length === 0 ? devices.filter(isWhole) : inOrder(asked.flatMap(({ device }) => device ?? []))
  const rows = chosen.map(rowOf)
  const stderr = missing.map((path) => `lsblk: ${path}: not a block device\n`).join('')
  const bytes = has(options, '-b')
  const stdout = has(options, '-J')
    ? `{\n   "blockdevices": [\n${rows.length === 0 ? '\n' : json(rows, names, state, bytes, '   ')}   ]\n}\n`
    : table(
        rows.flatMap((row) => treeLines(row, names, state, bytes, has(options, '-l'))),
        names,
        !has(options, '-n'),
      )
  const exitCode = missing.length === 0 ? 0 : missing.length === asked.length ? 32 : 64
  return answer(exitCode, exitCode === 32 && !has(options, '-J') ? '' : stdout, stderr)
}

function treeLines(row: Row, names: string[], state: SimState, bytes: boolean, flat: boolean): string[][] {
  const own = lines([{ ...row, children: [] }], names, state, bytes, null)
  return [...own, ...lines(row.children, names, state, bytes, flat ? null : '')]
}

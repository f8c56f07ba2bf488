/** dd(1), as far as scenes need it: zeroes or random bytes over a device, one device copied to another, room taken up by a file. */
import { type BlockDevice, findDevice, useOf } from '../devices.ts'
import { followed, occupy, tidy, writeText } from '../filesystem.ts'
import type { Content, PartitionTable, SimState } from '../model.ts'
import { emptyContent, rereadTable, SECTOR, writtenTable } from '../partitions.ts'
import { labelOffsets } from '../probe.ts'
import { answer, NotSimulated, type Tool, type ToolAnswer } from '../tool.ts'
import { parseBytes } from './sizes.ts'

/** ZFS keeps its data behind two labels and the boot block. */
const LABELS_END = 4 * 2 ** 20

/** Decimal and binary figures as GNU dd prints them. */
function amount(bytes: number): string {
  const scaled = (base: number, units: readonly string[]): string => {
    const exponent = Math.min(units.length, Math.floor(Math.log(Math.max(bytes, 1)) / Math.log(base)))
    const value = bytes / base ** exponent
    const digits = exponent > 0 && value < 10 ? value.toFixed(1) : String(Math.round(value))
    return exponent === 0 ? `${bytes} bytes` : `${digits} ${units[exponent - 1] ?? ''}`
  }
  if (bytes < 1000) return `${bytes} bytes copied`
  const binary = bytes < 1024 ? '' : `, ${scaled(1024, ['KiB', 'MiB', 'GiB', 'TiB'])}`
  return `${bytes} bytes (${scaled(1000, ['kB', 'MB', 'GB', 'TB'])}${binary}) copied`
}

const report = (blocks: number, written: number, bytes: number): string =>
  `${blocks}+0 records in\n${written}+0 records out\n${amount(bytes)}, 1 s, ${(bytes / 1e6).toFixed(1)} MB/s\n`

/** Takes away what lay in a stretch of the device; `wipes` is false when the new bytes may hold signatures themselves. */
function overwrite(state: SimState, device: BlockDevice, from: number, to: number): void {
  const hit = (offset: number): boolean => offset >= from && offset < to
  clear(device.content, device.size, hit)
  if (device.partition !== null) return
  const table = writtenTable(device.whole)
  if (table !== null) device.whole.written = damaged(table, device.size, hit)
  for (const { start, size, content } of [...(device.whole.table?.partitions ?? []), ...(device.whole.remains ?? [])])
    clear(content, size, (offset) => hit(start + offset))
  // A closed device that nobody uses is read again by udev; a table that lost its start shows no partition then (D16).
  if (device.whole.written !== undefined && useOf(state, device) === null) rereadTable(device.whole)
}

function clear(content: Content, size: number, hit: (offset: number) => boolean): void {
  content.signatures = content.signatures.filter(({ offset }) => !hit(offset))
  if (content.label === null) return
  const present = content.label.copies ?? [0, 1, 2, 3]
  const offsets = labelOffsets(size, content.label)
  const copies = present.filter((_, index) => !hit(offsets[index] ?? 0))
  content.label =
    copies.length === 0 ? null : copies.length === present.length ? content.label : { ...content.label, copies }
}

function damaged(table: PartitionTable, size: number, hit: (offset: number) => boolean): PartitionTable | null {
  if (table.type === 'dos') return hit(0x1fe) ? null : table
  const places = [
    ['pmbr', 0x1fe],
    ['primary', 0x200],
    ['backup', size - SECTOR],
  ] as const
  const lost = places.filter(([part, offset]) => hit(offset) || table.lost?.includes(part)).map(([part]) => part)
  if (lost.length === places.length) return null
  return lost.length === 0 ? table : { ...table, lost }
}

function copyDevice(state: SimState, from: BlockDevice, to: BlockDevice): void {
  overwrite(state, to, 0, Math.min(from.size, to.size))
  Object.assign(to.content, structuredClone({ ...emptyContent(), ...from.content }))
}

interface Request {
  source: string
  target: string
  blockSize: number
  count: number | null
  seek: number
}

function parse(args: readonly string[]): Request {
  const given = new Map(args.map((word) => [word.split('=')[0] ?? '', word.slice(word.indexOf('=') + 1)]))
  const unknown = [...given.keys()].find(
    (name) => !['if', 'of', 'bs', 'count', 'seek', 'conv', 'status', 'oflag'].includes(name),
  )
  if (unknown !== undefined) throw new NotSimulated(`dd ${unknown}`)
  const count = given.get('count')
  return {
    source: tidy(given.get('if') ?? ''),
    target: tidy(given.get('of') ?? ''),
    blockSize: parseBytes(given.get('bs') ?? '512') ?? 512,
    count: count === undefined ? null : Number(count),
    seek: Number(given.get('seek') ?? 0),
  }
}

/** Standard input into a file: what it is made from anew, or with `oflag=append conv=notrunc` goes on with. */
function fromInput(state: SimState, args: readonly string[], stdin: string): ToolAnswer {
  const values = new Map(args.map((word) => [word.replace(/=.*/s, ''), word.replace(/^[^=]*=/, '')]))
  const target = followed(state, tidy(values.get('of') ?? ''))
  const words = (values.get('conv') ?? '').split(',').filter((word) => word !== '')
  const strange = [...values.keys()].some((name) => !['of', 'bs', 'conv', 'oflag', 'status'].includes(name))
  const isOdd = words.some((word) => !['notrunc', 'fsync', 'fdatasync'].includes(word))
  const appends = values.get('oflag') === 'append' && words.includes('notrunc')
  if (strange || isOdd || (values.has('oflag') && !appends) || (words.includes('notrunc') && !appends))
    throw new NotSimulated(`dd ${args.join(' ')}`)
  const fault = writeText(state, target, (appends ? (state.files[target]?.content ?? '') : '') + stdin)
  if (fault !== null) return answer(1, '', `dd: failed to open '${values.get('of') ?? ''}': ${fault}\n`)
  const bytes = Buffer.byteLength(stdin)
  const blocks = Math.ceil(bytes / 512)
  return answer(0, '', values.get('status') === 'none' ? '' : report(blocks, blocks, bytes))
}

export const dd: Tool = (state, { args, stdin }) => {
  if (!args.some((word) => word.startsWith('if='))) return fromInput(state, args, stdin)
  const request = parse(args)
  const from = findDevice(state, request.source)
  const to = findDevice(state, request.target)
  const generated = request.source === '/dev/zero' || request.source === '/dev/urandom'
  if (from === undefined && !generated)
    return answer(1, '', `dd: failed to open '${request.source}': No such file or directory\n`)
  if (from?.disk?.readErrors === true)
    return answer(1, '', `dd: error reading '${request.source}': Input/output error\n${report(0, 0, 0)}`)
  return to === undefined ? intoFile(state, request) : ontoDevice(state, request, from, to)
}

function ontoDevice(state: SimState, request: Request, from: BlockDevice | undefined, to: BlockDevice): ToolAnswer {
  const { blockSize, count, seek, target } = request
  if (to.disk?.readOnly === true) return answer(1, '', `dd: failed to open '${target}': Operation not permitted\n`)
  const room = Math.floor(to.size / blockSize) - seek
  const blocks = count ?? (from === undefined ? room : Math.floor(from.size / blockSize))
  const written = Math.min(blocks, room)
  if (from !== undefined && seek === 0 && written * blockSize >= from.size) copyDevice(state, from, to)
  else overwrite(state, to, seek * blockSize, (seek + written) * blockSize)
  const behindLabels = Math.max(0, (seek + written) * blockSize - Math.max(seek * blockSize, LABELS_END))
  if (to.content.label !== null && behindLabels > 0) to.content.damaged = (to.content.damaged ?? 0) + behindLabels
  const done = report(blocks, written, written * blockSize)
  return count === null && from === undefined
    ? answer(1, '', `dd: error writing '${target}': No space left on device\n${done}`)
    : answer(0, '', done)
}

function intoFile(state: SimState, request: Request): ToolAnswer {
  const { blockSize, count, source, target } = request
  if (count === null) throw new NotSimulated('dd without count into a file')
  const fault = writeText(state, target, '')
  if (fault !== null) return answer(1, '', `dd: failed to open '${target}': ${fault}\n`)
  // Zeroes are compressed away.
  const asked = source === '/dev/zero' ? 0 : blockSize * count
  const occupied = occupy(state, target, asked)
  if (occupied.fault === null) return answer(0, '', report(count, count, blockSize * count))
  // A quota is enforced only once it is passed (zfs.jsonl 85).
  const blocks = Math.ceil(occupied.written / blockSize)
  return answer(
    1,
    '',
    `dd: error writing '${target}': ${occupied.fault}\n${report(blocks + 1, blocks, blocks * blockSize)}`,
  )
}

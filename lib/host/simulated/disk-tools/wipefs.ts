/** wipefs(8): lists and erases signatures. It reads the device itself, and asks nobody whether -f is right. */
import { type BlockDevice, findDevice, useOf } from '../devices.ts'
import type { SimState } from '../model.ts'
import { isReadable, rereadTable, writtenTable } from '../partitions.ts'
import { allSignatures, type Found, magicOf } from '../probe.ts'
import { answer, type Tool, type ToolAnswer } from '../tool.ts'
import { has, type Options, optionValue, readOptions } from './options.ts'

const hexOffset = (offset: number): string => `0x${offset.toString(16)}`
const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

/** util-linux's JSON, to the letter: one property a line, indented by three (disks.jsonl 4). */
function asJson(rows: { path: string; found: Found }[]): string {
  const text = (value: string | null) => (value === null ? 'null' : `"${value}"`)
  const objects = rows.map(
    ({ path, found }) =>
      `{\n         "device": "${baseName(path)}",\n         "offset": "${hexOffset(found.offset)}",\n         "type": "${found.type}",\n         "uuid": ${text(found.uuid)},\n         "label": ${text(found.label)}\n      }`,
  )
  return `{\n   "signatures": [\n      ${objects.join(',')}\n   ]\n}\n`.replace('[\n      \n', '[\n\n')
}

function asTable(rows: { path: string; found: Found }[]): string {
  if (rows.length === 0) return ''
  const cells = rows.map(({ path, found }) => [
    baseName(path),
    hexOffset(found.offset),
    found.type,
    found.uuid ?? '',
    found.label ?? '',
  ])
  const all = [['DEVICE', 'OFFSET', 'TYPE', 'UUID', 'LABEL'], ...cells]
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? []
  return all.map((row) => `${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' ')}\n`).join('')
}

/** Erases the signature's magic bytes. */
function erase(device: BlockDevice, found: Found): void {
  const table = device.partition === null ? writtenTable(device.whole) : null
  const part = found.type === 'PMBR' ? 'pmbr' : found.offset === 0x200 ? 'primary' : 'backup'
  if (table !== null && ['gpt', 'PMBR', 'dos'].includes(found.type)) {
    const lost = [...(table.lost ?? []), part] as const
    const allGone = table.type === 'dos' || lost.length === 3
    device.whole.written = allGone ? null : { ...table, lost: [...lost] }
  } else if (found.type === 'zfs_member') {
    // All copies go one after the other; what wipefs leaves of them no tool recognises (facts, D20).
    if (device.content.label !== null) device.content.label.intact = false
  } else {
    device.content.signatures = device.content.signatures.filter(
      ({ type, offset }) => type !== found.type || offset !== found.offset,
    )
  }
}

function wipe(state: SimState, path: string, device: BlockDevice, options: Options): ToolAnswer {
  const inUse = useOf(state, device) !== null
  const forced = has(options, '-f')
  if (inUse && !forced)
    return answer(1, '', `wipefs: error: ${path}: probing initialization failed: Device or resource busy\n`)
  const types = optionValue(options, '-t')?.split(',')
  const wanted = options.given.filter(([name]) => name === '-o').map(([, offset]) => Number(offset))
  const chosen = allSignatures(state, device).filter(
    ({ type, offset }) => (types?.includes(type) ?? true) && (wanted.length === 0 || wanted.includes(offset)),
  )
  const before = writtenTable(device.whole)
  if (!has(options, '-n')) for (const found of chosen) erase(device, found)
  let stdout = ''
  for (const { type, offset } of has(options, '-q') ? [] : chosen) {
    const bytes = magicOf(type)
    const count = bytes.split(' ').length
    stdout += `${path}: ${count} bytes were erased at offset 0x${offset.toString(16).padStart(8, '0')} (${type}): ${bytes}\n`
  }
  // It asks the kernel to look again only when it had the device for itself (disks.jsonl 13, 18).
  const tableGone = isReadable(before) && !isReadable(writtenTable(device.whole))
  if (tableGone && !inUse) {
    rereadTable(device.whole)
    if (!has(options, '-q')) stdout += `${path}: calling ioctl to re-read partition table: Success\n`
  }
  return answer(0, stdout)
}

const known = [
  '-a --all',
  '-b --backup',
  '-f --force',
  '-n --no-act',
  '-J --json',
  '-q --quiet',
  '-o --offset=',
  '-t --types=',
]

export const wipefs: Tool = (state, { args }) => {
  const options = readOptions('wipefs', args, known)
  const rows: { path: string; found: Found }[] = []
  let stdout = ''
  for (const path of options.operands) {
    const device = findDevice(state, path)
    if (device === undefined) {
      return answer(1, stdout, `wipefs: error: ${path}: probing initialization failed: No such file or directory\n`)
    }
    if (device.disk?.readErrors === true)
      return answer(1, stdout, `wipefs: error: ${path}: probing initialization failed: Input/output error\n`)
    if (has(options, '-a') || has(options, '-o')) {
      const wiped = wipe(state, path, device, options)
      stdout += wiped.stdout
      if (wiped.exitCode !== 0) return { ...wiped, stdout }
    } else rows.push(...allSignatures(state, device).map((found) => ({ path, found })))
  }
  if (has(options, '-a') || has(options, '-o')) return answer(0, stdout)
  return answer(0, has(options, '-J') ? asJson(rows) : asTable(rows))
}

/** blockdev, blkdiscard, partprobe and partx. */
import { type BlockDevice, findDevice, useOf } from '../devices.ts'
import type { SimState } from '../model.ts'
import { emptyContent, isReadable, rereadTable, SECTOR, writtenTable } from '../partitions.ts'
import { allSignatures } from '../probe.ts'
import { answer, NotSimulated, type Tool, type ToolAnswer } from '../tool.ts'
import { has, readOptions } from './options.ts'
import { humanSize } from './sizes.ts'

type Command = (state: SimState, device: BlockDevice, path: string) => string | ToolAnswer

const commands: Readonly<Record<string, Command>> = {
  '--getsize64': (_, { size }) => String(size),
  '--getsz': (_, { size }) => String(size / SECTOR),
  '--getss': () => '512',
  '--getpbsz': () => '512',
  '--getro': (_, { disk }) => (disk?.readOnly === true ? '1' : '0'),
  '--flushbufs': () => '',
  '--setro': (_, { disk }) => {
    if (disk !== null) disk.readOnly = true
    return ''
  },
  '--setrw': (_, { disk }) => {
    if (disk !== null) disk.readOnly = false
    return ''
  },
  '--rereadpt': (state, device) => {
    if (useOf(state, device) !== null)
      return answer(1, '', 'blockdev: ioctl error on BLKRRPART: Device or resource busy\n')
    rereadTable(device.whole)
    return ''
  },
}

export const blockdev: Tool = (state, { args }) => {
  const paths = args.filter((word) => !word.startsWith('--'))
  let stdout = ''
  for (const path of paths) {
    const device = findDevice(state, path)
    if (device === undefined) return answer(1, stdout, `blockdev: cannot open ${path}: No such file or directory\n`)
    for (const word of args.filter((each) => each.startsWith('--'))) {
      const command = Object.hasOwn(commands, word) ? commands[word] : undefined
      if (command === undefined) throw new NotSimulated(`blockdev ${word}`)
      const given = command(state, device, path)
      if (typeof given !== 'string') return given
      stdout += given === '' ? '' : `${given}\n`
    }
  }
  return answer(0, stdout)
}

/** Without -z it changes nothing, as in the emulated machine of the recordings; a real SSD may read back zeroes or not. */
export const blkdiscard: Tool = (state, { args }) => {
  const options = readOptions('blkdiscard', args, ['-f --force', '-z --zeroout', '-s --secure', '-v --verbose'])
  const path = options.operands[0] ?? ''
  const device = findDevice(state, path)
  if (device === undefined) return answer(1, '', `blkdiscard: cannot open ${path}: No such file or directory\n`)
  const force = has(options, '-f')
  if (!force && useOf(state, device) !== null)
    return answer(1, '', `blkdiscard: cannot open ${path}: Device or resource busy\n`)
  // -f, or a standard input that is no terminal, is taken for a yes.
  const warning =
    force || allSignatures(state, device).length > 0 ? 'blkdiscard: Operation forced, data will be lost!\n' : ''
  if (has(options, '-z')) zero(state, device)
  return answer(0, '', warning)
}

/** Overwrites everything: nothing remains, not even where partitions used to be. */
export function zero(state: SimState, device: BlockDevice): void {
  Object.assign(device.content, emptyContent())
  if (device.partition !== null) return
  for (const partition of device.whole.table?.partitions ?? []) partition.content = emptyContent()
  device.whole.written = null
  device.whole.remains = []
  if (useOf(state, device) === null) rereadTable(device.whole)
}

export const partprobe: Tool = (state, { args }) => {
  const paths = args.filter((word) => !word.startsWith('-'))
  for (const path of paths) {
    const device = findDevice(state, path)
    if (device === undefined)
      return answer(1, '', `Error: Could not stat device ${path} - No such file or directory.\n`)
    if (useOf(state, device) === null) rereadTable(device.whole)
    else if (device.whole.written !== undefined) return answer(1, '', unable(device))
  }
  return answer(0)
}

const unable = ({ node, whole }: BlockDevice): string => {
  const numbers = whole.table?.partitions.map(({ number }) => number).join(', ')
  return `Error: Partition(s) ${numbers} on ${node} have been written, but we have been unable to inform the kernel of the change, probably because it/they are in use.  As a result, the old partition(s) will remain in use.  You should reboot now before making further changes.\n`
}

export const partx: Tool = (state, { args }) => {
  const options = readOptions('partx', args, ['-s --show', '-d --delete', '-a --add', '-u --update'])
  const path = options.operands[0] ?? ''
  const device = findDevice(state, path)
  if (device === undefined) return answer(1, '', `partx: stat of ${path} failed: No such file or directory\n`)
  const table = writtenTable(device.whole)
  if (!isReadable(table)) return answer(1, '', `partx: ${path}: failed to read partition table\n`)
  if (!has(options, '-s') && has(options, '-d') && table.partitions.length === 0)
    return answer(1, '', 'partx: specified range <1:0> does not make sense\n')
  if (!has(options, '-s')) {
    if (useOf(state, device) === null) rereadTable(device.whole)
    return answer(0)
  }
  const rows = table.partitions.map(({ number, start, size, name, uuid }) =>
    [number, start / SECTOR, (start + size) / SECTOR - 1, size / SECTOR, humanSize(size), name ?? '', uuid].join(' '),
  )
  return answer(0, `NR START END SECTORS SIZE NAME UUID\n${rows.map((row) => `${row}\n`).join('')}`)
}

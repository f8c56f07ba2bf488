/** blkid(8): with -p it probes the device itself; without, it answers from a cache that is taken to be fresh. */
import { allDevices, type BlockDevice, findDevice } from '../devices.ts'
import type { SimState } from '../model.ts'
import { isRecognised, SECTOR, writtenEntry, writtenTable } from '../partitions.ts'
import { type Found, soleSuperblock } from '../probe.ts'
import { answer, NotSimulated, type Tool } from '../tool.ts'
import { diskNumber } from './numbers.ts'
import { has, optionValue, readOptions } from './options.ts'

type Tags = [name: string, value: string][]

const usage: Readonly<Record<string, string>> = {
  crypto_LUKS: 'crypto',
  LVM2_member: 'raid',
  linux_raid_member: 'raid',
  swap: 'other',
}

/** ext4 takes 1 KiB blocks below 512 MiB (mke2fs.conf, type small). */
export const ext4BlockSize = (size: number): number => (size < 512 * 2 ** 20 ? 1024 : 4096)

function superblockTags(device: BlockDevice, found: Found): Tags {
  const label: Tags = found.label === null ? [] : [['LABEL', found.label.replaceAll(' ', '\\ ')]]
  const uuid: Tags = found.uuid === null ? [] : [['UUID', found.uuid]]
  const type: Tags = [
    ['TYPE', found.type],
    ['USAGE', usage[found.type] ?? 'filesystem'],
  ]
  if (found.type === 'zfs_member') return [['VERSION', '5000'], ...label, ...uuid, ...zfsTags(device), ...type]
  if (found.type === 'crypto_LUKS') return [['VERSION', '1'], ...uuid, ...type]
  if (found.type === 'LVM2_member') return [...uuid, ['VERSION', 'LVM2\\ 001'], ...type]
  if (found.type === 'swap') return [...label, ...uuid, ['VERSION', '1'], ...swapTags(device.size), ...type]
  if (!found.type.startsWith('ext')) return [...label, ...uuid, ...type]
  const block = ext4BlockSize(device.size)
  const blocks = Math.floor(device.size / block)
  return [
    ...label,
    ...uuid,
    ['VERSION', '1.0'],
    ['FSBLOCKSIZE', String(block)],
    ['BLOCK_SIZE', String(block)],
    ['FSLASTBLOCK', String(blocks)],
    ['FSSIZE', String(blocks * block)],
    ...type,
  ]
}

/** Since util-linux 2.40: the first page is the header (tests/expected/blkid/low-probe-swap-luks). */
const swapTags = (size: number): Tags => [
  ['FSBLOCKSIZE', '4096'],
  ['FSLASTBLOCK', String(Math.floor(size / 4096))],
  ['FSSIZE', String(Math.floor(size / 4096) * 4096 - 4096)],
  ['ENDIANNESS', 'LITTLE'],
]

/** A spare's label has no pool configuration, so no block size (disks.jsonl 24). */
function zfsTags(device: BlockDevice): Tags {
  const { label } = device.content
  const sizes: Tags = [
    ['FSBLOCKSIZE', '512'],
    ['BLOCK_SIZE', '512'],
  ]
  return [['UUID_SUB', label?.vdevGuid ?? ''], ...(label?.role === 'spare' ? [] : sizes), ['ENDIANNESS', 'LITTLE']]
}

function entryTags(device: BlockDevice): Tags {
  const { partition, whole } = device
  const table = writtenTable(whole)
  if (partition === null || table === null || writtenEntry(whole, partition) === null) return []
  const name: Tags = partition.name === null ? [] : [['PART_ENTRY_NAME', partition.name.replaceAll(' ', '\\ ')]]
  return [
    ['PART_ENTRY_SCHEME', table.type],
    ...name,
    ['PART_ENTRY_UUID', partition.uuid],
    ['PART_ENTRY_TYPE', partition.type],
    ['PART_ENTRY_NUMBER', String(partition.number)],
    ['PART_ENTRY_OFFSET', String(partition.start / SECTOR)],
    ['PART_ENTRY_SIZE', String(partition.size / SECTOR)],
    ['PART_ENTRY_DISK', diskNumber(device)],
  ]
}

/** What `blkid -p` finds: a superblock, or else a partition table. */
function probe(state: SimState, device: BlockDevice): Tags {
  if (device.disk?.readErrors === true) return []
  const table = device.partition === null ? writtenTable(device.whole) : null
  const found = soleSuperblock(state, device)
  if (found !== null) return [...superblockTags(device, found), ...entryTags(device)]
  if (isRecognised(table))
    return [
      ['PTUUID', table.uuid],
      ['PTTYPE', table.type],
    ]
  return isAmbivalent(device) ? [] : entryTags(device)
}

const isAmbivalent = (device: BlockDevice): boolean =>
  device.content.signatures.length > 0 || device.content.label?.intact === true

/** Without -p: fewer tags, and the partition's own names at the end. */
function cached(state: SimState, device: BlockDevice): Tags {
  const tags = probe(state, device)
  const shown = ['LABEL', 'UUID', 'UUID_SUB', 'BLOCK_SIZE', 'TYPE', 'PTUUID', 'PTTYPE']
  const own = tags.filter(([name]) => shown.includes(name))
  const part = (from: string, to: string): Tags => tags.flatMap(([name, value]) => (name === from ? [[to, value]] : []))
  return [...own, ...part('PART_ENTRY_NAME', 'PARTLABEL'), ...part('PART_ENTRY_UUID', 'PARTUUID')]
}

const full = (path: string, tags: Tags): string =>
  `${path}: ${tags.map(([name, value]) => `${name}="${value.replaceAll('\\ ', ' ')}"`).join(' ')}\n`

function format(path: string, tags: Tags, output: string): string {
  if (output === 'full') return full(path, tags)
  if (output === 'value') return tags.map(([, value]) => `${value.replaceAll('\\ ', ' ')}\n`).join('')
  if (output === 'export') return [['DEVNAME', path], ...tags].map(([name, value]) => `${name}=${value}\n`).join('')
  throw new NotSimulated(`blkid -o ${output}`)
}

export const blkid: Tool = (state, { args }) => {
  const options = readOptions('blkid', args, ['-p --probe', '-o --output=', '-s --match-tag=', '-c --cache-file='])
  const probing = has(options, '-p')
  const all = allDevices(state).map(({ node }) => node)
  const paths = options.operands.length === 0 && !probing ? all : options.operands
  const wanted = options.given.filter(([name]) => name === '-s').map(([, tag]) => tag)
  let stdout = ''
  for (const path of paths) {
    const device = findDevice(state, path)
    if (state.files[path]?.type === 'file') throw new NotSimulated('blkid of an image file')
    if (device === undefined) continue
    const tags = (probing ? probe : cached)(state, device).filter(
      ([name]) => wanted.length === 0 || wanted.includes(name),
    )
    // A table alone is not worth a line in the cache's listing (disks.jsonl 17).
    const listed = options.operands.length > 0 || tags.some(([name]) => name === 'TYPE' || name === 'PARTUUID')
    if (tags.length > 0 && listed) stdout += format(path, tags, optionValue(options, '-o') ?? 'full')
  }
  return answer(stdout === '' ? 2 : 0, stdout)
}

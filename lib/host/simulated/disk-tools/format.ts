/** mkfs.ext4, mkswap, swapon and swapoff. */
import { type BlockDevice, findDevice, ownUse, useOf } from '../devices.ts'
import type { Content, Signature, SimState } from '../model.ts'
import { emptyContent, rereadTable } from '../partitions.ts'
import { soleSuperblock } from '../probe.ts'
import { nextUuid } from '../random.ts'
import { answer, NotSimulated, type Tool, type ToolAnswer } from '../tool.ts'
import { ext4BlockSize } from './blkid.ts'
import { has, optionValue, readOptions } from './options.ts'
import { humanSize } from './sizes.ts'

/** The new file system replaces what lay at the device's start; a table and what was in its partitions is gone with it. */
function overwrite(device: BlockDevice, signature: Signature): void {
  if (device.partition === null) {
    device.whole.written = null
    rereadTable(device.whole)
    device.whole.remains = []
  }
  const content: Content = device.content
  const copies = (content.label?.copies ?? [0, 1, 2, 3]).filter((copy) => copy > 1)
  Object.assign(content, emptyContent(), {
    signatures: [signature],
    // The last two copies of a ZFS label lie too far from either end for mke2fs to reach them (facts, D28).
    label: content.label === null || copies.length === 0 ? null : { ...content.label, copies },
  })
}

/** Why nothing may be written here, as the three tools find out each in its words. */
function occupied(state: SimState, device: BlockDevice): 'mounted' | 'busy' | null {
  const use = ownUse(state, device)
  if (use?.kind === 'mounted' || use?.kind === 'system') return 'mounted'
  return useOf(state, device) === null ? null : 'busy'
}

const mkfsOptions = ['-q', '-F', '-L=', '-U=', '-E=', '-m=', '-b=', '-i=', '-I=', '-N=', '-O=', '-T=', '-v']

export const mkfsExt4: Tool = (state, { args }) => {
  const options = readOptions('mkfs.ext4', args, mkfsOptions)
  const path = options.operands[0] ?? ''
  if (state.files[path]?.type === 'file') throw new NotSimulated('mkfs.ext4 in an image file')
  const device = findDevice(state, path)
  if (device === undefined) return answer(1, '', `The file ${path} does not exist and no size was specified.\n`)
  const reason = occupied(state, device)
  // To e2fsprogs swap is a kind of mounted (ext2fs_check_mount_point).
  if (reason === 'mounted' || state.swaps.includes(device.node))
    return answer(1, '', `${path} is mounted; will not make a filesystem here!\n`)
  if (reason === 'busy')
    return answer(1, '', `${path} is apparently in use by the system; will not make a filesystem here!\n`)
  if (device.disk?.readOnly === true)
    return answer(1, '', `${path}: Operation not permitted while setting up superblock\n`)
  const uuid = optionValue(options, '-U') ?? nextUuid(state)
  const label = optionValue(options, '-L')?.slice(0, 16) ?? null
  overwrite(device, { type: 'ext4', offset: 0x438, uuid, label })
  return answer(0, has(options, '-q') ? '' : mkfsReport(device, uuid))
}

function mkfsReport(device: BlockDevice, uuid: string): string {
  const block = ext4BlockSize(device.size)
  const made = `Creating filesystem with ${Math.floor(device.size / block)} ${block / 1024}k blocks\n`
  return `mke2fs 1.47.2 (1-Jan-2025)\n${made}Filesystem UUID: ${uuid}\n\nWriting superblocks and filesystem accounting information: done\n\n`
}

export const mkswap: Tool = (state, { args }) => {
  const options = readOptions('mkswap', args, ['-L --label=', '-U --uuid=', '-f --force', '-q --quiet'])
  const path = options.operands[0] ?? ''
  const device = findDevice(state, path)
  if (device === undefined) return answer(1, '', `mkswap: cannot open ${path}: No such file or directory\n`)
  const reason = occupied(state, device)
  if (reason === 'mounted') return answer(1, '', `mkswap: error: ${path} is mounted; will not make swapspace\n`)
  if (reason === 'busy') return answer(1, '', `mkswap: cannot open ${path}: Device or resource busy\n`)
  if (device.disk?.readOnly === true) return answer(1, '', `mkswap: cannot open ${path}: Permission denied\n`)
  const old = soleSuperblock(state, device)?.type
  const uuid = optionValue(options, '-U') ?? nextUuid(state)
  const label = optionValue(options, '-L') ?? null
  overwrite(device, { type: 'swap', offset: 0xff6, uuid, label })
  // It erases every signature that it recognises, unlike mke2fs, which only writes over them.
  device.content.label = null
  const usable = Math.floor(device.size / 4096) * 4096 - 4096
  const named = label === null ? 'no label, ' : `LABEL=${label}, `
  const stdout = `Setting up swapspace version 1, size = ${swapSize(usable)} (${usable} bytes)\n${named}UUID=${uuid}\n`
  const warning = old === undefined ? '' : `mkswap: ${path}: warning: wiping old ${old} signature.\n`
  return answer(0, has(options, '-q') ? '' : stdout, warning)
}

const swapSize = (bytes: number): string => humanSize(bytes).replace(/([KMGT])$/, ' $1iB')

const isSwap = (device: BlockDevice): boolean => device.content.signatures.some(({ type }) => type === 'swap')

export const swapon: Tool = (state, { args }) => {
  if (args.includes('--json'))
    return answer(1, '', "swapon: unrecognized option '--json'\nTry 'swapon --help' for more information.\n")
  const options = readOptions('swapon', args, ['--show', '-s --summary', '--noheadings', '--bytes'])
  if (has(options, '--show')) return answer(0, swapTable(state))
  for (const path of options.operands) {
    const device = findDevice(state, path)
    if (device === undefined) return answer(255, '', `swapon: cannot open ${path}: No such file or directory\n`)
    if (!isSwap(device)) return answer(255, '', `swapon: ${path}: read swap header failed\n`)
    if (state.swaps.includes(device.node))
      return answer(255, '', `swapon: ${path}: swapon failed: Device or resource busy\n`)
    state.swaps.push(device.node)
  }
  return answer(0)
}

function swapTable(state: SimState): string {
  if (state.swaps.length === 0) return ''
  const rows = state.swaps.map((node, index) => {
    const size = humanSize((findDevice(state, node)?.size ?? 0) - 4096)
    return `${node} partition ${size} 0B ${-2 - index}\n`
  })
  return `NAME TYPE SIZE USED PRIO\n${rows.join('')}`
}

export const swapoff: Tool = (state, { args }) => {
  const options = readOptions('swapoff', args, ['-a --all'])
  if (has(options, '-a')) state.swaps = []
  for (const path of options.operands) {
    const refusal = stopSwapping(state, path)
    if (refusal !== null) return refusal
  }
  return answer(0)
}

function stopSwapping(state: SimState, path: string): ToolAnswer | null {
  const device = findDevice(state, path)
  if (device === undefined || !state.swaps.includes(device.node))
    return answer(
      4,
      '',
      `swapoff: ${path}: swapoff failed: ${device ? 'Invalid argument' : 'No such file or directory'}\n`,
    )
  state.swaps = state.swaps.filter((node) => node !== device.node)
  return null
}

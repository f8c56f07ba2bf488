/** mkfs.ext4, and what making a file system does to what was there. */
import { type BlockDevice, findDevice, ownUse, useOf } from '../devices.ts'
import type { Content, Signature, SimState } from '../model.ts'
import { emptyContent, rereadTable } from '../partitions.ts'
import { nextUuid } from '../random.ts'
import { answer, NotSimulated, type Tool } from '../tool.ts'
import { ext4BlockSize } from './blkid.ts'
import { has, optionValue, readOptions } from './options.ts'

/** The new file system replaces what lay at the device's start; a table and what was in its partitions is gone with it. */
export function overwrite(device: BlockDevice, signature: Signature): void {
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

/** Why nothing may be written here; each tool has its own words for it. */
export function occupied(state: SimState, device: BlockDevice): 'mounted' | 'busy' | null {
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

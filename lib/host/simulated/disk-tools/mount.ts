/** mount, umount and mountpoint, for file systems on block devices, tmpfs, NFS and ZFS with mountpoint=legacy. */
import { type BlockDevice, findDevice } from '../devices.ts'
import { coverFiles, exists, isFolder, showFiles, takeFiles, tidy } from '../filesystem.ts'
import { hideView } from '../guest/views.ts'
import type { Content, Mount, SimState } from '../model.ts'
import { mountNfs } from '../nfs/mount.ts'
import { soleSuperblock } from '../probe.ts'
import { answer, NotSimulated, type Tool, type ToolAnswer } from '../tool.ts'
import { showFiles as showDataset } from '../zfs/mount-files.ts'
import { isBusy, unmountAt } from '../zfs/mounts.ts'
import { findDataset } from '../zfs/tree.ts'
import { type FstabLine, fstabLine, mountAll } from './fstab.ts'
import { has, optionValue, readOptions } from './options.ts'

const mountable = ['ext2', 'ext3', 'ext4', 'xfs', 'btrfs', 'vfat', 'ntfs']
const moreInDmesg = '       dmesg(1) may have more information after failed mount system call.\n'
const refused = (text: string): ToolAnswer => answer(32, '', `mount: ${text}\n${moreInDmesg}`)

/** What can be mounted: also where blkid finds two kinds of signature and names none (facts, D28). */
const fileSystemOn = (content: Content): string | undefined =>
  content.signatures.find(({ type }) => mountable.includes(type))?.type

export const mount: Tool = (state, { args }) => {
  const options = readOptions('mount', args, ['-a --all', '-t --types=', '-o --options=', '-r --read-only'])
  const [source = '', place] = options.operands.map(tidy)
  const wanted = (optionValue(options, '-o') ?? '').split(',').filter((word) => word !== '')
  const type = optionValue(options, '-t')
  if (has(options, '-a')) return mountAll(state, type?.split(','))
  if (wanted.includes('remount')) return remount(state, place ?? source, wanted)
  if (place !== undefined) return mountNow(state, { source, target: place, type: type ?? '', options: wanted })
  if (wanted.length > 0 || source === '') throw new NotSimulated(`mount ${args.join(' ')}`)
  const line = fstabLine(state, source)
  if (line === undefined) return answer(1, '', `mount: ${source}: can't find in /etc/fstab.\n`)
  return mountNow(state, line)
}

/** One file system at one place, whatever fstab says. */
export function mountNow(state: SimState, { source, target: place, type, options: wanted }: FstabLine): ToolAnswer {
  if (type === 'nfs' || type === 'nfs4') {
    const isHelped = state.packages?.['nfs-common']?.status === 'installed'
    if (isHelped) return mountNfs(state, { source, target: place, options: wanted })
    const need = 'for several filesystems (e.g. nfs, cifs) you might need a /sbin/mount.<type> helper program.'
    return refused(`${place}: bad option; ${need}`)
  }
  if (!exists(state, place)) return refused(`${place}: mount point does not exist.`)
  if (!isFolder(state, place)) return refused(`${place}: mount point is not a directory.`)
  if (type === 'tmpfs')
    return attach(
      state,
      { source, target: place, fstype: 'tmpfs', options: withOptions('rw,relatime,inode64', wanted) },
      {},
    )
  if (type === 'zfs') return mountDataset(state, source, place, wanted)
  const device = findDevice(state, source)
  if (device === undefined) return refused(`${place}: special device ${source} does not exist.`)
  return mountDevice(state, device, place, withOptions('rw,relatime', wanted))
}

function mountDevice(state: SimState, device: BlockDevice, place: string, options: string): ToolAnswer {
  const fstype = fileSystemOn(device.content)
  if (fstype === undefined) {
    const known = soleSuperblock(state, device)?.type
    if (known !== undefined) return refused(`${place}: unknown filesystem type '${known}'.`)
    return refused(
      `${place}: wrong fs type, bad option, bad superblock on ${device.node}, missing codepage or helper program, or other error.`,
    )
  }
  if (state.mounts.some(({ source, target }) => source === device.node && target === place))
    return refused(`${place}: ${device.node} already mounted on ${place}.`)
  const superblock = device.content.signatures.find(({ type }) => type === fstype)
  if (superblock && fstype.startsWith('ext')) superblock.lastMounted = place
  const { files } = device.content
  device.content.files = {}
  return attach(state, { source: device.node, target: place, fstype, options }, files)
}

function attach(state: SimState, mounted: Mount, files: Record<string, string>): ToolAnswer {
  mounted.covered = coverFiles(state, mounted.target)
  state.mounts.push(mounted)
  showFiles(state, mounted.target, files)
  return answer(0)
}

function mountDataset(state: SimState, name: string, place: string, wanted: readonly string[]): ToolAnswer {
  const dataset = findDataset(state, name)
  if (dataset === undefined)
    return answer(2, '', `filesystem '${name}' cannot be mounted, unable to open the dataset\n`)
  if (dataset.properties.mountpoint !== 'legacy' && !wanted.includes('zfsutil'))
    return answer(
      1,
      '',
      `filesystem '${name}' cannot be mounted using 'mount'.\nUse 'zfs set mountpoint=legacy' or 'zfs mount ${name}'.\nSee zfs(8) for more information.\n`,
    )
  const mounted: Mount = {
    source: name,
    target: place,
    fstype: 'zfs',
    options: withOptions('rw,relatime,xattr,noacl,casesensitive', wanted),
  }
  state.mounts.push(mounted)
  showDataset(state, mounted, dataset)
  dataset.mounted = true
  return answer(0)
}

const opposites: Readonly<Record<string, string>> = {
  ro: 'rw',
  rw: 'ro',
  noatime: 'relatime',
  atime: 'noatime',
  exec: 'noexec',
  suid: 'nosuid',
  dev: 'nodev',
}
/** Said when they are on, unsaid when they are off, as in /proc/mounts. */
const unsaid = ['exec', 'suid', 'dev', 'atime', 'defaults', 'remount', 'zfsutil']

/** The kernel shows access first, then what is forbidden, then the rest. */
export function withOptions(present: string, wanted: readonly string[]): string {
  let options = present.split(',')
  for (const word of wanted) {
    options = options.filter((each) => each !== opposites[word] && each !== word)
    if (!unsaid.includes(word)) options.push(word)
  }
  const rank = (word: string): number =>
    ['rw,ro', 'nosuid', 'nodev', 'noexec'].findIndex((group) => group.split(',').includes(word))
  const ranked = options.map((word) => ({ word, order: rank(word) < 0 ? 9 : rank(word) }))
  return ranked
    .toSorted((a, b) => a.order - b.order)
    .map(({ word }) => word)
    .join(',')
}

function remount(state: SimState, place: string, wanted: string[]): ToolAnswer {
  const mounted = state.mounts.findLast(({ target }) => target === place)
  if (mounted === undefined) return refused(`${place}: mount point not mounted or bad option.`)
  mounted.options = withOptions(mounted.options, wanted)
  return answer(0)
}

export const umount: Tool = (state, { args }) => {
  const options = readOptions('umount', args, ['-f --force', '-l --lazy'])
  for (const operand of options.operands.map(tidy)) {
    const node = findDevice(state, operand)?.node
    const mounted = state.mounts.findLast(({ target, source }) => target === operand || source === (node ?? operand))
    if (mounted === undefined) {
      if (node === undefined && !exists(state, operand))
        return answer(32, '', `umount: ${operand}: no mount point specified.\n`)
      return answer(32, '', `umount: ${operand}: not mounted.\n`)
    }
    if (mounted.target === '/' || (isBusy(state, mounted.target) && !has(options, '-l')))
      return answer(32, '', `umount: ${mounted.target}: target is busy.\n`)
    detach(state, mounted)
  }
  return answer(0)
}

/** What is written at a node, also of a disk that is not there at the moment. */
function contentAt(state: SimState, node: string): Content | undefined {
  const everything = { ...state, disks: state.disks.map((disk) => ({ ...disk, present: true })) }
  return findDevice(everything, node)?.content
}

/** What was written on it stays in the device and comes back with the next mount. */
function detach(state: SimState, mounted: Mount): void {
  if (mounted.fstype === 'zfs') {
    unmountAt(state, mounted.target)
    return
  }
  if (mounted.behind) hideView(state, mounted)
  const files = takeFiles(state, mounted.target)
  const others = state.mounts.filter((each) => each !== mounted)
  // The files of a disk that was pulled out are on that disk.
  const device = contentAt(state, mounted.source)
  if (device !== undefined && !others.some(({ source }) => source === mounted.source)) device.files = files
  Object.assign(state.files, mounted.covered ?? {})
  state.mounts = others
}

/** Whatever is there, the last first. */
export function unmountNow(state: SimState, place: string): void {
  for (const mounted of state.mounts.toReversed()) if (mounted.target === place) detach(state, mounted)
}

/** Everything that is mounted goes, whatever holds it: a machine goes down. The root file system stays. */
export function unmountEverything(state: SimState): void {
  state.holders = []
  for (const mounted of state.mounts.toReversed()) if (mounted.target !== '/') detach(state, mounted)
}

export const mountpoint: Tool = (state, { args }) => {
  const options = readOptions('mountpoint', args, ['-q --quiet', '-d --fs-devno'])
  const path = tidy(options.operands[0] ?? '')
  const quiet = has(options, '-q')
  if (!exists(state, path)) return answer(1, '', quiet ? '' : `mountpoint: ${path}: No such file or directory\n`)
  const is = state.mounts.some(({ target }) => target === path)
  return answer(is ? 0 : 32, quiet ? '' : `${path} is ${is ? '' : 'not '}a mountpoint\n`)
}

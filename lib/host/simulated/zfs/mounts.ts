/** Mounting and unmounting of file systems, as libzfs does it (libzfs_mount.c). */
import { makeFolders } from '../filesystem.ts'
import type { Dataset, Mount, Pool, SimState } from '../model.ts'
import { effective, mountpointOf } from './inheritance.ts'
import { hideFiles, isEmptyFolder, removeFolder, showFiles } from './mount-files.ts'
import { shareAt, unshareAt } from './shares.ts'
import { compareNames, type Lookup, lookupIn } from './tree.ts'

/** The mount of a file system, the last one when there are several. */
export const mountOf = (state: SimState, dataset: string): Mount | undefined =>
  state.mounts.findLast((mount) => mount.fstype === 'zfs' && mount.source === dataset)

export const isMounted = (state: SimState, dataset: Dataset): boolean => mountOf(state, dataset.name) !== undefined

const isAbove = (path: string, other: string): boolean => other.startsWith(path === '/' ? '/' : `${path}/`)

/** Options as the kernel shows them in /proc/mounts (disks.jsonl scene 30). */
export function mountOptions(pool: Pool, lookup: Lookup, dataset: Dataset): string {
  const on = (name: string): boolean => effective(lookup, dataset, name) === 'on'
  const times = !on('atime') ? ['noatime'] : on('relatime') ? ['relatime'] : []
  const acl = { off: 'noacl', posix: 'posixacl', nfsv4: 'nfs4acl' }[effective(lookup, dataset, 'acltype')] ?? 'noacl'
  const cases = { insensitive: 'caseinsensitive', mixed: 'casemixed' }[dataset.onetime.casesensitivity ?? '']
  return [
    on('readonly') || pool.readOnly === true ? 'ro' : 'rw',
    ...(on('setuid') ? [] : ['nosuid']),
    ...(on('devices') ? [] : ['nodev']),
    ...(on('exec') ? [] : ['noexec']),
    ...times,
    effective(lookup, dataset, 'xattr') === 'off' ? 'noxattr' : 'xattr',
    acl,
    cases ?? 'casesensitive',
  ].join(',')
}

/** Whether `zfs mount` has anything to do: a path, and canmount not off. */
export function isMountable(pool: Pool, lookup: Lookup, dataset: Dataset): boolean {
  if (dataset.type !== 'filesystem' || !mountpointOf(pool, lookup, dataset).value.startsWith('/')) return false
  return effective(lookup, dataset, 'canmount') !== 'off'
}

/** Mounts at the place its properties say. The line for stderr when that failed, or null (also when it isn't mountable). */
export function mountDataset(state: SimState, pool: Pool, dataset: Dataset, overlay = false): string | null {
  const lookup = lookupIn(pool)
  if (!isMountable(pool, lookup, dataset)) return null
  const target = mountpointOf(pool, lookup, dataset).value
  if (!dataset.keyLoaded) return `cannot mount '${target}': encryption key not loaded\n`
  if (state.files[target]?.type === 'file') return `cannot mount '${dataset.name}': Not a directory\n`
  const fault = target === '/' ? null : makeFolders(state, target)
  if (fault !== null) return `cannot mount '${target}': failed to create mountpoint: ${fault}\n`
  const covers = overlay || effective(lookup, dataset, 'overlay') === 'on'
  if (!covers && !isEmptyFolder(state, target)) return `cannot mount '${target}': directory is not empty\n`
  mountAt(state, pool, dataset, target)
  return null
}

/** mount(2) alone: for a legacy mountpoint the place is in nobody's properties. */
function mountAt(state: SimState, pool: Pool, dataset: Dataset, target: string): void {
  const options = mountOptions(pool, lookupIn(pool), dataset)
  const mount: Mount = { source: dataset.name, target, fstype: 'zfs', options }
  state.mounts.push(mount)
  showFiles(state, mount, dataset)
  dataset.mounted = true
}

/** Mounts and shares; the stderr line when mounting failed. */
export function mountAndShare(state: SimState, pool: Pool, dataset: Dataset, overlay = false): string | null {
  const failed = mountDataset(state, pool, dataset, overlay)
  if (failed === null) shareDataset(state, pool, dataset)
  return failed
}

/** Shares it when it is mounted and its properties say so. */
export function shareDataset(state: SimState, pool: Pool, dataset: Dataset): void {
  const mount = mountOf(state, dataset.name)
  if (mount !== undefined) shareAt(state, mount.target, effective(lookupIn(pool), dataset, 'sharenfs'))
}

/** A process or another mount below keeps a path from being unmounted, with -f too (facts: Z93, Z102). */
export const isBusy = (state: SimState, path: string): boolean =>
  state.holders.some((holder) => holder.path === path || isAbove(path, holder.path)) ||
  state.mounts.some((mount) => isAbove(path, mount.target))

/** umount(2): what is on top at the path goes. The stderr line when it is busy, or null. */
export function unmountAt(state: SimState, target: string): string | null {
  const index = state.mounts.findLastIndex((mount) => mount.target === target)
  const mount = state.mounts[index]
  if (mount === undefined) return null
  if (isBusy(state, target)) return `cannot unmount '${target}': pool or dataset is busy\n`
  const dataset = datasetOf(state, mount)
  unshareAt(state, target)
  state.mounts.splice(index, 1)
  hideFiles(state, mount, dataset)
  if (dataset !== undefined) dataset.mounted = mountOf(state, dataset.name) !== undefined
  return null
}

/** Unmounts the file system where it is mounted, which is not always where its properties say. */
export function unmountDataset(state: SimState, dataset: Dataset): string | null {
  const mount = mountOf(state, dataset.name)
  return mount === undefined ? null : unmountAt(state, mount.target)
}

function datasetOf(state: SimState, mount: Mount): Dataset | undefined {
  if (mount.fstype !== 'zfs') return undefined
  for (const pool of state.pools) {
    const found = pool.presence === 'imported' && pool.datasets.find((dataset) => dataset.name === mount.source)
    if (found) return found
  }
  return undefined
}

/** Removes the folder it was mounted on, unless a person had named it (remove_mountpoint in libzfs_mount.c). */
export function removeMountpoint(state: SimState, pool: Pool, dataset: Dataset): void {
  const lookup = lookupIn(pool)
  if (!isMountable(pool, lookup, dataset)) return
  const { value, source } = mountpointOf(pool, lookup, dataset)
  if (source === 'default' || typeof source === 'object') removeFolder(state, value)
}

/**
 * Mounts and shares every file system of a pool that mounts by itself, parents first, as after an import, a boot or
 * `zfs mount -a`. Locked ones are left out without a word (Z100). Lines for stderr.
 */
export function mountPool(state: SimState, pool: Pool, overlay = false): string[] {
  const lookup = lookupIn(pool)
  const mounted = new Set(state.mounts.filter((mount) => mount.fstype === 'zfs').map((mount) => mount.source))
  const wanted = pool.datasets.flatMap((dataset) => {
    if (!isMountable(pool, lookup, dataset) || effective(lookup, dataset, 'canmount') !== 'on') return []
    if (!dataset.keyLoaded || mounted.has(dataset.name)) return []
    return [{ dataset, target: mountpointOf(pool, lookup, dataset).value }]
  })
  wanted.sort((a, b) => compareNames(a.target, b.target) || compareNames(a.dataset.name, b.dataset.name))
  const lines: string[] = []
  for (const { dataset } of wanted) {
    const failed = mountAndShare(state, pool, dataset, overlay)
    if (failed !== null) lines.push(failed.trimEnd())
  }
  return lines
}

/**
 * Unmounts everything of a pool, deepest first, as export and destroy do. What had gone before the busy one stays
 * unmounted. Null, or the error text without its newline.
 */
export function unmountPool(state: SimState, pool: Pool): string | null {
  const mine = state.mounts.filter(
    (mount) => mount.fstype === 'zfs' && (mount.source === pool.name || mount.source.startsWith(`${pool.name}/`)),
  )
  const targets = mine.map((mount) => mount.target).sort((a, b) => compareNames(b, a))
  for (const target of targets) {
    const failed = unmountAt(state, target)
    if (failed !== null) return failed.trimEnd()
  }
  const gone = new Set(mine.map((mount) => mount.source))
  const unmounted = pool.datasets.filter((dataset) => gone.has(dataset.name))
  for (const dataset of unmounted.sort((a, b) => compareNames(b.name, a.name))) removeMountpoint(state, pool, dataset)
  return null
}

/**
 * Brings the options of what is mounted into line with changed properties. The tool goes by the path: what is mounted
 * over it there becomes read-only with it (scene 96).
 */
export function refreshMountOptions(state: SimState, pool: Pool, datasets: readonly Dataset[]): void {
  const lookup = lookupIn(pool)
  for (const dataset of datasets) {
    const mount = mountOf(state, dataset.name)
    if (mount === undefined) continue
    mount.options = mountOptions(pool, lookup, dataset)
    const top = state.mounts.findLast(({ target }) => target === mount.target)
    if (top === undefined || top === mount) continue
    const access = mount.options.startsWith('ro') ? 'ro' : 'rw'
    top.options = top.options.replace(/^r[ow]\b/, access)
  }
}

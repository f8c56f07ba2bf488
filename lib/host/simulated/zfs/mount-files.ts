/**
 * What a mount hides and shows. `SimState.files` is what a process sees; what is not visible waits in the mount that
 * covers it or in the dataset that is not mounted.
 */
import type { Dataset, Mount, SimFile, SimState } from '../model.ts'

/** Takes everything below `path` out of the visible files. */
function takeBelow(state: SimState, path: string): Record<string, SimFile> {
  const prefix = path === '/' ? '/' : `${path}/`
  const taken: Record<string, SimFile> = {}
  for (const [name, file] of Object.entries(state.files)) {
    if (!name.startsWith(prefix)) continue
    taken[name] = file
    delete state.files[name]
  }
  return taken
}

/** Shows a dataset's files at the mount's target and puts aside what was there. */
export function showFiles(state: SimState, mount: Mount, dataset: Dataset): void {
  mount.covered = takeBelow(state, mount.target)
  for (const [path, file] of Object.entries(dataset.files ?? {})) state.files[`${mount.target}/${path}`] = file
  delete dataset.files
}

/** The other way round, when the mount goes. */
export function hideFiles(state: SimState, mount: Mount, dataset: Dataset | undefined): void {
  const files: Record<string, SimFile> = {}
  for (const [path, file] of Object.entries(takeBelow(state, mount.target))) {
    files[path.slice(mount.target.length + 1)] = file
  }
  if (dataset !== undefined && Object.keys(files).length > 0) dataset.files = files
  Object.assign(state.files, mount.covered ?? {})
}

/** The files of a dataset now, mounted or not. */
export function filesOf(state: SimState, dataset: Dataset): Record<string, SimFile> {
  const mount = state.mounts.find((each) => each.fstype === 'zfs' && each.source === dataset.name)
  if (mount === undefined) return { ...dataset.files }
  const others = state.mounts.filter((each) => each !== mount && each.target.startsWith(`${mount.target}/`))
  const files: Record<string, SimFile> = {}
  for (const [path, file] of Object.entries(state.files)) {
    if (!path.startsWith(`${mount.target}/`)) continue
    if (others.some((other) => path.startsWith(`${other.target}/`))) continue
    files[path.slice(mount.target.length + 1)] = { ...file }
  }
  return files
}

/** Puts other files into a dataset (a rollback). */
export function replaceFiles(state: SimState, dataset: Dataset, files: Record<string, SimFile>): void {
  const mount = state.mounts.find((each) => each.fstype === 'zfs' && each.source === dataset.name)
  if (mount === undefined) {
    dataset.files = { ...files }
    return
  }
  for (const path of Object.keys(filesOf(state, dataset))) delete state.files[`${mount.target}/${path}`]
  for (const [path, file] of Object.entries(files)) state.files[`${mount.target}/${path}`] = { ...file }
}

/** The mount whose file system holds the path. */
export function mountUnder(state: SimState, path: string): Mount | undefined {
  let best: Mount | undefined
  for (const mount of state.mounts) {
    const inside = mount.target === '/' || path === mount.target || path.startsWith(`${mount.target}/`)
    if (inside && (best === undefined || mount.target.length >= best.target.length)) best = mount
  }
  return best
}

export const isEmptyFolder = (state: SimState, path: string): boolean =>
  !Object.keys(state.files).some((name) => name.startsWith(`${path}/`))

/** rmdir, silently failing as ZFS lets it. */
export function removeFolder(state: SimState, path: string): void {
  if (state.files[path]?.type !== 'dir' || !isEmptyFolder(state, path)) return
  if (!state.mounts.some((mount) => mount.target === path)) delete state.files[path]
}

/** Files and folders as a process of the host sees them. Errors are those of the system calls, without the tool's part. */
import type { Dataset, SimFile, SimState } from './model.ts'
import { mountUnder } from './zfs/mount-files.ts'
import { spaceOf } from './zfs/space.ts'
import { findDataset, importedPool, poolNameOf } from './zfs/tree.ts'

/** The text after the tool's colon, such as `No such file or directory`; null when it worked. */
export type Errno = string | null

export const isFolder = (state: SimState, path: string): boolean =>
  path === '/' || state.files[path]?.type === 'dir' || state.mounts.some(({ target }) => target === path)

export const exists = (state: SimState, path: string): boolean =>
  state.files[path] !== undefined || isFolder(state, path)

/** Where the symbolic link there leads, or the path itself. */
export function followed(state: SimState, path: string): string {
  const target = state.symlinks?.[path]
  return target === undefined || target === path ? path : followed(state, target)
}

/** Why there is nothing at a path: ENOTDIR when what is above it is a file. */
export const absence = (state: SimState, path: string): string =>
  state.files[parentOf(path)]?.type === 'file' ? 'Not a directory' : 'No such file or directory'

export const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/'

/** Without a slash at the end and doubled ones. */
export const tidy = (path: string): string => path.replace(/\/+/g, '/').replace(/(.)\/$/, '$1')

function isReadOnlyAt(state: SimState, path: string): boolean {
  const mount = mountUnder(state, path)
  return mount?.behind?.readOnly === true || mount?.options.split(',').includes('ro') === true
}

export function canCreate(state: SimState, path: string): Errno {
  if (state.files[parentOf(path)]?.type === 'file') return 'Not a directory'
  if (!isFolder(state, parentOf(path))) return 'No such file or directory'
  if (isReadOnlyAt(state, path)) return 'Read-only file system'
  const under = mountUnder(state, path)
  return under?.behind?.isClosed && under.target === parentOf(path) ? 'Permission denied' : null
}

export function writeText(state: SimState, path: string, content: string, mode = 0o644): Errno {
  if (isFolder(state, path)) return 'Is a directory'
  const fault = canCreate(state, path)
  if (fault === null) state.files[path] = { mode, ...state.files[path], type: 'file', content }
  return fault
}

export function makeFolder(state: SimState, path: string): Errno {
  if (exists(state, path)) return 'File exists'
  const fault = canCreate(state, path)
  if (fault === null) state.files[path] = { type: 'dir', content: '', mode: 0o755 }
  return fault
}

/** With everything that is missing above it. */
export function makeFolders(state: SimState, path: string): Errno {
  const parts = path.split('/').filter((part) => part !== '')
  for (let depth = 1; depth <= parts.length; depth++) {
    const at = `/${parts.slice(0, depth).join('/')}`
    if (isFolder(state, at)) continue
    const fault = state.files[at]?.type === 'file' && depth < parts.length ? 'Not a directory' : makeFolder(state, at)
    if (fault !== null) return fault
  }
  return null
}

/** Names right below a folder, sorted. */
export function namesIn(state: SimState, folder: string): string[] {
  const prefix = folder === '/' ? '/' : `${folder}/`
  const links = Object.keys(state.symlinks ?? {})
  const paths = [...Object.keys(state.files), ...links, ...state.mounts.map(({ target }) => target)]
  const inside = paths.filter((path) => path.startsWith(prefix) && path !== folder)
  return [...new Set(inside.map((path) => path.slice(prefix.length).split('/')[0] ?? ''))].sort()
}

/** What a mount of this file system shows: `path` inside it to text. A folder's path ends in a slash. */
export function takeFiles(state: SimState, target: string): Record<string, string> {
  const taken: Record<string, string> = {}
  for (const [path, file] of below(state, target)) {
    taken[path.slice(target.length + 1) + (file.type === 'dir' ? '/' : '')] = file.content
    delete state.files[path]
  }
  return taken
}

export function showFiles(state: SimState, target: string, files: Record<string, string>): void {
  for (const [path, content] of Object.entries(files)) {
    const isDir = path.endsWith('/')
    const file: SimFile = { type: isDir ? 'dir' : 'file', content, mode: isDir ? 0o755 : 0o644 }
    state.files[`${target}/${isDir ? path.slice(0, -1) : path}`] = file
  }
}

/** Takes out what a new mount hides. */
export function coverFiles(state: SimState, target: string): Record<string, SimFile> {
  const covered = Object.fromEntries(below(state, target))
  for (const path of Object.keys(covered)) delete state.files[path]
  return covered
}

const below = (state: SimState, target: string): [string, SimFile][] =>
  Object.entries(state.files).filter(([path]) => path.startsWith(`${target}/`))

/** Takes up room in the dataset that holds the path; what fits of it, in bytes. */
export function occupy(state: SimState, path: string, bytes: number): { written: number; fault: Errno } {
  const mount = mountUnder(state, path)
  const dataset: Dataset | undefined = mount?.fstype === 'zfs' ? findDataset(state, mount.source) : undefined
  const pool = dataset === undefined ? undefined : importedPool(state, poolNameOf(dataset.name))
  if (dataset === undefined || pool === undefined) return { written: bytes, fault: null }
  const available = spaceOf(pool).get(dataset.name)?.available ?? bytes
  const limit = Math.min(available, Number(dataset.properties.refquota ?? 0) || available)
  const written = Math.min(bytes, limit)
  dataset.used += written
  const limited = ['quota', 'refquota'].some((name) => Number(dataset.properties[name] ?? 0) > 0)
  const fault = limited ? 'Disk quota exceeded' : 'No space left on device'
  return { written, fault: written < bytes ? fault : null }
}

/**
 * Folders of the host that are seen in a guest: NFS shares, and what a container has mounted. Their files are the
 * host's alone; the guest's system holds them only while somebody works in it.
 */
import { coverFiles } from '../filesystem.ts'
import type { Mount, SimFile, SimState } from '../model.ts'
import { placeOf } from './place.ts'

/** What was shown, by path in the guest, as text: only what is another one afterwards goes back to the host. */
const shown = new WeakMap<Mount, ReadonlyMap<string, string>>()

const mappedIds = 65536
const nobody = 65534

/** Owners as an unprivileged container sees them: those of its own range, and nobody (user_namespaces(7)). */
function inward(file: SimFile, shift: number): SimFile {
  const id = (number = 0): number => (number >= shift && number < shift + mappedIds ? number - shift : nobody)
  return shift === 0 ? { ...file } : { ...file, uid: id(file.uid), gid: id(file.gid) }
}

const outward = (file: SimFile, shift: number): SimFile =>
  shift === 0 ? { ...file } : { ...file, uid: (file.uid ?? 0) + shift, gid: (file.gid ?? 0) + shift }

const below = (system: SimState, folder: string): [string, SimFile][] =>
  Object.entries(system.files).filter(([path]) => path.startsWith(`${folder}/`))

/** A new mount hides what was there, and shows what is behind it. */
export function mountView(system: SimState, mount: Mount): void {
  system.mounts.push({ ...mount, covered: coverFiles(system, mount.target) })
  const made = system.mounts.at(-1)
  if (made) showView(system, made)
}

export function showView(system: SimState, mount: Mount): void {
  const host = placeOf(system)?.host
  const { behind, target } = mount
  if (!host || !behind) return
  const texts = new Map<string, string>()
  for (const [path, file] of below(host, behind.path)) {
    const at = target + path.slice(behind.path.length)
    const seen = inward(file, behind.shift ?? 0)
    system.files[at] = seen
    texts.set(at, JSON.stringify(seen))
  }
  shown.set(mount, texts)
}

/** Takes the host's files out of the guest's, and gives back to the host what has changed. */
export function hideView(system: SimState, mount: Mount): void {
  const host = placeOf(system)?.host
  const { behind, target } = mount
  const before = shown.get(mount)
  if (!host || !behind || !before) return
  const outside = (path: string): string => behind.path + path.slice(target.length)
  const now = new Map(below(system, target))
  for (const path of before.keys()) if (!now.has(path)) delete host.files[outside(path)]
  for (const [path, file] of now) {
    if (before.get(path) !== JSON.stringify(file)) host.files[outside(path)] = outward(file, behind.shift ?? 0)
    delete system.files[path]
  }
  shown.delete(mount)
}

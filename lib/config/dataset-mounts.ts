/** Where datasets are mounted, as far as the config says: ZFS's own default is /<pool>/<name>, inherited downwards. */
import { plainPath } from './plain-path.ts'

export interface MountedDataset {
  /** Full name, with the pool. */
  readonly name: string
  /** The dataset's own mountpoint property. */
  readonly mountpoint: string | undefined
  readonly type: 'filesystem' | 'volume'
}

/** Full name → mount point; null for what is not mounted by ZFS (none, legacy, volumes). */
export function mountPoints(datasets: readonly MountedDataset[]): Map<string, string | null> {
  const own = new Map(datasets.map((dataset) => [dataset.name, dataset]))
  return new Map(datasets.map(({ name, type }) => [name, type === 'volume' ? null : inheritedFrom(name, own)]))
}

function inheritedFrom(name: string, own: ReadonlyMap<string, MountedDataset>): string | null {
  const set = own.get(name)?.mountpoint
  if (set !== undefined) return set === 'none' || set === 'legacy' ? null : plainPath(set)
  const slash = name.lastIndexOf('/')
  if (slash === -1) return `/${name}`
  const above = inheritedFrom(name.slice(0, slash), own)
  if (above === null) return null
  return above === '/' ? `/${name.slice(slash + 1)}` : `${above}/${name.slice(slash + 1)}`
}

/** Whether a path is the folder itself or something below it; `/a/bc` is not below `/a/b`. */
export function liesIn(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`)
}

export function withoutSlash(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, '') : path
}

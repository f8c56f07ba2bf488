/** Which declared dataset a path of the host lies on. */
import { liesIn, mountPoints } from './dataset-mounts.ts'
import { oncePer } from './once.ts'
import type { DeclaredZfs } from './zfs.ts'

export interface PathGround {
  readonly pool: string
  /** Full name, with the pool; the pool itself for its root dataset. */
  readonly dataset: string
  /** Where that is mounted. */
  readonly at: string
  /** The dataset whose declared mountpoint says so, itself or one above; null when ZFS's defaults do. */
  readonly placedBy: string | null
}

/** Where every declared dataset is mounted, and which say so themselves. */
const mountsOf = oncePer((zfs: DeclaredZfs) => {
  const datasets = [
    ...zfs.pools.map(({ name, rootProperties }) => {
      return { name, type: 'filesystem' as const, mountpoint: rootProperties.mountpoint }
    }),
    ...zfs.datasets.map((dataset) => ({ ...dataset, mountpoint: dataset.properties.mountpoint })),
  ]
  const placed = datasets.filter(({ mountpoint }) => mountpoint !== undefined).map(({ name }) => name)
  return { mounted: mountPoints(datasets), placed }
})

/** The dataset mounted nearest above the path, or null when the path lies on none that is declared. */
export function groundOfPath(path: string, zfs: DeclaredZfs): PathGround | null {
  const { mounted, placed } = mountsOf(zfs)
  let ground: PathGround | null = null
  for (const [dataset, at] of mounted) {
    if (at === null || at === '/' || !liesIn(path, at) || at.length < (ground?.at.length ?? 0)) continue
    const placedBy = placed.filter((name) => liesIn(dataset, name)).sort((a, b) => b.length - a.length)[0] ?? null
    ground = { pool: dataset.split('/')[0] ?? dataset, dataset, at, placedBy }
  }
  return ground
}

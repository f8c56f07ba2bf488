/** Which declared dataset a path of the host lies on. */
import { liesIn, mountPoints } from './dataset-mounts.ts'
import type { DeclaredZfs } from './zfs.ts'

export interface PathGround {
  readonly pool: string
  /** Full name, with the pool; the pool itself for its root dataset. */
  readonly dataset: string
  /** Where that is mounted. */
  readonly at: string
}

/** The dataset mounted nearest above the path, or null when the path lies on none that is declared. */
export function groundOfPath(path: string, zfs: DeclaredZfs): PathGround | null {
  const mounted = mountPoints([
    ...zfs.pools.map(({ name, rootProperties }) => {
      return { name, type: 'filesystem' as const, mountpoint: rootProperties.mountpoint }
    }),
    ...zfs.datasets.map((dataset) => ({ ...dataset, mountpoint: dataset.properties.mountpoint })),
  ])
  let ground: PathGround | null = null
  for (const [dataset, at] of mounted) {
    if (at === null || at === '/' || !liesIn(path, at) || at.length < (ground?.at.length ?? 0)) continue
    ground = { pool: dataset.split('/')[0] ?? dataset, dataset, at }
  }
  return ground
}

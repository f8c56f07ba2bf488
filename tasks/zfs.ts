/** Module `zfs`: one task a pool, with all its datasets. */
import { mountPoints } from '../lib/config/dataset-mounts.ts'
import type { PhxConfig } from '../lib/config/generated/types.ts'
import {
  type DeclaredDataset,
  type DeclaredPool,
  type DeclaredVdev,
  type DeclaredZfs,
  declaredZfs,
} from '../lib/config/zfs.ts'
import type { Task, TaskModule, Value } from '../lib/engine/resource.ts'
import { Dataset } from '../lib/resources/dataset/dataset.ts'
import { normalProperties } from '../lib/resources/dataset/properties.ts'
import { type DatasetsProbe, datasetsProbe } from '../lib/resources/probes/datasets.ts'
import { ZPool } from '../lib/resources/zpool/pool.ts'

/** A vdev as a fingerprint sees it: the order of disks means nothing. */
const vdevInput = ({ role, type, disks }: DeclaredVdev): string => `${role} ${type} ${[...disks].sort().join(' ')}`

/** The root dataset, as a dataset: what the pool's section says of it. */
const rootDataset = (pool: DeclaredPool): DeclaredDataset => ({
  name: pool.name,
  pool: pool.name,
  type: 'filesystem',
  size: null,
  properties: pool.rootProperties,
})

function inputsOf(pool: DeclaredPool, datasets: readonly DeclaredDataset[]): Record<string, Value> {
  return {
    layout: pool.vdevs.map(vdevInput).sort(),
    'pool properties': { ...pool.poolProperties },
    'root properties': normalProperties(pool.rootProperties),
    import: pool.import,
    datasets: Object.fromEntries(
      datasets.map(({ name, type, size, properties }): [string, Value] => {
        return [name, { type, ...(size === null ? {} : { size }), properties: normalProperties(properties) }]
      }),
    ),
  }
}

function taskOf(pool: DeclaredPool, zfs: DeclaredZfs, probe: DatasetsProbe): Task {
  const datasets = zfs.datasets.filter((dataset) => dataset.pool === pool.name)
  const all = [rootDataset(pool), ...datasets]
  const places = mountPoints(all.map((dataset) => ({ ...dataset, mountpoint: dataset.properties.mountpoint })))
  return {
    id: `zfs:${pool.name}`,
    title: `ZFS pool ${pool.name} and its datasets`,
    version: 1,
    groups: ['zfs', 'setup'],
    needs: [],
    inputs: inputsOf(pool, datasets),
    resources: [
      new ZPool(pool, { pools: zfs.pools, datasets: zfs.datasets, probe }),
      ...all.map((dataset) => new Dataset(dataset, places.get(dataset.name) ?? null, probe)),
    ],
  }
}

export const zfs: TaskModule<PhxConfig> = {
  name: 'zfs',
  // A pool that is no longer declared is left as it is: data never goes because it vanished from the config.
  expand(config) {
    const declared = declaredZfs(config)
    const properties = [
      ...declared.pools.map((pool) => pool.rootProperties),
      ...declared.datasets.map((dataset) => dataset.properties),
    ].flatMap((one) => Object.keys(one))
    const probe = datasetsProbe(properties)
    return declared.pools.map((pool) => taskOf(pool, declared, probe))
  },
}

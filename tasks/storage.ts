/** Module `storage`: one task a pool, for the Proxmox VE storages on it, declared or to be cleaned up. */
import { mountPoints } from '../lib/config/dataset-mounts.ts'
import type { PhxConfig } from '../lib/config/generated/types.ts'
import { type DeclaredStorage, type DeclaredZfs, declaredZfs } from '../lib/config/zfs.ts'
import type { Task, TaskModule, Value } from '../lib/engine/resource.ts'
import { type Ground, StaleStorages } from '../lib/resources/storage/stale.ts'
import { Storage } from '../lib/resources/storage/storage.ts'

const prefix = 'storage:'

function groundOf(name: string, zfs: DeclaredZfs): Ground {
  const pool = zfs.pools.find((one) => one.name === name)
  if (!pool) return { pool: name, isDeclared: false, places: [] }
  const datasets = zfs.datasets.filter((dataset) => dataset.pool === name)
  const mounted = mountPoints([
    { name, type: 'filesystem', mountpoint: pool.rootProperties.mountpoint },
    ...datasets.map((dataset) => ({ ...dataset, mountpoint: dataset.properties.mountpoint })),
  ])
  const places = [...mounted].flatMap(([dataset, at]) => (at === null || at === '/' ? [] : [{ dataset, at }]))
  return { pool: name, isDeclared: true, places }
}

const inputOf = ({ id: _, ...options }: DeclaredStorage): Value => ({ ...options })

function taskOf(pool: string, zfs: DeclaredZfs): Task {
  const storages = zfs.storages.filter((storage) => storage.dataset.split('/')[0] === pool)
  const ground = groundOf(pool, zfs)
  return {
    id: `${prefix}${pool}`,
    title: `Proxmox VE storages on ${pool}`,
    version: 1,
    groups: ['storage', 'zfs', 'setup'],
    needs: ground.isDeclared ? [`zfs:${pool}`] : [],
    inputs: Object.fromEntries(storages.map((storage) => [storage.id, inputOf(storage)])),
    resources: [
      ...storages.map((storage) => new Storage(storage)),
      new StaleStorages(ground, new Set(zfs.storages.map((storage) => storage.id))),
    ],
  }
}

export const storage: TaskModule<PhxConfig> = {
  name: 'storage',
  expand(config, orphans) {
    const zfs = declaredZfs(config)
    const declared = zfs.pools.map((pool) => pool.name)
    const gone = orphans.filter((id) => id.startsWith(prefix)).map((id) => id.slice(prefix.length))
    return [...new Set([...declared, ...gone])].map((pool) => taskOf(pool, zfs))
  },
}

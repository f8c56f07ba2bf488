/** The zfs section as plain data, with every spelling that the config allows made one. */
import { propertiesIn, wordsIn } from './comma.ts'
import { mountPoints } from './dataset-mounts.ts'
import type { Dataset, PhxConfig, Pool, Vdev, ZfsProperties } from './generated/types.ts'
import { oncePer } from './once.ts'
import { plainPath } from './plain-path.ts'
import { raidLevel, vdevsOf } from './raid-level.ts'
import { parseSize } from './size.ts'
import { DEFAULT_CONTENT, defaultStorageId, storageKey } from './storage-id.ts'

export interface DeclaredVdev {
  readonly role: 'data' | 'log' | 'cache' | 'special' | 'spare'
  readonly type: 'disk' | 'mirror' | 'raidz1' | 'raidz2' | 'raidz3'
  /** Paths as declared, without doubled slashes and the like. */
  readonly disks: readonly string[]
}

export interface DeclaredPool {
  readonly name: string
  readonly vdevs: readonly DeclaredVdev[]
  readonly poolProperties: Readonly<Record<string, string>>
  readonly rootProperties: Readonly<Record<string, string>>
  readonly import: boolean
}

export interface DeclaredDataset {
  /** Full name, with the pool: `quickOS/vm-disks`. */
  readonly name: string
  readonly pool: string
  readonly type: 'filesystem' | 'volume'
  /** Bytes of a volume, else null. */
  readonly size: number | null
  readonly properties: Readonly<Record<string, string>>
}

export interface DeclaredStorage {
  readonly id: string
  readonly type: 'zfspool' | 'dir'
  /** Full name, with the pool. */
  readonly dataset: string
  /** Where the dataset is mounted: a dir storage's path. */
  readonly path: string
  /** Sorted. */
  readonly content: readonly string[]
  /** Sorted; null when the config says nothing, here and below. */
  readonly nodes: readonly string[] | null
  readonly sparse: boolean | null
  readonly disable: boolean
  readonly shared: boolean | null
  readonly blocksize: string | null
}

export interface DeclaredZfs {
  readonly pools: readonly DeclaredPool[]
  /** Parents before their children. */
  readonly datasets: readonly DeclaredDataset[]
  readonly storages: readonly DeclaredStorage[]
  readonly consent: boolean | readonly string[] | null
}

export const declaredZfs = oncePer((config: PhxConfig): DeclaredZfs => {
  const zfs = config.zfs ?? {}
  return {
    pools: (zfs.pools ?? []).map(declaredPool),
    datasets: (zfs.datasets ?? []).map(declaredDataset).sort((one, other) => compareText(one.name, other.name)),
    storages: declaredStorages(config),
    consent: zfs.settings?.allow_destructive_operations ?? null,
  }
})

/** Every disk of every pool, once. */
export function declaredDisks(config: PhxConfig): readonly string[] {
  const pools = (config.zfs?.pools ?? []).map(declaredPool)
  return [...new Set(pools.flatMap((pool) => pool.vdevs).flatMap((vdev) => vdev.disks))]
}

function declaredPool(pool: Pool): DeclaredPool {
  const groups: { role: DeclaredVdev['role']; vdev: Vdev }[] = (pool.vdevs ?? []).map((vdev) => ({
    role: 'data',
    vdev,
  }))
  if (pool.raid_level !== undefined && pool.disks !== undefined) {
    groups.push({ role: 'data', vdev: { raid_level: pool.raid_level, disks: pool.disks } })
  }
  if (pool.special !== undefined) groups.push({ role: 'special', vdev: pool.special })
  if (pool.log !== undefined) groups.push({ role: 'log', vdev: pool.log })
  if (pool.cache !== undefined) groups.push({ role: 'cache', vdev: { raid_level: 'stripe', disks: pool.cache } })
  if (pool.spares !== undefined) groups.push({ role: 'spare', vdev: { raid_level: 'stripe', disks: pool.spares } })
  return {
    name: pool.name,
    vdevs: groups.flatMap(({ role, vdev }) => {
      return vdevsOf(raidLevel(vdev.raid_level) ?? 'stripe', vdev.disks.map(plainPath)).map(({ type, disks }) => ({
        role,
        type,
        disks,
      }))
    }),
    poolProperties: asRecord(pool.properties),
    rootProperties: asRecord(pool.filesystem_properties),
    import: pool.import ?? false,
  }
}

function declaredDataset(dataset: Dataset): DeclaredDataset {
  return {
    name: fullName(dataset),
    pool: dataset.pool,
    type: dataset.type ?? 'filesystem',
    size: dataset.size === undefined ? null : (parseSize(String(dataset.size)) ?? null),
    properties: asRecord(dataset.properties),
  }
}

function declaredStorages(config: PhxConfig): DeclaredStorage[] {
  const paths = mountPoints([
    ...(config.zfs?.pools ?? []).map((pool) => mounted(pool.name, 'filesystem', pool.filesystem_properties)),
    ...(config.zfs?.datasets ?? []).map((dataset) =>
      mounted(fullName(dataset), dataset.type ?? 'filesystem', dataset.properties),
    ),
  ])
  const storages = (config.zfs?.datasets ?? []).flatMap((dataset): DeclaredStorage[] => {
    const type = dataset.proxmox_storage_type
    // Shared over the network, a zfspool would let Proxmox VE make disks beside the files of others.
    if (type === undefined || (dataset.storage_class === 'shared' && type === 'zfspool')) return []
    return [
      {
        id: storageId(config, dataset),
        type,
        dataset: fullName(dataset),
        path: paths.get(fullName(dataset)) ?? `/${fullName(dataset)}`,
        content: sortedSet(wordsIn(dataset.proxmox_content_type ?? DEFAULT_CONTENT)),
        nodes: dataset.proxmox_nodes === undefined ? null : sortedSet(wordsIn(dataset.proxmox_nodes)),
        sparse: dataset.proxmox_sparse ?? null,
        disable: dataset.proxmox_disable ?? false,
        shared: dataset.proxmox_shared ?? null,
        blocksize: dataset.proxmox_blocksize ?? null,
      },
    ]
  })
  return storages.sort((one, other) => compareText(one.id, other.id))
}

function storageId(config: PhxConfig, { pool, name }: Dataset): string {
  return config.proxmox_storage_ids?.[storageKey(pool, name)] ?? defaultStorageId(pool, name)
}

function fullName({ pool, name }: Dataset): string {
  return `${pool}/${name}`
}

function mounted(name: string, type: 'filesystem' | 'volume', properties: ZfsProperties | undefined) {
  return { name, type, mountpoint: asRecord(properties).mountpoint }
}

function asRecord(properties: ZfsProperties | undefined): Record<string, string> {
  return Object.fromEntries(propertiesIn(properties).map(({ name, value }) => [name, value]))
}

function sortedSet(words: readonly string[]): string[] {
  return [...new Set(words)].sort(compareText)
}

/** By code units: a parent's name is the beginning of its children's, so it comes first. */
function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}

/** `guests.lxc_configs.<id>.zfs_volumes` as plain data: each volume with the storage that it comes from. */
import type { PhxConfig, ZfsVolume } from './generated/types.ts'
import { type DeclaredStorage, declaredZfs } from './zfs.ts'

export interface DeclaredVolume {
  readonly name: string
  /** Id of the Proxmox VE storage. */
  readonly storage: string
  /** The dataset that the storage stands on; null when the storage is not declared. */
  readonly dataset: string | null
  readonly sizeGb: number
  /** Where the container sees it: one slash at the beginning, none at the end. */
  readonly mountPoint: string
  /** Null when the config leaves it open. */
  readonly backup: boolean | null
  /** Kept when the container is destroyed. */
  readonly isPersistent: boolean
}

export interface DeclaredContainer {
  readonly id: string
  /** Folders before what is mounted inside them: pct mounts by number. */
  readonly volumes: readonly DeclaredVolume[]
}

export const volumesTask = (id: string): string => `lxc-volumes:${id}`

/** Containers that have volumes, by id. */
export function declaredContainers(config: PhxConfig): DeclaredContainer[] {
  const { storages } = declaredZfs(config)
  return Object.entries(config.guests?.lxc_configs ?? {})
    .map(([id, lxc]) => ({ id, volumes: (lxc.zfs_volumes ?? []).map((volume) => declaredVolume(volume, storages)) }))
    .filter(({ volumes }) => volumes.length > 0)
    .map(({ id, volumes }) => ({ id, volumes: volumes.sort((a, b) => (a.mountPoint < b.mountPoint ? -1 : 1)) }))
    .sort((one, other) => Number(one.id) - Number(other.id))
}

function declaredVolume(volume: ZfsVolume, storages: readonly DeclaredStorage[]): DeclaredVolume {
  const { name, pool, size_gb, mount_point, backup, persistent = false } = volume
  const [storage] = storagesFor(pool, storages)
  return {
    name,
    storage: storage?.id ?? pool,
    dataset: storage?.dataset ?? null,
    sizeGb: size_gb,
    mountPoint: innerPath(mount_point),
    backup: backup ?? null,
    isPersistent: persistent,
  }
}

/**
 * The declared storages that a volume's `pool` may mean: the one of that id; else those on the pool of that name that
 * take containers, zfspool before dir. None for a storage that somebody else made.
 */
export function storagesFor<Storage extends Pick<DeclaredStorage, 'id' | 'type' | 'dataset' | 'content'>>(
  pool: string,
  storages: readonly Storage[],
): Storage[] {
  const byId = storages.filter(({ id }) => id === pool)
  if (byId.length > 0) return byId
  const onPool = storages.filter(
    ({ dataset, content }) => dataset.split('/')[0] === pool && content.includes('rootdir'),
  )
  const ofZfs = onPool.filter(({ type }) => type === 'zfspool')
  return ofZfs.length > 0 ? ofZfs : onPool
}

/** pct takes `srv/data` and `/srv/data/` too, and mounts both on /srv/data (seen: pct.jsonl n=57). */
export const innerPath = (path: string): string => `/${path.split('/').filter(Boolean).join('/')}`

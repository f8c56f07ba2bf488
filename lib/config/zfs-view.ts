/** What the rules look at again and again: pools and datasets with their spots, whatever else is wrong with them. */
import { propertiesIn } from './comma.ts'
import { type MountedDataset, mountPoints } from './dataset-mounts.ts'
import { oncePer } from './once.ts'
import type { Spot } from './spot.ts'

export interface DatasetSpot {
  readonly spot: Spot
  readonly pool: string
  /** Without the pool. */
  readonly name: string
  readonly fullName: string
  readonly type: 'filesystem' | 'volume'
}

/** A group of disks with the spot that its findings point at. */
export interface DiskGroup {
  readonly role: 'data' | 'log' | 'special' | 'cache' | 'spare'
  readonly spot: Spot
  readonly level: string | undefined
  readonly disks: readonly Spot[]
}

export const poolSpots = oncePer((config: Spot): Spot[] => {
  return config.get('zfs', 'pools').items()
})

export const poolNames = oncePer((config: Spot): string[] => {
  return poolSpots(config).flatMap((pool) => pool.get('name').text ?? [])
})

/** Only those that say both their name and their pool. */
export const datasetSpots = oncePer((config: Spot): DatasetSpot[] => {
  return config
    .get('zfs', 'datasets')
    .items()
    .flatMap((spot) => {
      const pool = spot.get('pool').text
      const name = spot.get('name').text
      const type = spot.get('type').text === 'volume' ? 'volume' : 'filesystem'
      return pool === undefined || name === undefined ? [] : [{ spot, pool, name, fullName: `${pool}/${name}`, type }]
    })
})

export function diskGroups(pool: Spot): DiskGroup[] {
  const group = (role: DiskGroup['role'], spot: Spot): DiskGroup => {
    return { role, spot, level: spot.get('raid_level').text, disks: spot.get('disks').items() }
  }
  const list = (role: DiskGroup['role'], spot: Spot): DiskGroup => ({
    role,
    spot,
    level: undefined,
    disks: spot.items(),
  })
  return [
    group('data', pool),
    ...pool
      .get('vdevs')
      .items()
      .map((vdev) => group('data', vdev)),
    group('special', pool.get('special')),
    group('log', pool.get('log')),
    list('cache', pool.get('cache')),
    list('spare', pool.get('spares')),
  ].filter(({ disks }) => disks.length > 0)
}

/** Full name of each declared pool and dataset → where it is mounted, null when it isn't. */
export const declaredMounts = oncePer((config: Spot): Map<string, string | null> => {
  const pools = poolSpots(config).flatMap((pool): MountedDataset[] => {
    const name = pool.get('name').text
    return name === undefined
      ? []
      : [{ name, type: 'filesystem', mountpoint: mountpointIn(pool.get('filesystem_properties')) }]
  })
  const datasets = datasetSpots(config).map(({ spot, fullName, type }): MountedDataset => {
    return { name: fullName, type, mountpoint: mountpointIn(spot.get('properties')) }
  })
  return mountPoints([...pools, ...datasets])
})

function mountpointIn(properties: Spot): string | undefined {
  return propertiesIn(properties.value).find(({ name }) => name === 'mountpoint')?.value
}

/** The block devices of a simulated host: their nodes, the links that lead to them, and what uses them. */
import type {
  Content,
  Dataset,
  Disk,
  Partition,
  Partitionable,
  PartitionTable,
  Pool,
  SimState,
  Vdev,
  Volume,
} from './model.ts'
import { emptyContent } from './partitions.ts'

export { emptyContent, partitionForZfs } from './partitions.ts'

export interface BlockDevice {
  /** `/dev/sda1` */
  node: string
  kname: string
  /** Bytes. */
  size: number
  /** The disk that this is or lies on; null for a volume and its partitions. */
  disk: Disk | null
  /** Null for what is whole. */
  partition: Partition | null
  /** The volume that this is or lies on. */
  volume: Dataset | null
  content: Content
  /** The disk or volume, which carries the table. */
  whole: Partitionable
}

export type Use =
  | { kind: 'mounted'; at: string }
  | { kind: 'swap' }
  | { kind: 'pool'; pool: string; spare: boolean }
  | { kind: 'system' }

/** In the kernel's fashion: `sda1`, but `nvme0n1p1` and `zd0p1`. */
const partitionName = (kname: string, number: number): string => `${kname}${/\d$/.test(kname) ? 'p' : ''}${number}`

export const partitionsOf = (table: PartitionTable | null | undefined): readonly Partition[] => table?.partitions ?? []

interface Named extends BlockDevice {
  /** Links to the node, absolute. */
  links: string[]
}

function diskDevices(disk: Disk): Named[] {
  const byId = (suffix: string) => disk.ids.map((id) => `/dev/disk/by-id/${id}${suffix}`)
  const base = { disk, volume: null, whole: disk }
  const self = {
    ...base,
    ...named(disk.kname),
    size: disk.size,
    partition: null,
    content: disk.content,
    links: byId(''),
  }
  const parts = partitionsOf(disk.table).map((partition) => ({
    ...base,
    ...named(partitionName(disk.kname, partition.number)),
    ...insideOf(partition),
    links: [...byId(`-part${partition.number}`), ...partitionLinks(partition)],
  }))
  return [self, ...parts]
}

function volumeDevices(state: SimState, dataset: Dataset, minor: number): Named[] {
  const written = state.volumes[dataset.name]
  const kname = `zd${minor}`
  const link = `/dev/zvol/${dataset.name}`
  const size = Number(dataset.properties.volsize ?? dataset.onetime.volsize ?? 0)
  const content = written ?? emptyContent()
  const base = { disk: null, volume: dataset, whole: written ?? {} }
  const parts = partitionsOf(written?.table).map((partition) => ({
    ...base,
    ...named(partitionName(kname, partition.number)),
    ...insideOf(partition),
    links: [`${link}-part${partition.number}`, ...partitionLinks(partition)],
  }))
  return [{ ...base, ...named(kname), size, partition: null, content, links: [link] }, ...parts]
}

const named = (kname: string) => ({ kname, node: `/dev/${kname}` })
const insideOf = (partition: Partition) => ({ size: partition.size, partition, content: partition.content })
const partitionLinks = (partition: Partition): string[] => [
  `/dev/disk/by-partuuid/${partition.uuid}`,
  ...(partition.name === null ? [] : [`/dev/disk/by-partlabel/${partition.name}`]),
]

const isVolume = (dataset: Dataset): boolean => dataset.type === 'volume'

/** Volumes of imported pools in the order of their minor numbers; one without a number yet takes the lowest free one. */
function volumesByMinor(state: SimState): [Dataset, number][] {
  const volumes = state.pools
    .filter((pool) => pool.presence === 'imported')
    .flatMap((pool) => pool.datasets.filter(isVolume))
    .filter((dataset) => dataset.properties.volmode !== 'none')
  const numbers = new Map<Dataset, number>()
  for (const dataset of volumes) {
    const minor = Object.values(state.volumes).find(({ guid }) => guid === dataset.guid)?.minor
    if (minor !== undefined) numbers.set(dataset, minor)
  }
  const taken = new Set(numbers.values())
  let free = 0
  for (const dataset of volumes) {
    if (numbers.has(dataset)) continue
    while (taken.has(free)) free += 16
    taken.add(free)
    numbers.set(dataset, free)
  }
  return [...numbers].sort((a, b) => a[1] - b[1])
}

/** Gives new volumes a place for what is written in them and a device number, and forgets those that are gone. */
export function settleVolumes(state: SimState): void {
  const kept = Object.entries(state.volumes)
  const known = new Map(
    kept.flatMap(([, volume]) => (volume.guid === undefined ? [] : [[volume.guid, volume] as const])),
  )
  const minors = new Map(volumesByMinor(state).map(([dataset, minor]) => [dataset.name, minor]))
  const next: Record<string, Volume> = {}
  for (const pool of state.pools) {
    if (pool.presence === 'destroyed') continue
    for (const { name, guid } of pool.datasets.filter(isVolume)) {
      const unclaimed = state.volumes[name]?.guid === undefined ? state.volumes[name] : undefined
      const volume: Volume = { ...(known.get(guid) ?? unclaimed ?? emptyContent()), guid }
      delete volume.minor
      const minor = minors.get(name)
      next[name] = minor === undefined ? volume : { ...volume, minor }
    }
  }
  state.volumes = next
}

function namedDevices(state: SimState): Named[] {
  return [
    ...state.disks.filter((disk) => disk.present).flatMap(diskDevices),
    ...volumesByMinor(state).flatMap(([dataset, minor]) => volumeDevices(state, dataset, minor)),
  ]
}

/** Whole devices, each followed by its partitions. */
export function allDevices(state: SimState): BlockDevice[] {
  return namedDevices(state)
}

/** Every link under /dev that leads to a block device, with the node it leads to. */
export function links(state: SimState): Map<string, string> {
  const found = new Map<string, string>()
  for (const device of namedDevices(state)) for (const link of device.links) found.set(link, device.node)
  return found
}

/** The device that a path names, whichever of its names it is. */
export function findDevice(state: SimState, path: string): BlockDevice | undefined {
  if (!path.startsWith('/dev/')) return undefined
  return namedDevices(state).find((device) => device.node === path || device.links.includes(path))
}

/** Every leaf of a pool, with what it is there for. */
export function leavesOf(pool: Pool): { leaf: Vdev; spare: boolean }[] {
  const leaves = (vdev: Vdev): Vdev[] => (vdev.children.length === 0 ? [vdev] : vdev.children.flatMap(leaves))
  const data = [...pool.data, ...pool.logs, ...pool.cache, ...pool.special, ...pool.dedup].flatMap(leaves)
  return [
    ...data.map((leaf) => ({ leaf, spare: false })),
    ...pool.spares.flatMap(leaves).map((leaf) => ({ leaf, spare: true })),
  ]
}

/** A vdev that ZFS can't open holds nothing. */
const isOpen = (leaf: Vdev): boolean => leaf.state !== 'REMOVED' && leaf.state !== 'UNAVAIL'

/** What uses exactly this device, not one inside it. */
export function ownUse(state: SimState, device: BlockDevice): Use | null {
  const mounts = state.mounts.filter(({ source }) => source === device.node)
  if (mounts.some(({ target }) => target === '/')) return { kind: 'system' }
  const last = mounts.at(-1)
  if (last !== undefined) return { kind: 'mounted', at: last.target }
  if (state.swaps.includes(device.node)) return { kind: 'swap' }
  for (const pool of state.pools) {
    if (pool.presence !== 'imported') continue
    for (const { leaf, spare } of leavesOf(pool)) {
      if (!isOpen(leaf)) continue
      const byPath = leaf.path !== null && findDevice(state, leaf.path)?.node === device.node
      if (byPath || device.content.label?.vdevGuid === leaf.guid) return { kind: 'pool', pool: pool.name, spare }
    }
  }
  return null
}

/** What uses this device or, for a whole one, any of its partitions. */
export function useOf(state: SimState, device: BlockDevice): Use | null {
  const own = ownUse(state, device)
  if (own !== null || device.partition !== null) return own
  for (const inner of allDevices(state)) {
    if (inner.partition === null || inner.whole !== device.whole) continue
    const use = ownUse(state, inner)
    if (use !== null) return use
  }
  return null
}

/** Volumes of containers: each on a mount point of its own, and from one storage that can be told. */
import { wordsIn } from '../comma.ts'
import { innerPath, storagesFor } from '../lxc-volumes.ts'
import { nearest } from '../nearest.ts'
import { oncePer } from '../once.ts'
import type { Finding } from '../problem.ts'
import { error, type Rule, type Spot, warning } from '../spot.ts'
import { DEFAULT_CONTENT, defaultStorageId, storageKey } from '../storage-id.ts'
import { datasetSpots, poolNames } from '../zfs-view.ts'

export const containerVolumesAreSound: Rule = function* (config) {
  for (const [id, container] of config.get('guests', 'lxc_configs').fields()) {
    yield* mountPointsDiffer(container, sharedFolders(config, id))
    for (const volume of container.get('zfs_volumes').items()) yield* storageIsTold(config, volume.get('pool'))
  }
}

interface Mounted {
  readonly what: string
  /** Where the container sees it. */
  readonly at: Spot
}

const sharedFolders = (config: Spot, id: string): Mounted[] =>
  config
    .get('shared_volumes')
    .fields()
    .map(([name, volume]) => ({ what: `the shared volume ${name}`, at: volume.get('mounts', id) }))

function* mountPointsDiffer(container: Spot, shared: readonly Mounted[]): Generator<Finding> {
  const volumes = container.get('zfs_volumes').items()
  const names = new Set<string>()
  for (const name of volumes.map((volume) => volume.get('name'))) {
    if (name.text !== undefined && names.has(name.text)) {
      yield error(name, `two volumes of the container are named ${name.text}`, 'give one of them another name')
    }
    if (name.text !== undefined) names.add(name.text)
  }
  const folders = container.get('mount_points').items()
  const mounted = [
    ...shared,
    ...folders.map((folder) => {
      const what = `the folder ${folder.get('host_path').text ?? ''} of the host`
      return { what, at: folder.get('container_path') }
    }),
    ...volumes.map((volume) => ({
      what: `the volume ${volume.get('name').text ?? ''}`,
      at: volume.get('mount_point'),
    })),
  ]
  const taken = new Map<string, string>()
  for (const { what, at } of mounted) {
    if (at.text === undefined) continue
    const path = innerPath(at.text)
    const other = taken.get(path)
    if (path === '/') {
      yield error(at, 'the root of the container is its root file system', 'name a folder below it')
    } else if (/,|(^|\/)\.\.?(\/|$)/.test(path)) {
      // pct.jsonl n=58 and 64: `contains illegal character sequences`, and a comma ends the value.
      yield error(at, `pct takes no mount point with a comma, . or .. in it`, 'write the path that is meant')
    } else if (other !== undefined) {
      yield error(at, `${path} of the container is already that of ${other}`, 'choose another mount point')
    }
    taken.set(path, what)
  }
}

interface StorageSpot {
  readonly id: string
  readonly type: 'zfspool' | 'dir'
  readonly dataset: string
  readonly content: readonly string[]
  /** False for what the config calls a storage and yet makes none of. */
  readonly isMade: boolean
}

const storages = oncePer((config: Spot): StorageSpot[] =>
  datasetSpots(config).flatMap(({ spot, pool, name, fullName }) => {
    const type = spot.get('proxmox_storage_type').text
    if (type !== 'zfspool' && type !== 'dir') return []
    const id = config.get('proxmox_storage_ids').get(storageKey(pool, name)).text ?? defaultStorageId(pool, name)
    const content = wordsIn(spot.get('proxmox_content_type').value ?? DEFAULT_CONTENT)
    const isMade = type === 'dir' || spot.get('storage_class').text !== 'shared'
    return [{ id, type, dataset: fullName, content, isMade }]
  }),
)

function* storageIsTold(config: Spot, spot: Spot): Generator<Finding> {
  const { text } = spot
  if (text === undefined) return
  const made = storages(config).filter(({ isMade }) => isMade)
  const [first, ...more] = storagesFor(text, made)
  if (first !== undefined) {
    const ids = [first, ...more].map(({ id }) => id)
    if (more.length > 0) {
      yield error(spot, `pool ${text} has several storages for containers`, `write which: ${ids.join(' or ')}`)
    } else if (!first.content.includes('rootdir')) {
      const mend = `add rootdir to proxmox_content_type of ${first.dataset}, or choose another storage`
      yield error(spot, `the storage ${first.id} doesn't take containers`, mend)
    }
    return
  }
  if (poolNames(config).includes(text)) {
    const mend = 'give one of its datasets proxmox_storage_type zfspool and content rootdir, or name another storage'
    yield error(spot, `pool ${text} has no storage for containers`, mend)
    return
  }
  const unmade = storages(config).find(({ id }) => id === text)
  if (unmade !== undefined) {
    const message = `the dataset ${unmade.dataset} is shared, so it becomes no storage "${text}"`
    yield warning(spot, message, 'declare it as "storage_class": "direct", or name another storage')
    return
  }
  // An id that nothing declares may be a storage that somebody else made: only a slip of the pen is told.
  const meant = nearest(
    text,
    made.map(({ id }) => id),
  )
  if (meant === undefined) return
  const message = `"${text}" is neither a declared pool nor a declared storage`
  yield warning(spot, message, `did you mean ${meant}?`, meant)
}

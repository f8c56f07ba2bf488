/** Proxmox VE storages: ids, types, contents. */
import { propertiesIn, wordsIn } from '../comma.ts'
import { nearest } from '../nearest.ts'
import type { Finding } from '../problem.ts'
import { atKey, error, type Rule, type Spot, warning } from '../spot.ts'
import { CONTENT_TYPES, defaultStorageId, isLegalStorageId, RESERVED_STORAGE_IDS, storageKey } from '../storage-id.ts'
import { valueFault } from '../zfs-properties.ts'
import { type DatasetSpot, datasetSpots, declaredMounts } from '../zfs-view.ts'

/** A dataset that becomes a storage, with the spot that gave it its id. */
interface StorageSpot extends DatasetSpot {
  readonly id: string
  readonly idSpot: Spot
  readonly storageType: 'zfspool' | 'dir'
}

export const directStoragesHaveTypes: Rule = function* (config) {
  for (const { spot } of datasetSpots(config)) {
    if (spot.get('proxmox_storage_type').isPresent) continue
    if (spot.get('storage_class').text === 'direct') {
      yield error(
        spot.get('storage_class'),
        'a direct dataset needs proxmox_storage_type',
        'add "proxmox_storage_type": "zfspool", or take storage_class out',
      )
    }
    for (const [name, field] of spot.fields()) {
      if (!name.startsWith('proxmox_')) continue
      yield atKey(
        warning(
          field,
          `"${name}" has no effect without proxmox_storage_type`,
          'add proxmox_storage_type, or remove it',
        ),
      )
    }
  }
}

export const storageIdsAreSound: Rule = function* (config) {
  const taken = new Map<string, StorageSpot>()
  for (const storage of storageSpots(config)) {
    const { id, idSpot, fullName } = storage
    const key = storageKey(storage.pool, storage.name)
    const earlier = taken.get(id)
    if (RESERVED_STORAGE_IDS.includes(id)) {
      yield error(idSpot, `the storage id "${id}" belongs to Proxmox VE's own storage`, 'choose another id')
    } else if (!isLegalStorageId(id)) {
      const mend = `name a legal one in proxmox_storage_ids: "${key}": "…"`
      yield error(
        idSpot,
        `"${id}" is no storage id: a letter first, then letters, digits, - _ ., a letter or digit last`,
        mend,
      )
    } else if (earlier !== undefined) {
      const mend = `give one of them another id in proxmox_storage_ids: "${key}": "…"`
      yield error(idSpot, `${fullName} and ${earlier.fullName} would both be the storage "${id}"`, mend)
    }
    if (earlier === undefined) taken.set(id, storage)
  }
  yield* nfsStorageIds(config, taken)
}

function* nfsStorageIds(config: Spot, taken: ReadonlyMap<string, StorageSpot>): Generator<Finding> {
  const seen = new Set<string>()
  for (const entry of config.get('nfs', 'exports').items()) {
    const spot = entry.get('proxmox_storage')
    if (spot.text === undefined) continue
    const other = taken.get(spot.text)?.fullName ?? (seen.has(spot.text) ? 'another export' : undefined)
    if (other !== undefined)
      yield error(spot, `the storage id "${spot.text}" is already that of ${other}`, 'choose another id')
    seen.add(spot.text)
  }
}

export const storageKeysMatch: Rule = function* (config) {
  const datasets = datasetSpots(config)
  const keys = datasets.map(({ pool, name }) => storageKey(pool, name))
  for (const [key, spot] of config.get('proxmox_storage_ids').fields()) {
    const dataset = datasets.find(({ pool, name }) => storageKey(pool, name) === key)
    if (dataset === undefined) {
      const meant = nearest(key, keys)
      const mend =
        meant === undefined
          ? 'the key is <pool>_<dataset>, with - and / written as _; remove it'
          : `did you mean ${meant}? Upper and lower case count`
      yield atKey(warning(spot, `"${key}" matches no declared dataset and has no effect`, mend, meant))
    } else if (storageTypeOf(dataset) === undefined) {
      yield atKey(
        warning(
          spot,
          `${dataset.fullName} becomes no storage, so this id has no effect`,
          'remove it, or see its storage_class',
        ),
      )
    }
  }
}

export const storageContentsFit: Rule = function* (config) {
  for (const { spot, storageType } of storageSpots(config)) {
    const content = spot.get('proxmox_content_type')
    if (!content.isPresent) continue
    const known = CONTENT_TYPES.get(storageType) ?? []
    const all = CONTENT_TYPES.get('dir') ?? []
    const words = wordsIn(content.value)
    if (words.length === 0)
      yield error(
        content,
        'the storage would hold nothing, which Proxmox VE refuses',
        `write some of ${known.join(', ')}`,
      )
    for (const [index, word] of words.entries()) {
      const at = content.items()[index] ?? content
      if (known.includes(word)) {
        if (words.indexOf(word) < index) yield warning(at, `"${word}" is there twice`, 'keep one')
      } else if (all.includes(word))
        yield error(at, `a ${storageType} cannot hold ${word}`, `it holds ${known.join(', ')}; for others write "dir"`)
      else if (word === 'none')
        yield error(
          at,
          'Proxmox VE refuses a storage for nothing',
          'remove proxmox_storage_type if there is to be no storage',
        )
      else {
        const meant = nearest(word, known)
        yield error(
          at,
          `"${word}" is no content type`,
          meant === undefined ? `write some of ${known.join(', ')}` : `did you mean ${meant}?`,
          meant,
        )
      }
    }
  }
}

/** Fields that only one of the two types has, and what each needs of its dataset. */
export const storageFieldsFit: Rule = function* (config) {
  const mounts = declaredMounts(config)
  for (const storage of storageSpots(config)) {
    const { spot, storageType, fullName, type } = storage
    const foreign = storageType === 'zfspool' ? ['proxmox_shared'] : ['proxmox_sparse', 'proxmox_blocksize']
    for (const name of foreign) {
      if (spot.get(name).isPresent)
        yield atKey(error(spot.get(name), `a ${storageType} has no such setting`, 'remove it'))
    }
    const block = spot.get('proxmox_blocksize')
    const fault =
      block.text === undefined ? undefined : valueFault({ values: { kind: 'power of two', words: [] } }, block.text)
    if (fault !== undefined) yield error(block, `"${block.text}" is no block size`, `write ${fault.wanted}`)
    const at = spot.get('proxmox_storage_type')
    if (type === 'volume')
      yield error(
        at,
        `${fullName} is a volume, and a storage needs a file system`,
        'remove proxmox_storage_type, or type',
      )
    else if (storageType === 'dir' && mounts.get(fullName) === null) {
      yield error(
        at,
        `${fullName} is not mounted, so it cannot be a dir storage`,
        'see mountpoint in its properties and in those above it',
      )
    } else if (storageType === 'dir') yield* folderFindings(storage, mounts.get(fullName) ?? '')
  }
}

/** A dir storage needs its dataset mounted there at every start, and a path that Proxmox VE takes. */
function* folderFindings({ spot, fullName }: StorageSpot, path: string): Generator<Finding> {
  const at = spot.get('proxmox_storage_type')
  const canmount = propertiesIn(spot.get('properties').value).find(({ name }) => name === 'canmount')?.value
  if (canmount === 'off' || canmount === 'noauto') {
    const message = `${fullName} has canmount=${canmount}, so nothing mounts it and it cannot be a dir storage`
    yield error(at, message, 'take canmount out, or proxmox_storage_type')
  }
  // "illegal path for directory storage" (seen: pvesm.jsonl scenes 15 to 17); / alone is told of as a mount point.
  const stranger = /[^-/a-zA-Z0-9_.@]/u.exec(path)?.[0]
  if (stranger === undefined) return
  const shown = stranger === ' ' ? 'a blank' : JSON.stringify(stranger)
  const message = `Proxmox VE takes no dir storage at ${path}: there is ${shown} in it`
  yield error(at, message, 'letters, digits and - _ . @ may be in it: see the name of the dataset and its mountpoint')
}

function storageSpots(config: Spot): StorageSpot[] {
  return datasetSpots(config).flatMap((dataset): StorageSpot[] => {
    const storageType = storageTypeOf(dataset)
    if (storageType === undefined) return []
    const { pool, name, spot } = dataset
    const declared = config.get('proxmox_storage_ids').get(storageKey(pool, name))
    const id = declared.text ?? defaultStorageId(pool, name)
    return [{ ...dataset, id, idSpot: declared.text === undefined ? spot.get('name') : declared, storageType }]
  })
}

function storageTypeOf({ spot }: DatasetSpot): 'zfspool' | 'dir' | undefined {
  const type = spot.get('proxmox_storage_type').text
  if (type !== 'zfspool' && type !== 'dir') return undefined
  return type === 'zfspool' && spot.get('storage_class').text === 'shared' ? undefined : type
}

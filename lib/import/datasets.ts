/** Datasets: names with their pool in front, properties in three shapes, and what Proxmox VE is to know of them. */
import { propertiesIn, strayParts, wordsIn } from '../config/comma.ts'
import { CONTENT_TYPES } from '../config/storage-id.ts'
import { firstPortTypes } from './first-port.ts'
import type { Old } from './old.ts'
import type { Exception, Fields, OldReader } from './read.ts'
import { mergedDatasets } from './twins.ts'
import { storageIdOf, type World } from './world.ts'

interface Named {
  readonly pool: string
  readonly name: string
}

export function readDatasets(reader: OldReader, zfs: Old, world: World, pools: readonly string[]): unknown[] {
  const types = firstPortTypes(reader, zfs.get('dataset_storage_types'))
  const withoutPool = new Map<string, string[]>()
  const made = reader.list(zfs.get('datasets'), (dataset) => {
    const named = nameOf(reader, dataset)
    if (named === undefined) return undefined
    if (world.pools.includes(named.pool) && !pools.includes(named.pool)) {
      withoutPool.set(named.pool, [...(withoutPool.get(named.pool) ?? []), named.name])
      return undefined
    }
    return readDataset(reader, dataset, named, world, types)
  })
  for (const [pool, names] of withoutPool) {
    const mend = `settle ${pool} first, then import again with it in order`
    reader.report.leavesOut(
      zfs.get('datasets'),
      `the datasets of ${pool} wait for their pool: ${names.join(', ')}`,
      mend,
    )
  }
  types.tellUnused()
  return mergedDatasets(reader, made)
}

function nameOf(reader: OldReader, dataset: Old): Named | undefined {
  const written = dataset.get('name')
  const pool = dataset.get('pool')
  if (written.text === undefined) return reader.report.leavesOut(dataset, 'this dataset has no name', 'name it')
  const [first = '', ...rest] = written.text.split('/')
  if (pool.text === undefined && rest.length === 0) {
    return reader.report.leavesOut(dataset, `nothing says on which pool ${written.text} is`, 'add "pool"')
  }
  if (pool.text === undefined) return { pool: first, name: rest.join('/') }
  return first === pool.text && rest.length > 0
    ? { pool: first, name: rest.join('/') }
    : { pool: pool.text, name: written.text }
}

function readDataset(
  reader: OldReader,
  dataset: Old,
  { pool, name }: Named,
  world: World,
  types: ReturnType<typeof firstPortTypes>,
): Fields | undefined {
  const { report } = reader
  const made = reader.fields(dataset, 'zfs.datasets[]', {
    name: (old) => {
      reader.became(old, name, name === old.value ? '' : `on pool ${pool}`)
      if (name.startsWith(`${pool}-`)) {
        const message = `the dataset is ${pool}/${name}: the name of its pool stands in its own name`
        report.asks(
          old,
          message,
          `keep it if zfs list shows ${pool}/${name}; else write ${name.slice(pool.length + 1)}`,
        )
      }
      return name
    },
    properties: (old) => readProperties(reader, old),
    mountpoint: (old) => readMountpoint(reader, old, pool, name),
    proxmox_storage_type: storageType(reader),
    proxmox_content_type: (old) => readContent(reader, old),
    storage_class: (old) => readClass(reader, old, dataset, storageIdOf(world, pool, name), world),
  })
  if (made === undefined) return undefined
  made.pool = pool
  Object.assign(made, types.of(`${pool}/${name}`))
  return withContent(reader, dataset, made)
}

/** What Proxmox VE refuses never existed; without content phx would take its default. */
function withContent(reader: OldReader, dataset: Old, made: Fields): Fields {
  const { proxmox_storage_type: type, proxmox_content_type: content, ...without } = made
  if (without.storage_class === 'direct') delete without.storage_class
  if (type === undefined) return reader.from(dataset, without)
  const known = CONTENT_TYPES.get(String(type)) ?? []
  const words = Array.isArray(content) ? content.map(String) : []
  const wrong = words.filter((word) => !known.includes(word))
  if (words.length > 0 && wrong.length === 0) return made
  const what = words.length === 0 ? `a ${String(type)} for nothing` : `a ${String(type)} for ${wrong.join(', ')}`
  const written = dataset.get('proxmox_content_type')
  const at = written.isPresent ? written : dataset.get('proxmox_storage_type')
  const mend = `write proxmox_storage_type and proxmox_content_type if there is to be one; a ${String(type)} holds ${known.join(', ')}`
  reader.report.leavesOut(at, `Proxmox VE refuses ${what}, so this storage never existed`, mend)
  return reader.from(dataset, without)
}

function readProperties(reader: OldReader, old: Old): unknown {
  const { report } = reader
  for (const stray of strayParts(old.value)) {
    report.leavesOut(
      old,
      `"${stray}" in the properties is no property=value`,
      'write properties as an object: {"quota": "800G"}',
    )
  }
  const kept = new Map<string, string>()
  const rivals = new Set<string>()
  for (const { name, value } of propertiesIn(withSwitches(old.value))) {
    if ((kept.get(name) ?? value) !== value) rivals.add(name)
    kept.set(name, value)
  }
  for (const name of rivals) {
    kept.delete(name)
    report.leavesOut(old, `${name} is there twice, with different values`, 'write the one that is meant')
  }
  const made = reader.from(old, Object.fromEntries(kept))
  if (kept.size === 0) {
    if (old.value === '' || JSON.stringify(old.value) === '{}') report.dropped(old, 'empty: nothing is set')
    return undefined
  }
  reader.became(old, made)
  return made
}

/** In the objects of September: {"dedup": true}. */
function withSwitches(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, typeof one === 'boolean' ? (one ? 'on' : 'off') : one]),
  )
}

function readMountpoint(reader: OldReader, old: Old, pool: string, name: string): undefined {
  if (old.text === `/${pool}/${name}`) {
    reader.report.dropped(old, 'it is mounted there without being told')
    return undefined
  }
  const message = `the scripts stopped reading mountpoint on 7 September and mounted it at /${pool}/${name}`
  return reader.report.leavesOut(old, message, 'if zfs get mountpoint shows another place, add it to properties')
}

function storageType(reader: OldReader): Exception {
  return (old) => {
    if (old.text !== 'zfspool' && old.text !== 'dir') {
      const message = `${String(old.value)}: the scripts made zfspool and dir storages only and skipped this`
      return reader.report.leavesOut(old, message, 'write zfspool or dir, or leave it without a storage')
    }
    reader.report.taken(old)
    return old.text
  }
}

function readContent(reader: OldReader, old: Old): unknown {
  const made = [...new Set(wordsIn(old.value))].filter((word) => word !== 'none').sort()
  if (made.length === 0) return undefined
  reader.became(old, made)
  return reader.from(old, made)
}

/**
 * Nobody read storage_class at the end: every dataset was registered. In phx, a shared zfspool is no storage; a guest
 * whose disks are there would lose its way to them.
 */
function readClass(reader: OldReader, old: Old, dataset: Old, id: string, world: World): unknown {
  const isStorage = dataset.get('proxmox_storage_type').text === 'zfspool'
  if (old.text !== 'shared' || !isStorage) return reader.value(old, 'zfs.datasets[].storage_class')
  const users = world.storageUsers.get(id) ?? []
  if (users.length > 0) {
    const message = `shared means no Proxmox VE storage, yet ${id} is used by ${users.join(', ')}: it stays one`
    return reader.report.leavesOut(
      old,
      message,
      'move their volumes elsewhere and write "storage_class": "shared", or leave it',
    )
  }
  reader.report.normalised(
    old,
    `shared, and still the storage ${id}`,
    'shared',
    `no guest names ${id}: phx takes that entry out, never data`,
  )
  return 'shared'
}

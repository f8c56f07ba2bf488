/** proxmox_storage_ids: a key that was spelt otherwise than the script looked it up never had an effect. */
import { defaultStorageId, storageKey } from '../config/storage-id.ts'
import { isObject, type Old } from './old.ts'
import type { Fields, OldReader } from './read.ts'

export function readStorageIds(reader: OldReader, old: Old, datasets: readonly unknown[]): Fields | undefined {
  if (!old.isPresent) return undefined
  if (!old.isObject)
    return reader.report.leavesOut(old, 'this is no object', 'write it as {"<pool>_<dataset>": "storage-id"}')
  const keys = new Map(
    datasets.flatMap((dataset) => {
      if (!isObject(dataset) || typeof dataset.pool !== 'string' || typeof dataset.name !== 'string') return []
      return [[storageKey(dataset.pool, dataset.name), defaultStorageId(dataset.pool, dataset.name)]]
    }),
  )
  const made = reader.map(old, (id, key) => {
    if (keys.has(key)) return reader.value(id, 'proxmox_storage_ids.*')
    const meant = [...keys].find(([known]) => known.toLowerCase() === key.toLowerCase())
    const why =
      meant === undefined ? '' : `: the storage is ${meant[1]}, since the case of ${key} differs from ${meant[0]}`
    reader.report.dropped(id, `no dataset has this key${why}`)
    return undefined
  })
  return Object.keys(made).length === 0 ? undefined : made
}

/** The first JSON form had the storages in a list of their own: zfs.dataset_storage_types, `dir:iso,vztmpl`. */
import { wordsIn } from '../config/comma.ts'
import type { Old } from './old.ts'
import type { Fields, OldReader } from './read.ts'

export interface FirstPortTypes {
  /** What the list says of a dataset: storage type and content; nothing when it is not there. */
  of(dataset: string): Fields
  /** Entries that no dataset took. */
  tellUnused(): void
}

export function firstPortTypes(reader: OldReader, list: Old): FirstPortTypes {
  const waiting = new Map(list.items().map((entry) => [entry.get('dataset').text ?? '', entry]))
  return {
    of(dataset) {
      const entry = waiting.get(dataset)
      waiting.delete(dataset)
      return entry === undefined ? {} : storageOf(reader, entry)
    },
    tellUnused() {
      for (const [dataset, entry] of waiting) {
        reader.report.leavesOut(entry, `no dataset ${dataset} is declared`, 'declare it in zfs.datasets')
      }
    },
  }
}

function storageOf(reader: OldReader, entry: Old): Fields {
  const written = entry.get('storage_type')
  const [type = '', content = ''] = (written.text ?? '').split(':')
  if (type !== 'zfspool' && type !== 'dir') {
    const message = `${written.text ?? 'this'}: a dataset is no such storage`
    reader.report.leavesOut(
      entry,
      message,
      'for a storage on the dataset itself write proxmox_storage_type zfspool or dir',
    )
    return {}
  }
  const made = { proxmox_storage_type: type, proxmox_content_type: [...new Set(wordsIn(content))].sort() }
  reader.report.normalised(entry, written.value, made)
  return made
}

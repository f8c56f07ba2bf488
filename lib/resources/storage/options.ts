/** The options of a storage entry that phx declares: how each is read from storage.cfg, compared, and written. */

import { withoutSlash } from '../../config/dataset-mounts.ts'
import { parseSize } from '../../config/size.ts'
import type { DeclaredStorage } from '../../config/zfs.ts'
import type { FieldChange, Value } from '../../engine/resource.ts'
import type { StorageEntry } from '../probes/storage-config.ts'

interface Option {
  readonly name: string
  /** What it should be; null when the config leaves it open. */
  readonly declared: Value
  /** What it is. */
  readonly live: Value
  /** For the command line. */
  readonly argument: string
}

/** What a section without `content` line stands for (facts: proxmox-tools, "pvesm and storage.cfg"). */
const defaultContent = 'images,rootdir'

/** Proxmox VE writes lists in random order, and reads commas, blanks and semicolons. */
export const listOf = (text: string): string[] => [...new Set(text.split(/[,;\s]+/).filter(Boolean))].sort()

/** A flag in the file: bare or 1 is true; words are not understood there, only on the command line. */
export const isSet = (entry: StorageEntry, name: string): boolean => ['', '1'].includes(entry.options.get(name) ?? '0')

/** `is_mountpoint` takes yes, 1 or a path for true. */
export const isMountpoint = (entry: StorageEntry): boolean => {
  const value = entry.options.get('is_mountpoint') ?? 'no'
  return value === 'yes' || value === '1' || value === 'on' || value === 'true' || value.startsWith('/')
}

/** Whether Proxmox VE may make the base path: true unless told otherwise, by the old option or the new. */
const makesPath = (entry: StorageEntry): boolean => {
  const value = entry.options.get('create-base-path') ?? entry.options.get('mkdir')
  return value === undefined || value === '' || value === '1'
}

const bit = (value: boolean): string => (value ? '1' : '0')

/** Options that `pvesm set` can change. Those the config leaves open are not compared. */
export function settableOptions(declared: DeclaredStorage, entry: StorageEntry | null): Option[] {
  const option = (name: string, wanted: Value, live: (entry: StorageEntry) => Value, argument: string): Option => ({
    name,
    declared: wanted,
    live: entry ? live(entry) : null,
    argument,
  })
  const list = (name: string, fallback: string) => (from: StorageEntry) => listOf(from.options.get(name) ?? fallback)
  const options = [option('content', declared.content, list('content', defaultContent), declared.content.join(','))]
  if (declared.nodes) options.push(option('nodes', declared.nodes, list('nodes', ''), declared.nodes.join(',')))
  if (entry || declared.disable) {
    options.push(option('disable', declared.disable, (from) => isSet(from, 'disable'), bit(declared.disable)))
  }
  if (declared.shared !== null) {
    options.push(option('shared', declared.shared, (from) => isSet(from, 'shared'), bit(declared.shared)))
  }
  if (declared.type === 'zfspool') {
    if (declared.sparse !== null) {
      options.push(option('sparse', declared.sparse, (from) => isSet(from, 'sparse'), bit(declared.sparse)))
    }
    if (declared.blocksize !== null) {
      const bytes = (text: string): Value => parseSize(text) ?? text
      const live = (from: StorageEntry): Value => bytes(from.options.get('blocksize') ?? '')
      options.push(option('blocksize', bytes(declared.blocksize), live, declared.blocksize))
    }
  } else {
    // Otherwise Proxmox VE makes its folders on the root disk while the dataset isn't mounted, and the later mount
    // hides them. `create-base-path`, since `mkdir` is deprecated (facts: host-tools 4.1).
    options.push(option('is_mountpoint', true, isMountpoint, 'yes'))
    options.push(option('create-base-path', false, makesPath, '0'))
  }
  return options
}

/** What can't be changed once the entry is there: its type, and what it stands on. */
export function fixedDifferences(declared: DeclaredStorage, entry: StorageEntry): FieldChange[] {
  const type = { field: 'type', from: entry.type, to: declared.type }
  if (type.from !== type.to) return [type]
  const ground =
    declared.type === 'zfspool'
      ? { field: 'pool', from: entry.options.get('pool') ?? null, to: declared.dataset }
      : { field: 'path', from: withoutSlash(entry.options.get('path') ?? ''), to: declared.path }
  return ground.from === ground.to ? [] : [ground]
}

/** The value of an option as `pvesm set` takes it back, or null when it was not in the file. */
export const formerArgument = (entry: StorageEntry, name: string): string | null => {
  const value = entry.options.get(name)
  return value === '' ? '1' : (value ?? null)
}

/** Opening a dataset by the name that a person gave, as zfs_open of libzfs does it. */
import type { Dataset, Pool, SimState } from '../model.ts'
import { mountUnder } from './mount-files.ts'
import { nameFault, type Types } from './names.ts'
import { poolOf } from './tree.ts'

export interface Opened {
  readonly pool: Pool
  readonly dataset: Dataset
}

export const suspended = 'pool I/O is currently suspended'

const letters = { filesystem: 'f', volume: 'v', snapshot: 's', bookmark: 'b' } as const

/** The dataset, or the line for stderr. */
export function open(state: SimState, name: string, types: Types): Opened | string {
  const fault = nameFault(name, types, false)
  if (fault !== null) return `cannot open '${name}': ${fault}\n`
  const pool = poolOf(state, name)
  if (pool?.suspended === true) return `cannot open '${name}': ${suspended}\n`
  const dataset = pool?.datasets.find((each) => each.name === name)
  if (pool === undefined || dataset === undefined) {
    // A bookmark is sought among those of its dataset, and then the general words are used.
    const head = name.includes('#') && pool?.datasets.some((each) => each.name === name.slice(0, name.indexOf('#')))
    return `cannot open '${name}': ${head === true ? 'no such pool or dataset' : 'dataset does not exist'}\n`
  }
  if (!types.includes(letters[dataset.type])) {
    return `cannot open '${name}': operation not applicable to datasets of this type\n`
  }
  return { pool, dataset }
}

/** The same for verbs that take a path of a mounted file system too. */
export function openPathOrName(state: SimState, name: string, types: Types): Opened | string {
  if (!name.startsWith('/')) return open(state, name, types)
  const exists = name === '/' || state.files[name] !== undefined || state.mounts.some(({ target }) => target === name)
  if (!exists) return `${name}: No such file or directory\n`
  const mount = mountUnder(state, name)
  return mount?.fstype === 'zfs' ? open(state, mount.source, 'f') : `'${name}': not a ZFS filesystem\n`
}

/** Which datasets a call of `zfs get`, `list`, `set` or `inherit` is about (zfs_for_each in zfs_iter.c). */
import type { Dataset, Pool, SimState } from '../model.ts'
import type { Types } from './names.ts'
import { type Opened, open, openPathOrName } from './open.ts'
import { compareNames, isSnapshotName, parentOf } from './tree.ts'

export interface Selection {
  /** Names given; none means all datasets of all pools. */
  readonly names: readonly string[]
  readonly types: Types
  readonly recursive: boolean
  /** Levels below the names, or null for all. */
  readonly depth: number | null
  /** Names may be paths of mounted file systems. */
  readonly paths: boolean
  /** Snapshots come up only where the pool's listsnapshots is on (`zfs list` without -t). */
  readonly snapshotsAsPoolSays: boolean
}

export interface Walked {
  readonly found: readonly Opened[]
  /** Lines for stderr about names that cannot be opened. */
  readonly errors: string
}

const letters = { filesystem: 'f', volume: 'v', snapshot: 's', bookmark: 'b' } as const

export function walk(state: SimState, selection: Selection): Walked {
  const found = new Map<Dataset, Opened>()
  let errors = ''
  const recursive = selection.recursive || selection.names.length === 0
  const asked = recursive ? widened(selection.types) : selection.types
  const roots: Opened[] = []
  if (selection.names.length === 0) {
    for (const pool of state.pools) {
      // A suspended pool gives nothing and no word (Z68).
      const root =
        pool.presence === 'imported' && !pool.suspended && pool.datasets.find(({ name }) => name === pool.name)
      if (root) roots.push({ pool, dataset: root })
    }
  }
  for (const name of selection.names) {
    const opened = (selection.paths ? openPathOrName : open)(state, name, asked)
    if (typeof opened === 'string') errors += opened
    else roots.push(opened)
  }
  for (const root of roots) {
    const wanted = typesIn(root.pool, selection)
    const within = recursive ? below(root, selection.depth) : [root.dataset]
    for (const dataset of within) {
      const own = dataset === root.dataset && selection.types.includes(letters[dataset.type])
      if (own || wanted.includes(letters[dataset.type])) found.set(dataset, { pool: root.pool, dataset })
    }
  }
  return { found: [...found.values()].sort((a, b) => compareListed(a.dataset, b.dataset)), errors }
}

/** A recursive call may begin at any file system, and at a volume when its snapshots are wanted. */
const widened = (types: Types): Types => `${types}f${/[sb]/.test(types) ? 'v' : ''}`

function typesIn(pool: Pool, { types, snapshotsAsPoolSays }: Selection): Types {
  if (!snapshotsAsPoolSays || pool.properties.listsnapshots === 'on') return types
  return types.replace('s', '')
}

/** The dataset and what is below it: children a level each, snapshots and bookmarks a level below their dataset. */
function below({ pool, dataset: root }: Opened, depth: number | null): Dataset[] {
  const level = (name: string): number => name.match(/[/@#]/g)?.length ?? 0
  const start = level(root.name)
  return pool.datasets.filter((dataset) => {
    if (dataset === root) return true
    const inside = dataset.name.startsWith(root.name) && /[/@#]/.test(dataset.name.charAt(root.name.length))
    return inside && (depth === null || level(dataset.name) - start <= depth)
  })
}

/** By name; a dataset's snapshots follow it in the order in which they were made (zfs_compare). */
function compareListed(a: Dataset, b: Dataset): number {
  const head = ({ name }: Dataset): string => (isSnapshotName(name) ? (parentOf(name) ?? name) : name)
  const order = compareNames(head(a), head(b))
  if (order !== 0) return order
  if (isSnapshotName(a.name) !== isSnapshotName(b.name)) return isSnapshotName(a.name) ? 1 : -1
  return a.createtxg - b.createtxg || compareNames(a.name, b.name)
}

const typeWords: Readonly<Record<string, Types>> = {
  filesystem: 'f',
  fs: 'f',
  volume: 'v',
  vol: 'v',
  snapshot: 's',
  snap: 's',
  bookmark: 'b',
  all: 'fvsb',
}

/** `-t filesystem,volume`: the letters, or the fault. */
export function parseTypes(text: string): { readonly types: Types } | { readonly fault: string } {
  let types = ''
  for (const word of text.split(',')) {
    const letter = typeWords[word]
    if (letter === undefined) return { fault: `invalid type '${word}'` }
    types += letter
  }
  return { types: [...'fvsb'].filter((letter) => types.includes(letter)).join('') }
}

/** `-d N`. */
export function parseDepth(text: string): { readonly depth: number } | { readonly fault: string } {
  if (/^\d+$/.test(text)) return { depth: Number(text) }
  return { fault: `${text} is not an integer` }
}

/** Finding datasets by name, in the tree that their names make. */
import type { Dataset, Pool, SimState } from '../model.ts'

export const poolNameOf = (name: string): string => name.split(/[/@#]/, 1)[0] ?? name

export const importedPool = (state: SimState, name: string): Pool | undefined =>
  state.pools.find((pool) => pool.name === name && pool.presence === 'imported')

/** The imported pool that a dataset name begins with. */
export const poolOf = (state: SimState, name: string): Pool | undefined => importedPool(state, poolNameOf(name))

export const findDataset = (state: SimState, name: string): Dataset | undefined =>
  poolOf(state, name)?.datasets.find((dataset) => dataset.name === name)

/** `tank/a` of `tank/a/b`, of `tank/a@s` and of `tank/a#b`; null for a pool's name. */
export function parentOf(name: string): string | null {
  const cut = Math.max(name.lastIndexOf('/'), name.lastIndexOf('@'), name.lastIndexOf('#'))
  return cut < 0 ? null : name.slice(0, cut)
}

export const isSnapshotName = (name: string): boolean => name.includes('@')

export const isHead = (dataset: Dataset): boolean => dataset.type === 'filesystem' || dataset.type === 'volume'

/** strcmp: datasets are listed in byte order, not in that of a language. */
export const byName = (a: { name: string }, b: { name: string }): number => compareNames(a.name, b.name)
export const compareNames = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

/** File systems and volumes right below, by name. */
export const childrenOf = (pool: Pool, name: string): Dataset[] =>
  pool.datasets.filter((dataset) => isHead(dataset) && parentOf(dataset.name) === name).sort(byName)

/** All file systems and volumes below it, not itself. */
export const descendantsOf = (pool: Pool, name: string): Dataset[] =>
  pool.datasets.filter((dataset) => isHead(dataset) && dataset.name.startsWith(`${name}/`)).sort(byName)

/** In the order in which they were made. */
export const snapshotsOf = (pool: Pool, name: string): Dataset[] =>
  pool.datasets
    .filter((dataset) => dataset.type === 'snapshot' && dataset.name.startsWith(`${name}@`))
    .sort((a, b) => a.createtxg - b.createtxg)

export const bookmarksOf = (pool: Pool, name: string): Dataset[] =>
  pool.datasets.filter((dataset) => dataset.type === 'bookmark' && dataset.name.startsWith(`${name}#`)).sort(byName)

export const clonesOf = (pool: Pool, snapshot: string): Dataset[] =>
  pool.datasets.filter((dataset) => dataset.origin === snapshot).sort(byName)

/** A look-up by name over one pool, for walks over many datasets. */
export type Lookup = (name: string) => Dataset | undefined

export function lookupIn(pool: Pool): Lookup {
  const names = new Map(pool.datasets.map((dataset) => [dataset.name, dataset]))
  return (name) => names.get(name)
}

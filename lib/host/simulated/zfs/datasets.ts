/** Making datasets in the model, and taking them away. */
import type { Dataset, Pool, SimState } from '../model.ts'
import { nextGuid } from '../random.ts'
import { findProperty } from './property-table.ts'
import { parentOf } from './tree.ts'

/** Properties that are fixed when a dataset is made; children take those of their parent (zfsprops(7), `casesensitivity`). */
const inheritedAtBirth = ['casesensitivity', 'normalization', 'utf8only']

const birthOnly = (name: string): boolean => {
  const access = findProperty(name)?.access
  return access === 'once' || access === 'once-own'
}

/** A transaction group later: what changes a pool gets a number of its own. */
export function nextTxg(pool: Pool): number {
  pool.txg += 1
  return pool.txg
}

/** A dataset that isn't in its pool yet. `properties` are in read-back form, as `checkProperties` gives them. */
export function makeDataset(
  state: SimState,
  pool: Pool,
  name: string,
  type: Dataset['type'],
  properties: Readonly<Record<string, string>>,
): Dataset {
  const parent = pool.datasets.find((dataset) => dataset.name === parentOf(name))
  const once = Object.entries(properties).filter(([key]) => birthOnly(key))
  const inherited = inheritedAtBirth.flatMap((key): [string, string][] => {
    const value = type === 'volume' ? undefined : parent?.onetime[key]
    return value === undefined ? [] : [[key, value]]
  })
  return {
    name,
    type,
    guid: nextGuid(state),
    createtxg: nextTxg(pool),
    creation: state.now,
    properties: Object.fromEntries(Object.entries(properties).filter(([key]) => !birthOnly(key))),
    received: [],
    onetime: Object.fromEntries([...inherited, ...once]),
    used: 0,
    mounted: false,
    keyLoaded: true,
    holds: [],
    origin: null,
  }
}

/** The file system that a new pool is born with. */
export function newRootDataset(state: SimState, pool: Pool, properties: Readonly<Record<string, string>>): Dataset {
  return { ...makeDataset(state, pool, pool.name, 'filesystem', properties), createtxg: 1 }
}

/** Takes a dataset out of its pool, with what the model keeps of it elsewhere. */
export function removeDataset(state: SimState, pool: Pool, dataset: Dataset): void {
  nextTxg(pool)
  pool.datasets = pool.datasets.filter((each) => each !== dataset)
  if (dataset.type === 'volume') delete state.volumes[dataset.name]
}

/**
 * What a changed `mountpoint`, `canmount`, `sharenfs` or name does to what is mounted (libzfs_changelist.c): everything
 * that the change concerns is unmounted, deepest first, and mounted again in its new place, parents first.
 */
import type { Dataset, Pool, SimState } from '../model.ts'
import { effective, mountpointOf } from './inheritance.ts'
import { removeFolder } from './mount-files.ts'
import { isMounted, mountDataset, mountOf, shareDataset, unmountDataset } from './mounts.ts'
import { unshareAt } from './shares.ts'
import { childrenOf, compareNames, descendantsOf, lookupIn } from './tree.ts'

export type Cause = 'mountpoint' | 'canmount' | 'name' | 'sharenfs' | 'sharesmb'

interface Affected {
  readonly dataset: Dataset
  readonly wasMounted: boolean
}

export interface Change {
  readonly cause: Cause
  /** Parents first. */
  readonly affected: readonly Affected[]
  /** Its mountpoint was a word, not a path: it is mounted when it gets one. */
  readonly wasLegacy: boolean
  /** The folder that it leaves, unless a person had named it. */
  readonly oldFolder: string | null
}

export function gather(state: SimState, pool: Pool, dataset: Dataset, cause: Cause): Change {
  const lookup = lookupIn(pool)
  const { value, source } = mountpointOf(pool, lookup, dataset)
  const below = cause === 'name' ? mountedBelow(state, pool, dataset) : inheritingDown(pool, dataset, cause)
  const affected = [dataset, ...below].filter(({ type }) => type === 'filesystem')
  const place = (each: Dataset): string => mountpointOf(pool, lookup, each).value
  affected.sort((a, b) => compareNames(place(a), place(b)))
  return {
    cause,
    affected: affected.map((each) => ({ dataset: each, wasMounted: isMounted(state, each) })),
    wasLegacy: !value.startsWith('/') && cause !== 'canmount' && effective(lookup, dataset, 'canmount') !== 'noauto',
    oldFolder: value.startsWith('/') && source !== 'local' && source !== 'received' ? value : null,
  }
}

const mountedBelow = (state: SimState, pool: Pool, { name }: Dataset): Dataset[] =>
  descendantsOf(pool, name).filter((dataset) => isMounted(state, dataset))

/** Those that take the property from above, down to where one has its own. */
export function inheritingDown(pool: Pool, dataset: Dataset, cause: Cause): Dataset[] {
  const property = cause === 'canmount' ? 'mountpoint' : cause
  return childrenOf(pool, dataset.name)
    .filter((child) => child.type === 'filesystem' && child.properties[property] === undefined)
    .flatMap((child) => [child, ...inheritingDown(pool, child, cause)])
}

/** Unmounts all. When one is busy those that had gone are mounted again: the line for stderr, or null. */
export function unmountAll(state: SimState, pool: Pool, change: Change): string | null {
  if (change.cause === 'sharenfs' || change.cause === 'sharesmb') return null
  const gone: Dataset[] = []
  for (const { dataset } of [...change.affected].reverse()) {
    const failed = unmountDataset(state, dataset)
    if (failed !== null) {
      for (const each of gone.reverse()) remountOne(state, pool, each)
      return failed
    }
    gone.push(dataset)
  }
  return null
}

function remountOne(state: SimState, pool: Pool, dataset: Dataset): string {
  const failed = mountDataset(state, pool, dataset)
  if (failed === null) shareDataset(state, pool, dataset)
  return failed ?? ''
}

/** Mounts and shares again after the change. Lines for stderr. */
export function mountAgain(state: SimState, pool: Pool, change: Change): string {
  if (change.oldFolder !== null && change.cause !== 'sharenfs' && change.cause !== 'sharesmb') {
    removeFolder(state, change.oldFolder)
  }
  let stderr = ''
  for (const { dataset, wasMounted } of change.affected) {
    const lookup = lookupIn(pool)
    const on = (name: string): boolean => effective(lookup, dataset, name) !== 'off'
    const wanted = change.cause === 'mountpoint' || change.wasLegacy || on('sharenfs') || on('sharesmb')
    const auto = wanted && effective(lookup, dataset, 'canmount') === 'on'
    if (!isMounted(state, dataset) && dataset.keyLoaded && (wasMounted || auto)) {
      stderr += mountDataset(state, pool, dataset) ?? ''
    }
    const mount = mountOf(state, dataset.name)
    if (mount === undefined) continue
    if (on('sharenfs')) shareDataset(state, pool, dataset)
    else unshareAt(state, mount.target)
  }
  return stderr
}

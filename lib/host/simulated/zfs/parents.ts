/** Checks before a dataset gets a name, shared by create, clone and rename. */
import type { Pool, SimState } from '../model.ts'
import { makeDataset } from './datasets.ts'
import { mountAndShare } from './mounts.ts'
import { isTooDeep, nameFault, type Types } from './names.ts'
import { suspended } from './open.ts'
import { importedPool, parentOf, poolNameOf, poolOf } from './tree.ts'

/** The pool in which `name` can be made, or why it can't, without its beginning `cannot create 'NAME': `. */
export function placeFor(state: SimState, name: string, types: Types): Pool | string {
  const fault = nameFault(name, types, true)
  if (fault !== null) return fault
  if (isTooDeep(name)) return 'maximum name nesting depth exceeded'
  const parent = parentOf(name)
  if (parent === null) return 'missing dataset name'
  const pool = poolOf(state, name)
  if (pool === undefined) return `no such pool '${poolNameOf(name)}'`
  if (pool.suspended) return suspended
  const above = pool.datasets.find((dataset) => dataset.name === parent)
  if (above === undefined) return 'parent does not exist'
  if (above.type !== 'filesystem') return 'parent is not a filesystem'
  return pool
}

/** `-p`: makes and mounts what is missing above `name`. A line for stderr when that failed. */
export function createAncestors(state: SimState, name: string): string | null {
  const pool = importedPool(state, poolNameOf(name))
  if (pool === undefined) return `cannot create '${name}': no such pool '${poolNameOf(name)}'\n`
  const parts = name.split('/')
  for (let depth = 2; depth < parts.length; depth++) {
    const at = parts.slice(0, depth).join('/')
    if (pool.datasets.some((dataset) => dataset.name === at)) continue
    const place = placeFor(state, at, 'f')
    if (typeof place === 'string') return `cannot create '${at}': ${place}\n`
    const dataset = makeDataset(state, pool, at, 'filesystem', {})
    pool.datasets.push(dataset)
    const failed = mountAndShare(state, pool, dataset)
    if (failed !== null) return `${failed}cannot create '${name}': failed to mount ancestor '${at}'\n`
  }
  return null
}

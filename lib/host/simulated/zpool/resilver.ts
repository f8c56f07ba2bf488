/** Resilvers and scrubs. They take no time here: what zpool says of them afterwards is all that is kept. */
import type { Pool, SimState, Vdev } from '../model.ts'
import { allocated } from './sizes.ts'
import { bytes, ctime } from './text.ts'
import { leavesOf, topLevels } from './tree.ts'

/** Ends the resilver of everything that came back and of what was put in. */
export function resilver(state: SimState, pool: Pool, ...added: readonly Vdev[]): void {
  for (const leaf of topLevels(pool).flatMap(leavesOf)) {
    delete leaf.resilvered
    delete leaf.selfHealed
    if (leaf.staleSince !== undefined || added.some((each) => each.guid === leaf.guid))
      leaf.resilvered = allocated(pool)
    delete leaf.staleSince
  }
  pool.scan = `resilvered ${bytes(allocated(pool))} in 00:00:00 with 0 errors on ${ctime(state.now)}`
}

/** What waiting does: resilvers that were due are then done. */
export function finishResilver(state: SimState, pool: Pool): void {
  const isDue = topLevels(pool)
    .flatMap(leavesOf)
    .some((leaf) => leaf.staleSince !== undefined)
  if (isDue) resilver(state, pool)
  if (pool.scan?.includes('in progress') === true) finishScrub(state, pool, 0, 0)
}

export const finishScrub = (state: SimState, pool: Pool, repaired: number, errors: number): void => {
  pool.scan = `scrub repaired ${bytes(repaired)} in 00:00:00 with ${errors} errors on ${ctime(state.now)}`
}

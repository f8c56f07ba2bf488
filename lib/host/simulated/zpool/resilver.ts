/** Resilvers and scrubs. They take no time here: what zpool says of them afterwards is all that is kept. */
import type { Pool, SimState, Vdev } from '../model.ts'
import { settlePool } from './health.ts'
import { memberDevice } from './labels.ts'
import { allocated } from './sizes.ts'
import { sparesStepIn } from './spares.ts'
import { bytes, ctime } from './text.ts'
import { leavesOf, parity, topLevels } from './tree.ts'

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

const finishScrub = (state: SimState, pool: Pool, repaired: number, errors: number): void => {
  pool.scan = `scrub repaired ${bytes(repaired)} in 00:00:00 with ${errors} errors on ${ctime(state.now)}`
}

/** Errors that a scrub finds before ZFS gives a device up (the default of checksum_n and io_n, vdevprops(7)). */
const tooMany = 10

/** Reads everything: finds what is damaged, repairs it where there is redundancy, and gives up disks that can't be read. */
export function scrub(state: SimState, pool: Pool): void {
  let repaired = 0
  let lost = 0
  for (const top of topLevels(pool)) {
    const isRedundant = top.children.length > 0 && (top.type === 'mirror' || parity(top) > 0)
    for (const leaf of leavesOf(top)) {
      const device = leaf.state === 'ONLINE' || leaf.state === 'DEGRADED' ? memberDevice(state, leaf) : undefined
      if (device?.disk?.readErrors === true) {
        leaf.readErrors += tooMany * 2
        if (isRedundant) {
          leaf.state = 'FAULTED'
          leaf.aux = 'too many errors'
        }
      }
      const damaged = device?.content.damaged ?? 0
      if (damaged === 0 || device === undefined) continue
      const found = Math.min(damaged, allocated(pool))
      const blocks = Math.max(1, Math.ceil(found / 131072))
      leaf.checksumErrors += blocks
      if (isRedundant) {
        repaired += found
        leaf.selfHealed = found
        delete device.content.damaged
      } else {
        lost += blocks
        leaf.state = 'DEGRADED'
        leaf.aux = 'too many errors'
      }
    }
  }
  pool.errorCount = lost
  for (const leaf of topLevels(pool).flatMap(leavesOf)) delete leaf.staleSince
  settlePool(pool)
  finishScrub(state, pool, repaired, lost)
  for (const leaf of topLevels(pool).flatMap(leavesOf)) if (isGivenUp(leaf)) sparesStepIn(state, pool, leaf)
}

const isGivenUp = (leaf: Vdev): boolean => leaf.state === 'FAULTED'

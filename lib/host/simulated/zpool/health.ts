/**
 * The states of inner vdevs, which follow from their children (vdev_propagate_state and the state_change functions
 * of vdev_mirror.c, vdev_raidz.c, vdev_root.c).
 */
import type { Pool, Vdev, VdevState } from '../model.ts'
import { isLeaf, leavesOf, parity, topLevels } from './tree.ts'

export interface Health {
  readonly state: VdevState
  readonly aux: string | null
}

const works = (vdev: Vdev): boolean => vdev.state === 'ONLINE' || vdev.state === 'DEGRADED'
const lost: Health = { state: 'UNAVAIL', aux: 'insufficient replicas' }

/** Sets the states of every inner vdev below and including this one. */
export function settleVdev(vdev: Vdev): void {
  if (isLeaf(vdev)) return
  vdev.children.forEach(settleVdev)
  const broken = vdev.children.filter((child) => !works(child)).length
  const tolerated = parity(vdev) > 0 ? parity(vdev) : vdev.children.length - 1
  const whole = vdev.children.every((child) => child.state === 'ONLINE')
  const health: Health = broken > tolerated ? lost : { state: whole ? 'ONLINE' : 'DEGRADED', aux: null }
  vdev.state = health.state
  vdev.aux = health.aux
}

export function settlePool(pool: Pool): void {
  topLevels(pool).forEach(settleVdev)
}

/** The root's state. A log that is gone degrades it only; a data, special or dedup vdev makes it unavailable. */
export function rootHealth(pool: Pool): Health {
  const tops = topLevels(pool)
  if (tops.some((top) => !works(top) && !pool.logs.includes(top))) return lost
  return { state: tops.every((top) => top.state === 'ONLINE') ? 'ONLINE' : 'DEGRADED', aux: null }
}

/** What `zpool list` and the line `state:` say (zpool_get_state_str). */
export const poolState = (pool: Pool): string => (pool.suspended ? 'SUSPENDED' : shownState(rootHealth(pool)))

/** A device whose label belongs to another pool is said to be faulted (zpool_state_to_name). */
export const shownState = (health: Health): string =>
  health.state === 'UNAVAIL' && health.aux === 'corrupted data' ? 'FAULTED' : health.state

/** Whether the pool would live on without this leaf: else it can't be taken offline, and pulling it out suspends the pool. */
export function isExpendable(pool: Pool, leaf: Vdev): boolean {
  const trial = structuredClone(pool)
  for (const each of topLevels(trial).flatMap(leavesOf)) {
    // A side that has not been resilvered since it came back does not count.
    if (each.guid === leaf.guid) each.state = 'OFFLINE'
    else if (each.staleSince !== undefined) each.state = 'UNAVAIL'
  }
  settlePool(trial)
  return topLevels(trial).every(
    (top) => works(top) || !topLevels(pool).some((own) => own.guid === top.guid && works(own)),
  )
}

/** `zpool scrub`: what reading everything brings to light. */
import type { Pool, SimState, Vdev } from '../model.ts'
import { settlePool } from './health.ts'
import { memberDevice } from './labels.ts'
import { finishScrub } from './resilver.ts'
import { allocated } from './sizes.ts'
import { sparesStepIn } from './spares.ts'
import { leavesOf, parity, topLevels } from './tree.ts'

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

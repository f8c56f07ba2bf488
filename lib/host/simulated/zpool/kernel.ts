/**
 * What the kernel and zed do by themselves: a member that is pulled out, one that comes back, pools at boot. Called by
 * the events of the simulated host, never by a command.
 */
import { settleVolumes } from '../devices.ts'
import type { Content, Disk, Pool, SimState, Vdev } from '../model.ts'
import { mountPool } from '../zfs/mounts.ts'
import { findCandidates } from './candidates.ts'
import { isExpendable, rootHealth, settlePool } from './health.ts'
import { load } from './import.ts'
import { importedPools, isOpen, writeLabels } from './labels.ts'
import { finishResilver } from './resilver.ts'
import { sparesGoBack, sparesStepIn } from './spares.ts'
import { bringBack, setState } from './states.ts'
import { allLeaves, leavesOf, topLevels, withoutPartition } from './tree.ts'

/** The disk that carries a leaf's label, or else the one that its path means: whether it is there or not. */
function diskOf(state: SimState, leaf: Vdev): Disk | undefined {
  const carries = (content: Content): boolean => content.label?.vdevGuid === leaf.guid
  const path = leaf.path ?? ''
  const name = withoutPartition(path.slice(path.lastIndexOf('/') + 1))
  return (
    state.disks.find(
      (disk) => carries(disk.content) || disk.table?.partitions.some(({ content }) => carries(content)),
    ) ?? state.disks.find((disk) => disk.kname === name || disk.ids.includes(name))
  )
}

/** To be called after `present` of a disk changed. */
export function disksChanged(state: SimState): void {
  for (const pool of importedPools(state)) {
    for (const leaf of allLeaves(pool)) {
      const disk = diskOf(state, leaf)
      if (disk === undefined) continue
      if (!disk.present && isOpen(leaf)) loseLeaf(state, pool, leaf)
      else if (disk.present && (leaf.state === 'REMOVED' || leaf.state === 'UNAVAIL') && !pool.suspended)
        returnLeaf(state, pool, leaf, disk)
    }
  }
}

function loseLeaf(state: SimState, pool: Pool, leaf: Vdev): void {
  const isSpare = pool.spares.includes(leaf)
  const isData = topLevels(pool).flatMap(leavesOf).includes(leaf) && !pool.logs.includes(leaf)
  if (isData && !isExpendable(pool, leaf)) {
    // Nothing can be read or written: I/O waits, and the states stay as they were (zfs.jsonl scene 68).
    pool.suspended = true
    leaf.readErrors += 3
    pool.errorCount = Math.max(pool.errorCount, 5)
    return
  }
  setState(leaf, 'REMOVED', null)
  settlePool(pool)
  if (!isSpare) sparesStepIn(state, pool, leaf)
  writeLabels(state, pool, 'active')
}

/** zed brings back a disk whose identity it can read from its WWN; one without stays REMOVED until `zpool online` (seen with both kinds of disk). */
function returnLeaf(state: SimState, pool: Pool, leaf: Vdev, disk: Disk): void {
  if (disk.wwn === null) return
  if (pool.spares.includes(leaf)) {
    setState(leaf, 'AVAIL', null)
    return
  }
  bringBack(state, pool, leaf, false)
  if (leaf.state !== 'ONLINE') return
  finishResilver(state, pool)
  sparesGoBack(state, pool)
  writeLabels(state, pool, 'active')
}

/** Before a boot, orderly or not: nothing is imported any more. After a clean shutdown labels still say `active`. */
export function forgetPools(state: SimState): void {
  for (const pool of importedPools(state)) {
    pool.presence = 'exported'
    pool.suspended = false
    pool.altroot = null
    for (const dataset of pool.datasets) dataset.mounted = false
  }
}

/**
 * zfs-import-cache and zfs-mount: pools that this host had imported come back and are mounted, but for those with
 * cachefile=none, and all stay away under another hostid (zfs.jsonl scenes 112 and 113). Lines for the system's log.
 */
export function importAtBoot(state: SimState): string[] {
  const log: string[] = []
  for (const candidate of findCandidates(state, null)) {
    const { pool } = candidate
    if (candidate.says !== 'active' || !pool.cachefile) continue
    if (candidate.otherHost) log.push(`cannot import '${pool.name}': pool was previously in use from another system.`)
    else if (rootHealth(pool).state === 'UNAVAIL') log.push(`cannot import '${pool.name}': no such pool or dataset`)
    else {
      load(state, pool, pool.name, [])
      settleVolumes(state)
      log.push(...mountPool(state, pool))
    }
  }
  return log
}

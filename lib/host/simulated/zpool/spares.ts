/** Hot spares: zed puts one in for a member that failed (zfs.jsonl scene 62), and it goes back when the member does. */
import type { Pool, SimState, Vdev } from '../model.ts'
import { nextGuid } from '../random.ts'
import { settlePool } from './health.ts'
import { writeLabel } from './labels.ts'
import { resilver } from './resilver.ts'
import { findVdev } from './tree.ts'

/** Attaches the first free spare that is large enough beside a failed member of a mirror or raidz. */
export function sparesStepIn(state: SimState, pool: Pool, failed: Vdev): void {
  const found = findVdev(pool, failed.guid)
  const parent = found?.parent
  if (found === undefined || parent == null || parent.type === 'spare' || parent.type === 'replacing') return
  const spare = pool.spares.find((each) => each.state === 'AVAIL' && (each.size ?? 0) >= (failed.size ?? 0))
  if (spare === undefined) return
  const at = parent.children.indexOf(found.vdev)
  spare.state = 'INUSE'
  const working: Vdev = { ...structuredClone(spare), state: 'ONLINE', aux: null, ashift: failed.ashift }
  parent.children[at] = {
    ...structuredClone(failed),
    type: 'spare',
    name: `spare-${at}`,
    guid: nextGuid(state),
    path: null,
    wholeDisk: false,
    aux: null,
    children: [found.vdev, working],
  }
  settlePool(pool)
  writeLabel(state, pool, working, 'active')
  resilver(state, pool, working)
}

/** Ends a pair of two, `spare` or `replacing`: one of them stays in its place. */
export function collapse(state: SimState, pool: Pool, pair: Vdev, keep: Vdev): void {
  const outer = findVdev(pool, pair.guid)?.parent
  if (outer == null) return
  outer.children[outer.children.indexOf(pair)] = keep
  settleSpares(state, pool)
  settlePool(pool)
}

/** Brings the list of spares into line with the tree: what works for good is no spare any more, what is free again is. */
function settleSpares(state: SimState, pool: Pool): void {
  const inTree = (guid: string): { parent: Vdev | null } | undefined => {
    const found = findVdev({ ...pool, spares: [], cache: [] }, guid)
    return found === undefined ? undefined : { parent: found.parent }
  }
  pool.spares = pool.spares.filter((spare) => {
    const working = inTree(spare.guid)
    return working === undefined || working.parent?.type === 'spare'
  })
  for (const spare of pool.spares) {
    if (spare.state !== 'INUSE' || inTree(spare.guid) !== undefined) continue
    spare.state = 'AVAIL'
    writeLabel(state, pool, spare, 'active', 'spare')
  }
}

/** The member is well again: its spare is free again. */
export function sparesGoBack(state: SimState, pool: Pool): void {
  const pairs: Vdev[] = []
  const walk = (vdev: Vdev): void => {
    if (vdev.type === 'spare' && vdev.children[0]?.state === 'ONLINE') pairs.push(vdev)
    vdev.children.forEach(walk)
  }
  pool.data.forEach(walk)
  for (const pair of pairs) {
    const [keep] = pair.children
    if (keep !== undefined) collapse(state, pool, pair, keep)
  }
}

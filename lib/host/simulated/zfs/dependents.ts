/** Everything that a dataset's removal would take with it, in the order in which ZFS takes it (zfs_iter_dependents). */
import type { Dataset, Pool } from '../model.ts'
import { childrenOf, clonesOf, snapshotsOf } from './tree.ts'

/** Children before their parent, a snapshot's clones before it; the dataset itself is not among them. */
export function dependentsOf(pool: Pool, dataset: Dataset): Dataset[] {
  const found = new Set<Dataset>()
  const visit = (each: Dataset): void => {
    if (found.has(each)) return
    if (each.type === 'snapshot') for (const clone of clonesOf(pool, each.name)) visit(clone)
    else {
      for (const child of childrenOf(pool, each.name)) visit(child)
      for (const snapshot of snapshotsOf(pool, each.name)) visit(snapshot)
    }
    found.add(each)
  }
  visit(dataset)
  found.delete(dataset)
  return [...found]
}

/** Whether `name` lies below `ancestor`, as a child or a snapshot. */
export const isBelow = (name: string, ancestor: string): boolean =>
  name.startsWith(`${ancestor}/`) || name.startsWith(`${ancestor}@`)

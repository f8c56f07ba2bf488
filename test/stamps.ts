/** What every task left behind, by the id of the task. */
import type { StateFolder } from '../lib/state/folder.ts'
import { readStamp, type Stamp, stampedTasks } from '../lib/state/stamp.ts'

export function stampsIn(state: StateFolder): ReadonlyMap<string, Stamp> {
  const stamps = new Map<string, Stamp>()
  for (const task of stampedTasks(state)) {
    const stamp = readStamp(state, task)
    if (stamp) stamps.set(task, stamp)
  }
  return stamps
}

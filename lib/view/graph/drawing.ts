/** What every drawing of the graph starts from: plain data, in a fixed order. */
import type { Reason } from '../../engine/events.ts'
import type { Lock, Task } from '../../engine/resource.ts'
import type { TaskStatus } from '../../engine/session.ts'

export interface Node {
  readonly task: string
  readonly title: string
  /** From the innermost to the outermost: `zfs`, `setup`. */
  readonly groups: readonly string[]
  readonly needs: readonly string[]
  readonly resources: readonly string[]
  readonly locks: readonly Lock[]
  /** Only with --status. */
  readonly reason: Reason | null
  readonly lastRun: string | null
  readonly lastDurationMs: number | null
}

export interface GraphDocument {
  readonly format: 1
  /** The host that was looked at; null without --status. */
  readonly host: string | null
  readonly config: string
  readonly targets: readonly string[]
  /** Dependencies first. */
  readonly tasks: readonly Node[]
}

export function nodes(tasks: readonly Task[], statuses: readonly TaskStatus[] | null): readonly Node[] {
  const known = new Map(statuses?.map((status) => [status.task, status]))
  return tasks.map((task) => {
    const status = known.get(task.id)
    return {
      task: task.id,
      title: task.title,
      groups: task.groups,
      needs: task.needs.toSorted(),
      resources: task.resources.map((resource) => resource.id),
      locks: locksOf(task),
      reason: status?.reason ?? null,
      lastRun: status?.lastRun ?? null,
      lastDurationMs: status?.lastDurationMs ?? null,
    }
  })
}

/** A lock that one resource shares and another wants alone is wanted alone. */
function locksOf(task: Task): readonly Lock[] {
  const modes = new Map<string, Lock['mode']>()
  for (const { name, mode } of task.resources.flatMap((resource) => resource.locks)) {
    if (mode === 'exclusive' || !modes.has(name)) modes.set(name, mode)
  }
  return [...modes].map(([name, mode]) => ({ name, mode })).sort((one, other) => (one.name < other.name ? -1 : 1))
}

/** Edges whose two ends are drawn; with --no-deps some are not. */
export function edges(drawn: readonly Node[]): readonly (readonly [from: string, to: string])[] {
  const ids = new Set(drawn.map((node) => node.task))
  return drawn.flatMap((node) =>
    node.needs.filter((need) => ids.has(need)).map((need): [string, string] => [need, node.task]),
  )
}

/** A group of the graph: the host's `setup`, `guests`, one guest. Filled in order of first appearance, the graph's own. */
export interface Branch {
  readonly groups: Map<string, Branch>
  readonly tasks: Node[]
}

/** Groups within groups: a guest stands within `guests`, a pool's storages within `zfs` within `setup`. */
export function branches(drawn: readonly Node[]): Branch {
  const root: Branch = { groups: new Map(), tasks: [] }
  for (const node of drawn) {
    let branch = root
    for (const group of node.groups.toReversed()) {
      const inner: Branch = branch.groups.get(group) ?? { groups: new Map(), tasks: [] }
      branch.groups.set(group, inner)
      branch = inner
    }
    branch.tasks.push(node)
  }
  return root
}

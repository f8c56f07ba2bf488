/**
 * The graph of tasks: checked once, in a topological order that is the same every time. It knows ids and edges only.
 */

export interface GraphNode {
  readonly id: string
  readonly groups: readonly string[]
  readonly needs: readonly string[]
  readonly guard?: string
}

/** A graph that can't be run: a bug in a task module, or a config that makes a cycle. */
export class GraphError extends Error {}

/** A target that names no task and no group. */
export class UnknownTarget extends Error {
  readonly target: string
  readonly known: readonly string[]

  constructor(target: string, known: readonly string[]) {
    super(`unknown target ${target}`)
    this.target = target
    this.known = known
  }
}

export interface Graph<T extends GraphNode> {
  /** Dependencies first; among equals, the order in which the tasks were given. */
  readonly tasks: readonly T[]
  byId(id: string): T | undefined
  /** Ids of those that need it, each once. */
  dependents(id: string): readonly string[]
}

export function buildGraph<T extends GraphNode>(given: readonly T[]): Graph<T> {
  const ids = new Set<string>()
  for (const { id } of given) {
    if (ids.has(id)) throw new GraphError(`two tasks are called ${id}`)
    ids.add(id)
  }
  const tasks = withoutGroups(given, ids)
  const entries = new Map<string, Entry<T>>()
  for (const task of tasks) entries.set(task.id, { task, missing: 0, next: [] })
  for (const entry of entries.values()) {
    for (const need of entry.task.needs) {
      const before = entries.get(need)
      if (!before) throw new GraphError(`task ${entry.task.id} needs ${need}, which does not exist`)
      // The same need a second time.
      if (before.next.at(-1) === entry) continue
      before.next.push(entry)
      entry.missing += 1
    }
  }
  return {
    tasks: inOrder(entries),
    byId: (id) => entries.get(id)?.task,
    dependents: (id) => entries.get(id)?.next.map(({ task }) => task.id) ?? [],
  }
}

/** A task while it is put in order. */
interface Entry<T> {
  readonly task: T
  /** How many it needs that are not in order yet. */
  missing: number
  /** Those that need it. */
  readonly next: Entry<T>[]
}

/** A need may name a group, such as a guest of whose tasks the module knows nothing: what the group ends with is meant. */
function withoutGroups<T extends GraphNode>(tasks: readonly T[], ids: ReadonlySet<string>): readonly T[] {
  const isGroup = (need: string): boolean => !ids.has(need)
  if (!tasks.some(({ needs }) => needs.some(isGroup))) return tasks
  const members = new Map<string, T[]>()
  for (const task of tasks) for (const group of task.groups) members.set(group, [...(members.get(group) ?? []), task])
  const endsOf = (group: string): readonly string[] => {
    const all = members.get(group)
    if (!all) return [group]
    const inner = new Set(all.flatMap(({ needs }) => needs))
    return all.flatMap(({ id }) => (inner.has(id) ? [] : id))
  }
  return tasks.map((task) => {
    const { needs } = task
    if (!needs.some(isGroup)) return task
    return { ...task, needs: [...new Set(needs.flatMap((need) => (isGroup(need) ? endsOf(need) : need)))] }
  })
}

/** Kahn's algorithm with a queue: linear, and stable in the order given. */
function inOrder<T extends GraphNode>(entries: ReadonlyMap<string, Entry<T>>): T[] {
  const ordered: Entry<T>[] = []
  for (const entry of entries.values()) if (entry.missing === 0) ordered.push(entry)
  for (const { next } of ordered) {
    for (const entry of next) {
      entry.missing -= 1
      if (entry.missing === 0) ordered.push(entry)
    }
  }
  if (ordered.length < entries.size) {
    const left = [...entries.values()].flatMap(({ task, missing }) => (missing > 0 ? [task] : []))
    throw new GraphError(`tasks need each other in a circle: ${findCycle(left).join(' → ')}`)
  }
  return ordered.map(({ task }) => task)
}

/** One circle among tasks that are known to contain one, each next to the task that needs it. */
function findCycle(tasks: readonly GraphNode[]): string[] {
  const byId = new Map(tasks.map((task) => [task.id, task]))
  const path: string[] = []
  let current = tasks.find((task) => task.needs.some((need) => byId.has(need)))
  while (current && !path.includes(current.id)) {
    path.push(current.id)
    const next: string | undefined = current.needs.find((need) => byId.has(need))
    current = next === undefined ? undefined : byId.get(next)
  }
  return current ? [...path.slice(path.indexOf(current.id)), current.id] : path
}

/** The tasks that the targets name (a task's id or a group), with all they depend on unless `deps` is false. */
export function select<T extends GraphNode>(graph: Graph<T>, targets: readonly string[], deps: boolean): readonly T[] {
  const { tasks } = graph
  const wanted = new Set<string>()
  let isAll = false
  for (const target of targets) {
    const named = graph.byId(target)
    const meant = named ? [named] : tasks.filter(({ groups }) => groups.includes(target))
    if (meant.length === 0) throw new UnknownTarget(target, targetsOf(tasks))
    if (meant.length === tasks.length) isAll = true
    else for (const { id } of meant) wanted.add(id)
  }
  if (isAll) return tasks
  // From the end, so that whatever needs a task was seen before it.
  if (deps)
    for (const { id, needs } of tasks.toReversed()) if (wanted.has(id)) for (const need of needs) wanted.add(need)
  return tasks.filter(({ id }) => wanted.has(id))
}

/** All that a person may name, sorted. */
export const targetsOf = (tasks: readonly GraphNode[]): string[] =>
  [...new Set(tasks.flatMap(({ id, groups }) => [...groups, id]))].sort()

/** With those that say whether these may touch anything at all: they are left out by nobody. */
export function withGuards<T extends GraphNode>(graph: Graph<T>, tasks: readonly T[]): readonly T[] {
  const wanted = new Set(tasks.flatMap(({ id, guard }) => (guard === undefined ? id : [id, guard])))
  return graph.tasks.filter(({ id }) => wanted.has(id))
}

/** For each task how long the longest chain from its start to the end of the graph takes, in milliseconds. */
export function criticalPath<T extends GraphNode>(
  graph: Graph<T>,
  durationMs: (id: string) => number,
): Map<string, number> {
  const length = new Map<string, number>()
  for (const task of graph.tasks.toReversed()) {
    const after = Math.max(0, ...graph.dependents(task.id).map((id) => length.get(id) ?? 0))
    length.set(task.id, durationMs(task.id) + after)
  }
  return length
}

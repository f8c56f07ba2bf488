/**
 * Visits side by side, each node as soon as those that it waits for have been visited. It counts, and has no promise
 * for an edge: every run compares its tasks with it, and there may be ten thousand of them.
 */

interface Waiting {
  readonly id: string
  readonly needs: readonly string[]
  readonly watches?: readonly string[]
}

interface Entry<N> {
  readonly node: N
  /** How many it still waits for. */
  missing: number
  readonly next: Entry<N>[]
}

/**
 * The results by id. `nodes` are in topological order; what one needs or watches and is not among them, it does not wait
 * for. `visit` is told the results so far. Rejects with the first error, while others may still be under way.
 */
export function sideBySide<N extends Waiting, R>(
  nodes: readonly N[],
  visit: (node: N, before: ReadonlyMap<string, R>) => Promise<R>,
): Promise<ReadonlyMap<string, R>> {
  const entries = new Map<string, Entry<N>>()
  for (const node of nodes) {
    const entry: Entry<N> = { node, missing: 0, next: [] }
    for (const id of node.watches ? [...node.needs, ...node.watches] : node.needs) {
      const before = entries.get(id)
      if (!before) continue
      before.next.push(entry)
      entry.missing += 1
    }
    entries.set(node.id, entry)
  }
  const results = new Map<string, R>()
  if (nodes.length === 0) return Promise.resolve(results)
  return new Promise((resolve, reject) => {
    const end = ({ node, next }: Entry<N>, result: R): void => {
      results.set(node.id, result)
      if (results.size === nodes.length) resolve(results)
      for (const entry of next) {
        entry.missing -= 1
        if (entry.missing === 0) begin(entry)
      }
    }
    const begin = (entry: Entry<N>): void => {
      try {
        visit(entry.node, results).then((result) => end(entry, result), reject)
      } catch (error) {
        // Before its first await, such as a stamp that can't be read.
        reject(error)
      }
    }
    for (const entry of entries.values()) if (entry.missing === 0) begin(entry)
  })
}

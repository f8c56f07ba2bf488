/**
 * p-graph, and all that it is used for: it hands out each task once those it needs have ended. Loaded only when a task
 * has something to do.
 */
import { PGraph } from 'p-graph'

interface Node {
  readonly id: string
  readonly needs: readonly string[]
}

/**
 * Visits every node (given dependencies first) after all that it needs; `visit` must not reject, since p-graph can
 * resolve although a run function failed. How many run at once is not decided here.
 */
export async function visitInOrder(nodes: readonly Node[], visit: (id: string) => Promise<void>): Promise<void> {
  // Strictly decreasing priorities: equals would start in an order of p-graph's own.
  const priorities = new Map(nodes.map(({ id }, index) => [id, { priority: nodes.length - index }]))
  const edges = nodes.flatMap(({ id, needs }) => needs.map((need): [string, string] => [need, id]))
  await new PGraph(priorities, edges).run({ continue: true, concurrency: nodes.length, run: visit })
}

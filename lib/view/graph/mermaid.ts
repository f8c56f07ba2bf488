/** The graph for mermaid, which GitHub and most wikis draw. */
import { standingFill } from '../standing.ts'
import { printable } from '../words.ts'
import { type Branch, branches, edges, type GraphDocument, type Node } from './drawing.ts'

/** Inside quotes mermaid takes everything but quotes themselves and its own `#…;` entities. */
const quoted = (text: string): string => `"${printable(text).replaceAll('#', '#35;').replaceAll('"', '#quot;')}"`

export function mermaidText(graph: GraphDocument): string {
  // Task ids hold characters that mermaid gives a meaning (`:`, `-`): nodes are numbered instead.
  const names = new Map(graph.tasks.map((node, index) => [node.task, `t${index}`]))
  const name = (task: string): string => names.get(task) ?? task
  const line = (node: Node): string =>
    `${name(node.task)}[${quoted(node.reason === null ? node.task : `${node.task} · ${node.reason.standing}`)}]`
  const lines = ['graph LR']
  let groups = 0
  const draw = (branch: Branch, indent: string): void => {
    lines.push(...branch.tasks.map((node) => `${indent}${line(node)}`))
    for (const [label, inner] of branch.groups) {
      lines.push(`${indent}subgraph g${groups++} [${quoted(label)}]`)
      draw(inner, `${indent}  `)
      lines.push(`${indent}end`)
    }
  }
  draw(branches(graph.tasks), '  ')
  lines.push(...edges(graph.tasks).map(([from, to]) => `  ${name(from)} --> ${name(to)}`))
  for (const node of graph.tasks) {
    if (node.reason) lines.push(`  style ${name(node.task)} fill:${standingFill(node.reason.standing)},color:#222`)
  }
  return `${lines.join('\n')}\n`
}

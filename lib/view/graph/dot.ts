/** The graph for Graphviz: an arrow points from what is needed to what needs it. */
import { standingFill } from '../standing.ts'
import { printable } from '../words.ts'
import { edges, type GraphDocument, groupBy, type Node } from './drawing.ts'

/** A string in the DOT language: only quotes and backslashes need a backslash (graphviz.org/doc/info/lang.html). */
const quoted = (text: string): string =>
  `"${printable(text)
    .replace(/(["\\])/g, '\\$1')
    .replaceAll('\n', '\\n')}"`

export function dotText(graph: GraphDocument): string {
  const byGroup = groupBy(graph.tasks, (node) => node.groups[0] ?? '')
  const lines = [
    'digraph phx {',
    '  rankdir=LR',
    '  node [shape=box, style="rounded,filled", fillcolor="#f4f4f4", fontname="sans-serif"]',
  ]
  let cluster = 0
  for (const [group, members] of byGroup) {
    if (group === '') {
      lines.push(...members.map((node) => `  ${nodeLine(node)}`))
      continue
    }
    lines.push(`  subgraph cluster_${cluster++} {`, `    label=${quoted(group)}`, '    color="#bbbbbb"')
    lines.push(...members.map((node) => `    ${nodeLine(node)}`), '  }')
  }
  lines.push(...edges(graph.tasks).map(([from, to]) => `  ${quoted(from)} -> ${quoted(to)}`), '}')
  return `${lines.join('\n')}\n`
}

function nodeLine(node: Node): string {
  if (node.reason === null) return `${quoted(node.task)} [tooltip=${quoted(node.title)}]`
  const { standing, text } = node.reason
  const label = quoted(`${node.task}\n${standing}`)
  return `${quoted(node.task)} [label=${label}, fillcolor="${standingFill(standing)}", tooltip=${quoted(text)}]`
}

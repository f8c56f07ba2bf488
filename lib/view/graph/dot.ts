/** The graph for Graphviz: an arrow points from what is needed to what needs it; a group is a cluster. */
import { standingFill } from '../standing.ts'
import { printable } from '../words.ts'
import { type Branch, branches, edges, type GraphDocument, type Node } from './drawing.ts'

/** A string in the DOT language: only quotes and backslashes need a backslash (graphviz.org/doc/info/lang.html). */
const quoted = (text: string): string =>
  `"${printable(text)
    .replace(/(["\\])/g, '\\$1')
    .replaceAll('\n', '\\n')}"`

export function dotText(graph: GraphDocument): string {
  const lines = [
    'digraph phx {',
    '  rankdir=LR',
    '  node [shape=box, style="rounded,filled", fillcolor="#f4f4f4", fontname="sans-serif"]',
  ]
  let clusters = 0
  const draw = (branch: Branch, indent: string): void => {
    lines.push(...branch.tasks.map((node) => `${indent}${nodeLine(node)}`))
    for (const [group, inner] of branch.groups) {
      lines.push(`${indent}subgraph cluster_${clusters++} {`, `${indent}  label=${quoted(group)}`)
      lines.push(`${indent}  color="#bbbbbb"`)
      draw(inner, `${indent}  `)
      lines.push(`${indent}}`)
    }
  }
  draw(branches(graph.tasks), '  ')
  lines.push(...edges(graph.tasks).map(([from, to]) => `  ${quoted(from)} -> ${quoted(to)}`), '}')
  return `${lines.join('\n')}\n`
}

function nodeLine(node: Node): string {
  if (node.reason === null) return `${quoted(node.task)} [tooltip=${quoted(node.title)}]`
  const { standing, text } = node.reason
  const label = quoted(`${node.task}\n${standing}`)
  return `${quoted(node.task)} [label=${label}, fillcolor="${standingFill(standing)}", tooltip=${quoted(text)}]`
}

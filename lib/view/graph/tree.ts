/** The graph as a tree: groups, in them their tasks, under each what it needs. */
import type { Paint } from '../paint.ts'
import { standingSign, standingText } from '../standing.ts'
import { printable } from '../words.ts'
import { type Branch, branches, type GraphDocument, type Node } from './drawing.ts'

export function treeText(graph: GraphDocument, paint: Paint): string {
  const root = branches(graph.tasks)
  const lines: string[] = []
  // Tops stand at the margin, without a branch line of their own.
  for (const node of root.tasks) write(taskItem(node, paint), '', '', lines)
  for (const [group, branch] of root.groups) write(groupItem(group, branch, paint), '', '', lines)
  return lines.length > 0 ? `${lines.join('\n')}\n` : 'The config declares no task.\n'
}

interface Item {
  readonly line: string
  readonly below: readonly Item[]
}

function groupItem(group: string, branch: Branch, paint: Paint): Item {
  const groups = [...branch.groups].map(([name, inner]) => groupItem(name, inner, paint))
  return { line: paint.bold(group), below: [...branch.tasks.map((node) => taskItem(node, paint)), ...groups] }
}

function taskItem(node: Node, paint: Paint): Item {
  const title = node.title === node.task ? '' : `  ${paint.dim(printable(node.title))}`
  const below = node.needs.map((need) => ({ line: paint.dim(`needs ${need}`), below: [] }))
  if (node.reason === null) return { line: `${node.task}${title}`, below }
  const { standing, text } = node.reason
  const line = `${standingSign(standing, paint)} ${node.task}  ${standingText(standing, paint)}`
  const why = standing === 'up to date' ? '' : `: ${printable(text)}`
  return { line: `${line}${why}`, below }
}

function write(item: Item, lead: string, belowLead: string, lines: string[]): void {
  lines.push(`${lead}${item.line}`)
  for (const [index, inner] of item.below.entries()) {
    const last = index === item.below.length - 1
    write(inner, `${belowLead}${last ? '└── ' : '├── '}`, `${belowLead}${last ? '    ' : '│   '}`, lines)
  }
}

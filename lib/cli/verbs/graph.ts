/** phx graph: the tasks and their dependencies, drawn; the host is read only with --status. */
import { status } from '../../engine/plan.ts'
import { dotText } from '../../view/graph/dot.ts'
import { type GraphDocument, nodes } from '../../view/graph/drawing.ts'
import { mermaidText } from '../../view/graph/mermaid.ts'
import { treeText } from '../../view/graph/tree.ts'
import { document, type Screen } from '../../view/screen.ts'
import { type Environment, screenOf } from '../environment.ts'
import { exitCodes } from '../exit.ts'
import type { Invocation } from '../invocation.ts'
import { openSession } from '../session.ts'

export async function execute(invocation: Invocation, environment: Environment): Promise<number> {
  const screen = screenOf(environment, invocation.noColor)
  const session = await openSession(invocation, environment, screen, { byDefault: null, readOnly: true })
  try {
    const { looking } = session
    const statuses = invocation.status ? await status(looking) : null
    const graph: GraphDocument = {
      format: 1,
      host: statuses === null ? null : looking.reader.name,
      config: looking.config,
      targets: looking.targets,
      tasks: nodes(looking.selected, statuses),
    }
    screen.out(draw(graph, invocation.format, screen))
    return exitCodes.ok
  } finally {
    await session.close()
  }
}

function draw(graph: GraphDocument, format: Invocation['format'], screen: Screen): string {
  switch (format) {
    case 'tree':
      return treeText(graph, screen.paint)
    case 'dot':
      return dotText(graph)
    case 'mermaid':
      return mermaidText(graph)
    case 'json':
      return document(graph)
  }
}

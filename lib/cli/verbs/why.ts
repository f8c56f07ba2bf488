/** phx why: the reason in full, for one target. */
import { select } from '../../engine/graph.ts'
import { status } from '../../engine/plan.ts'
import { document } from '../../view/screen.ts'
import { whyText } from '../../view/status.ts'
import { type Environment, screenOf } from '../environment.ts'
import { exitCodes } from '../exit.ts'
import type { Invocation } from '../invocation.ts'
import { openSession } from '../session.ts'

export async function execute(invocation: Invocation, environment: Environment): Promise<number> {
  const screen = screenOf(environment, invocation.noColor)
  const session = await openSession(invocation, environment, screen, { byDefault: null, readOnly: true })
  try {
    const { looking } = session
    // What the target depends on is looked at too: a dataset is judged by what becomes of its pool.
    const tasks = await status(looking)
    const own = new Set(select(looking.graph, looking.targets, false).map((task) => task.id))
    const asked = tasks.filter((task) => own.has(task.task))
    const needed = tasks.filter((task) => !own.has(task.task))
    const { reader, config, targets } = looking
    screen.out(
      invocation.json
        ? document({ format: 1, host: reader.name, config, targets, tasks: asked, needs: needed })
        : whyText(asked, needed, screen.paint),
    )
    return tasks.some((task) => task.reason.standing === 'unreadable') ? exitCodes.failed : exitCodes.ok
  } finally {
    await session.close()
  }
}

/** phx status: one line a task, and what runs in the guests. */
import { planTasks, statusOf } from '../../engine/plan.ts'
import { guestsShown } from '../../view/guests.ts'
import { document } from '../../view/screen.ts'
import { statusText } from '../../view/status.ts'
import { type Environment, screenOf } from '../environment.ts'
import { exitCodes } from '../exit.ts'
import type { Invocation } from '../invocation.ts'
import { openSession } from '../session.ts'

export async function execute(invocation: Invocation, environment: Environment): Promise<number> {
  const screen = screenOf(environment, invocation.noColor)
  const session = await openSession(invocation, environment, screen, { byDefault: null, readOnly: true })
  try {
    const { reader, config, targets } = session.looking
    const planned = await planTasks(session.looking)
    const tasks = statusOf(planned)
    const guests = guestsShown(planned)
    screen.out(
      invocation.json
        ? document({ format: 1, host: reader.name, config, targets, tasks, guests })
        : statusText(tasks, guests, screen.paint),
    )
    return tasks.some((task) => task.reason.standing === 'unreadable') ? exitCodes.failed : exitCodes.ok
  } finally {
    await session.close()
  }
}

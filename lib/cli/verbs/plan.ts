/** phx plan: what a run would change. Reads only. */
import { plan } from '../../engine/plan.ts'
import { planText } from '../../view/plan.ts'
import { warningText } from '../../view/run/plain.ts'
import { document } from '../../view/screen.ts'
import { type Environment, screenOf } from '../environment.ts'
import { exitCodes } from '../exit.ts'
import type { Invocation } from '../invocation.ts'
import { openSession } from '../session.ts'
import { exitCodeOf } from './rehearse.ts'

export async function execute(invocation: Invocation, environment: Environment): Promise<number> {
  const screen = screenOf(environment, invocation.noColor)
  const session = await openSession(invocation, environment, screen, { byDefault: ['setup'], readOnly: true })
  try {
    const found = await plan(session.looking)
    if (invocation.json) screen.out(document(found))
    else {
      for (const text of found.warnings) screen.err(warningText(text, screen))
      screen.out(planText(found, screen.paint, invocation.verbose))
    }
    if (found.summary.unreadable > 0) return exitCodes.failed
    if (!invocation.detailedExitCode) return exitCodes.ok
    const wouldEnd = exitCodeOf(found)
    return wouldEnd === exitCodes.ok && found.summary.changes > 0 ? exitCodes.planHasChanges : wouldEnd
  } finally {
    await session.close()
  }
}

/** phx run: converge, or with --dry-run only say what that would do. */
import { run } from '../../engine/run.ts'
import { StopSignal } from '../../engine/session.ts'
import { jsonView } from '../../view/run/json.ts'
import { plainView } from '../../view/run/plain.ts'
import { terminalView } from '../../view/run/terminal.ts'
import type { RunView } from '../../view/run/view.ts'
import type { Screen } from '../../view/screen.ts'
import { shellWords } from '../../view/words.ts'
import { asker } from '../ask.ts'
import { type Environment, screenOf } from '../environment.ts'
import { watchInterrupts } from '../interrupt.ts'
import type { Invocation } from '../invocation.ts'
import { openSession, type Session, type Wanted } from '../session.ts'
import { rehearse } from './rehearse.ts'

export const execute = (invocation: Invocation, environment: Environment): Promise<number> =>
  carryOut(invocation, environment, { byDefault: ['setup'], readOnly: invocation.dryRun })

/** The tasks that are wanted, or with --dry-run what they would do. */
export async function carryOut(invocation: Invocation, environment: Environment, wanted: Wanted): Promise<number> {
  const screen = screenOf(environment, invocation.noColor)
  const session = await openSession(invocation, environment, screen, wanted)
  try {
    if (invocation.dryRun) return await rehearse(session.looking, invocation, screen)
    return await converge(session, invocation, environment, screen)
  } finally {
    await session.close()
  }
}

async function converge(
  session: Session,
  invocation: Invocation,
  environment: Environment,
  screen: Screen,
): Promise<number> {
  const view = viewOf(invocation, screen)
  const stop = new StopSignal()
  const interrupts = watchInterrupts(stop, (why) => view.emit({ type: 'stopping', why }))
  try {
    const summary = await run({
      ...session.looking,
      host: session.host,
      command: shellWords(['phx', ...invocation.line]),
      jobs: invocation.jobs,
      failFast: invocation.failFast,
      reboot: invocation.reboot,
      emit: view.emit,
      ask: asker(environment.stdin, screen, interrupts.asking),
      stop,
    })
    return summary.exitCode
  } finally {
    interrupts.release()
    await view.close()
  }
}

function viewOf(invocation: Invocation, screen: Screen): RunView {
  if (invocation.json) return jsonView(screen)
  if (!screen.live) return plainView(screen, invocation.verbose)
  return terminalView(screen, invocation.verbose)
}

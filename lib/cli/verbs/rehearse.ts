/** phx run --dry-run: the plan, told in the way of a run, with the exit code that the run would begin with. */
import type { RunEvent, Summary, TaskPlan, TaskResult } from '../../engine/events.ts'
import { plan } from '../../engine/plan.ts'
import type { Looking, PlanDocument } from '../../engine/session.ts'
import { planText } from '../../view/plan.ts'
import { jsonView } from '../../view/run/json.ts'
import { warningText } from '../../view/run/plain.ts'
import type { Screen } from '../../view/screen.ts'
import { exitCodes } from '../exit.ts'
import type { Invocation } from '../invocation.ts'

export async function rehearse(looking: Looking, invocation: Invocation, screen: Screen): Promise<number> {
  const started = performance.now()
  const found = await plan(looking)
  const exitCode = exitCodeOf(found)
  if (invocation.json) {
    const view = jsonView(screen)
    const at = looking.now().toISOString()
    for (const event of eventsOf(found, exitCode, at, Math.round(performance.now() - started))) view.emit(event)
  } else {
    for (const text of found.warnings) screen.err(warningText(text, screen))
    screen.out(planText(found, screen.paint, invocation.verbose))
    screen.out('Dry run: nothing was changed.\n')
  }
  return exitCode
}

/** What a run of this plan would end with at the gate; in interactive mode the answers are not known yet. */
export function exitCodeOf({ summary, mode }: PlanDocument): number {
  if (summary.refusals > 0) return exitCodes.refused
  if (summary.consentMissing > 0 && mode !== 'interactive') return exitCodes.refused
  return summary.unreadable > 0 ? exitCodes.failed : exitCodes.ok
}

function* eventsOf(found: PlanDocument, exitCode: number, at: string, durationMs: number): Generator<RunEvent> {
  const { host, config, mode, verb, targets, tasks, summary } = found
  yield { type: 'run', format: 1, run: 'dry-run', host, mode, verb, targets, config, at, dryRun: true }
  for (const text of found.warnings) yield { type: 'warning', text }
  for (const task of tasks) yield { type: 'plan', plan: task }
  const toChange = tasks.filter((task) => task.changes.length > 0).length
  yield { type: 'planned', tasks: tasks.length, toChange, changes: summary.changes, refusals: summary.refusals }
  const results = tasks.map(resultOf)
  const count = (outcome: TaskResult['outcome']): number =>
    results.filter((result) => result.outcome === outcome).length
  const end: Summary = {
    run: 'dry-run',
    exitCode,
    durationMs,
    changed: 0,
    unchanged: count('unchanged'),
    failed: count('failed'),
    skipped: count('skipped'),
    refused: count('refused'),
    mutations: 0,
    rebootRequired: [...new Set(tasks.flatMap(({ reboot }) => reboot))],
    rebooting: false,
    tasks: results,
    next: [],
  }
  yield { type: 'summary', format: 1, ...end }
}

function resultOf(task: TaskPlan): TaskResult {
  const result = (outcome: TaskResult['outcome'], why: string | null): TaskResult => ({
    task: task.task,
    outcome,
    durationMs: 0,
    why,
    failure: null,
    reboot: task.reboot,
  })
  const [refusal] = task.refusals
  if (refusal) return result('refused', refusal.why)
  if (task.unreadable !== null) return result('failed', task.unreadable)
  const missing = task.changes.find((change) => change.consent?.agreed === false)
  if (missing) return result('refused', `${missing.summary}: ${missing.consent?.by ?? ''}`)
  return task.changes.length > 0 ? result('skipped', 'dry run') : result('unchanged', null)
}

/**
 * One run, top to bottom: lock, plan, gate, apply (each task proved and stamped), sum up.
 */
import { StateError } from '../state/disk.ts'
import { Journal, newRunId, type RunOutcome } from '../state/journal.ts'
import { takeLock } from '../state/lock.ts'
import { apply } from './apply.ts'
import type { Summary, TaskResult } from './events.ts'
import { gate } from './gate.ts'
import { consentWarnings, type PlannedTask, planTasks, showPlan } from './plan.ts'
import { mayReboot, reboot } from './reboot.ts'
import type { Running } from './session.ts'

/**
 * Converges the selected tasks. Rejects only when the run can't begin (LockedError, an unusable state folder) and for
 * bugs; whatever happens on the host is in the summary.
 */
export async function run(running: Running): Promise<Summary> {
  const started = performance.now()
  const { state, emit } = running
  state.prepare()
  const unlock = await takeLock(state, running.command, running.now())
  try {
    const journal = new Journal(state, newRunId(running.now()))
    begin(running, journal)

    const planned = await planTasks(running, journal.run)
    announce(planned, running)

    const { refused } = await gate(planned, running)
    let mutations = 0
    const results =
      refused.size > 0 || running.stop.stopping
        ? nothingTouched(planned, refused, running)
        : await apply(planned, running, journal, () => {
            mutations += 1
          })

    const told = sumUp(journal.run, results, mutations, running, Math.round(performance.now() - started))
    const unrecorded = await record(journal, told)
    const recorded = unrecorded === null || told.exitCode !== 0 ? told : { ...told, exitCode: 1 }
    for (const text of unrecorded ?? []) emit({ type: 'warning', text })
    const summary = { ...recorded, rebooting: await mayReboot(recorded, running) }
    // Before the summary, which is the last line: systemd ends phx only after this call has come back.
    if (summary.rebooting) await reboot(summary, running)
    emit({ type: 'summary', format: 1, ...summary })
    return summary
  } finally {
    await unlock()
  }
}

/** Ends the journal, or says why it could not: what was done on the host is summed up all the same. */
async function record(journal: Journal, summary: Summary): Promise<readonly string[] | null> {
  const { exitCode, durationMs, mutations } = summary
  journal.note({ type: 'end', outcome: outcomeOf(summary), exitCode, durationMs, mutations })
  try {
    if (mutations > 0) await journal.sync()
    else journal.write()
    return null
  } catch (error) {
    if (!(error instanceof StateError)) throw error
    return [`the journal of this run is not whole: ${error.message}`]
  }
}

function begin(running: Running, journal: Journal): void {
  const { reader, policy, targets, config, command } = running
  const at = running.now().toISOString()
  const { run } = journal
  journal.note({
    type: 'run',
    format: 1,
    run,
    at,
    command,
    host: reader.name,
    mode: policy.mode,
    targets,
    pid: process.pid,
  })
  running.emit({
    type: 'run',
    format: 1,
    run,
    host: reader.name,
    mode: policy.mode,
    verb: running.verb,
    targets,
    config,
    at,
    dryRun: false,
  })
  // Before anything is done: afterwards it would be a taunt.
  for (const text of consentWarnings(running)) running.emit({ type: 'warning', text })
}

/** Tells the view what the plan found, but for tasks of which there is nothing to say. */
function announce(planned: readonly PlannedTask[], running: Running): void {
  let toChange = 0
  let changes = 0
  let refusals = 0
  for (const one of planned) {
    if (one.changes.length > 0) toChange += 1
    changes += one.changes.length
    refusals += one.refusals.length
    if (one.changes.length > 0 || one.refusals.length > 0 || one.notes.length > 0 || one.unreadable !== null) {
      running.emit({ type: 'plan', plan: showPlan(one, running.policy) })
    }
  }
  running.emit({ type: 'planned', tasks: planned.length, toChange, changes, refusals })
}

/** The results of a run that was refused at the gate (or stopped there): nothing was changed. */
function nothingTouched(
  planned: readonly PlannedTask[],
  refused: ReadonlyMap<string, string>,
  running: Running,
): TaskResult[] {
  return planned.map(({ task, changes, unreadable, later }) => {
    const why = refused.get(task.id)
    const idle = changes.length === 0 && unreadable === null && later === null ? 'unchanged' : 'skipped'
    const outcome = why === undefined ? idle : 'refused'
    const instead = running.stop.stopping
      ? 'stopped before anything was changed'
      : 'the run was refused, so nothing was touched'
    const result: TaskResult = {
      task: task.id,
      outcome,
      durationMs: 0,
      why: why ?? (idle === 'skipped' ? instead : null),
      failure: null,
      reboot: [],
    }
    running.emit({ type: 'task-end', ...result })
    return result
  })
}

function sumUp(
  run: string,
  results: readonly TaskResult[],
  mutations: number,
  running: Running,
  durationMs: number,
): Summary {
  const count = (...outcomes: TaskResult['outcome'][]): number =>
    results.filter(({ outcome }) => outcomes.includes(outcome)).length
  const failed = count('failed')
  const refused = count('refused')
  const exitCode = running.stop.stopping ? 130 : failed > 0 || (refused > 0 && mutations > 0) ? 1 : refused > 0 ? 3 : 0
  return {
    run,
    exitCode,
    durationMs,
    changed: count('changed'),
    unchanged: count('unchanged'),
    failed,
    skipped: count('skipped', 'interrupted'),
    refused,
    mutations,
    rebootRequired: [...new Set(results.flatMap(({ reboot }) => reboot))],
    rebooting: false,
    tasks: results,
    next: nextSteps(run, exitCode, mutations, results, running),
  }
}

function nextSteps(
  run: string,
  exitCode: number,
  mutations: number,
  results: readonly TaskResult[],
  running: Running,
): string[] {
  const next = results.flatMap((result) => result.failure?.mend ?? [])
  const again = `${running.verb} ${running.targets.join(' ')}`
  const look = running.verb === 'run' ? `plan ${running.targets.join(' ')}` : `${again} --dry-run`
  if (exitCode === 3) next.push(`see phx ${look} for why, and what to do about it`)
  if (exitCode === 130 || exitCode === 1) next.push(`phx ${again} goes on from what it finds`)
  if (exitCode === 0 && results.some(({ reboot: causes }) => causes.length > 0)) {
    next.push(
      running.reboot
        ? 'the first run after the reboot goes on'
        : `reboot the host, then phx ${again}: it goes on; with --reboot phx does it at the end of a run`,
    )
  }
  if (mutations > 0) next.push(`phx runs ${run} shows every command, and what would undo it`)
  return [...new Set(next)]
}

const outcomeOf = ({ exitCode }: Summary): RunOutcome =>
  exitCode === 0 ? 'ok' : exitCode === 3 ? 'refused' : exitCode === 130 ? 'interrupted' : 'failed'

/**
 * Applying: tasks in dependency order, in parallel where locks allow. p-graph is the ready queue and nothing more: its
 * run function never rejects, outcomes and the stop signal are ours (with its own error handling it can report success
 * although a task failed).
 */
import { StateError } from '../state/disk.ts'
import type { Journal } from '../state/journal.ts'
import { Admission, mergeLocks } from './admission.ts'
import { converge, isCurrent, settleUnchanged } from './converge.ts'
import type { TaskResult } from './events.ts'
import type { RunContext } from './execute.ts'
import { buildGraph, criticalPath } from './graph.ts'
import type { PlannedTask } from './plan.ts'
import type { Running } from './session.ts'

/** What a task without a record is taken to last when priorities are computed, in milliseconds. */
const unknownDurationMs = 1000

type Verdict = Pick<TaskResult, 'outcome' | 'why' | 'failure' | 'reboot'>

const isGood = (outcome: TaskResult['outcome']): boolean => outcome === 'changed' || outcome === 'unchanged'

export async function apply(
  planned: readonly PlannedTask[],
  running: Running,
  journal: Journal,
  countMutation: () => void,
) {
  const context: RunContext = { running, journal, countMutation }
  const ended = new Map<string, TaskResult>()
  /** Of those that did not converge, the tasks at whose failure the trail ends: only these are worth a person's time. */
  const rootsOf = new Map<string, readonly string[]>()
  const end = (task: string, verdict: Verdict, started: number, roots: readonly string[]): void => {
    const result: TaskResult = { task, ...verdict, durationMs: Math.round(performance.now() - started) }
    ended.set(task, result)
    if (roots.length > 0) rootsOf.set(task, roots)
    running.emit({ type: 'task-end', ...result })
    if (verdict.outcome !== 'unchanged') {
      journal.note({ type: 'task', task, outcome: result.outcome, durationMs: result.durationMs, why: result.why })
    }
  }

  const busy = tasksToVisit(planned)
  const settled = planned.filter(({ task }) => !busy.has(task.id))
  const unstamped = settled.filter(
    ({ stamp, task, live, reboot }) => reboot.length === 0 && !isCurrent(stamp, task, live),
  )
  await Promise.all(unstamped.map((one) => settleUnchanged(one, running, journal)))
  for (const { task, reboot } of settled)
    end(task.id, { outcome: 'unchanged', why: null, failure: null, reboot }, performance.now(), [])
  if (busy.size === 0) return [...ended.values()]

  const visits = planned.filter(({ task }) => busy.has(task.id))
  const graph = buildGraph(visits.map(({ task }) => ({ ...task, needs: task.needs.filter((need) => busy.has(need)) })))
  const stamped = new Map(visits.map(({ task, stamp }) => [task.id, stamp?.durationMs ?? unknownDurationMs]))
  const priority = criticalPath(graph, (id) => stamped.get(id) ?? unknownDurationMs)
  const admission = new Admission(running.jobs)
  const byId = new Map(visits.map((one) => [one.task.id, one]))
  let failing = false
  /** Tasks that bring to light what the plan could not see, and those further down. */
  const revealing = new Set<string>()

  const skip = (why: string, roots: readonly string[]): { verdict: Verdict; roots: readonly string[] } => {
    return { verdict: { outcome: 'skipped', why, failure: null, reboot: [] }, roots }
  }
  /** Why the task must not start, if so. Neither the stop signal nor a failure is ever taken back. */
  const hindrance = ({ task }: PlannedTask) => {
    if (running.stop.stopping) return skip('stopped before it began', [])
    const roots = [...new Set(task.needs.flatMap((need) => rootsOf.get(need) ?? []))]
    if (roots.length > 0) return skip(`needs ${roots.join(', ')}, which did not converge`, roots)
    if (running.failFast && failing) return skip('--fail-fast: another task failed', [])
    return undefined
  }

  const visit = async (one: PlannedTask): Promise<void> => {
    const { id, title } = one.task
    const hindered = hindrance(one)
    if (hindered) return end(id, hindered.verdict, performance.now(), hindered.roots)
    // What the plan found as declared may only turn out to differ where something was brought to light.
    const isRevealing = one.changes.some(({ reveals }) => reveals) || one.task.needs.some((need) => revealing.has(need))
    const touched =
      isRevealing || one.unreadable !== null ? one.task.resources.flatMap(({ locks }) => locks) : one.locks
    const locks = mergeLocks(touched)
    const release = await admission.enter(locks, priority.get(id) ?? 0)
    const started = performance.now()
    try {
      const late = hindrance(one)
      if (late) return end(id, late.verdict, started, late.roots)
      running.emit({ type: 'task-start', task: id, title, changes: one.changes.length })
      const isRevealed = one.task.needs.some((need) => revealing.has(need))
      // Marked before it is done: those below start only after.
      if (isRevealed || one.changes.some(({ reveals }) => reveals)) revealing.add(id)
      const verdict = await converge(one, context, isRevealed, release)
      if (!isGood(verdict.outcome)) failing = true
      end(id, verdict, started, isGood(verdict.outcome) ? [] : [id])
    } catch (error) {
      failing = true
      end(id, crashed(error), started, [id])
    } finally {
      release()
    }
  }

  const { visitInOrder } = await import('./ready-queue.ts')
  await visitInOrder(graph.tasks, async (id) => {
    const one = byId.get(id)
    if (one) await visit(one)
  })
  return planned.map(({ task }) => ended.get(task.id) ?? lost(task.id))
}

/** Tasks with something to do, and those further down: what is done above may change what they find. */
function tasksToVisit(planned: readonly PlannedTask[]): ReadonlySet<string> {
  const busy = new Set<string>()
  for (const { task, changes, unreadable, later } of planned) {
    if (changes.length > 0 || unreadable !== null || later !== null || task.needs.some((need) => busy.has(need)))
      busy.add(task.id)
  }
  return busy
}

/** An error that no step accounts for: the task failed, and the others go on. */
function crashed(error: unknown): Verdict {
  if (error instanceof StateError) {
    const { message: what } = error
    const mend = ['make room there, or keep the state elsewhere with --state-dir FOLDER, then run again']
    const nothingRan = { argv: null, exitCode: null, timedOut: false, stdout: '', stderr: '' }
    return { outcome: 'failed', why: what, failure: { what, ...nothingRan, mend }, reboot: [] }
  }
  const what = `this is a bug in phx: ${error instanceof Error ? error.message : String(error)}`
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const failure = {
    what,
    argv: null,
    exitCode: null,
    timedOut: false,
    stdout: '',
    stderr: stack,
    mend: ['report it with the journal of this run'],
  }
  return { outcome: 'failed', why: what, failure, reboot: [] }
}

/** A task that p-graph never handed out would otherwise count as nothing at all. */
function lost(task: string): TaskResult {
  return { task, durationMs: 0, ...crashed(new Error(`task ${task} was never started`)) }
}

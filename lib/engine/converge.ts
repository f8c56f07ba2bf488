/**
 * Converging one task: look again, let the plan only shrink, mark it unfinished, change, prove, stamp.
 */
import type { Journal } from '../state/journal.ts'
import { lastChange, readStamp, removeStamps, type Stamp, unfinished, writeStamp } from '../state/stamp.ts'
import type { FailureShown, TaskResult } from './events.ts'
import { execute, Interrupted, type RunContext, StepFailed } from './execute.ts'
import { lookAhead, newLook } from './look.ts'
import { compareTask, ForeseenSet, isWork, type PlannedTask } from './plan.ts'
import type { Change, Risk, Task } from './resource.ts'
import { isSame } from './value.ts'

type Verdict = Pick<TaskResult, 'outcome' | 'why' | 'failure' | 'reboot'>

const rank: Readonly<Record<Risk, number>> = { safe: 0, disruptive: 1, destructive: 2 }

/** True when the change is one that was agreed to, or a milder one on the same resource; destruction must match exactly. */
function wasAgreed(change: Change, agreed: readonly Change[]): boolean {
  return agreed.some((one) => {
    if (one.resource !== change.resource || rank[change.risk] > rank[one.risk]) return false
    if (change.risk !== 'destructive') return true
    return one.action === change.action && one.loss?.identity === change.loss?.identity
  })
}

/** The changes to make now, or why none may be made: what is found just before applying may only shrink the plan. */
function shrunk(now: PlannedTask, agreed: readonly Change[], revealed: boolean): Verdict | readonly Change[] {
  if (now.unreadable !== null) return failed(now.unreadable, now.mend)
  const [refusal] = now.refusals
  if (refusal) return { outcome: 'refused', why: refusal.why, failure: null, reboot: [] }
  const grown = now.changes.find((change) => !wasAgreed(change, agreed) && !(revealed && change.risk !== 'destructive'))
  if (grown) {
    const why = `the host changed after the plan was agreed to: ${grown.summary} was not part of it; see phx plan and run again`
    return { outcome: 'refused', why, failure: null, reboot: [] }
  }
  return now.changes
}

const isVerdict = (value: Verdict | readonly Change[]): value is Verdict => 'outcome' in value

function failed(what: string, mend: readonly string[]): Verdict {
  const failure: FailureShown = { what, argv: null, exitCode: null, timedOut: false, stdout: '', stderr: '', mend }
  return { outcome: 'failed', why: what, failure, reboot: [] }
}

const unconverged = (difference: string): Verdict =>
  failed(`did not converge: every command succeeded, yet the host is not as declared: ${difference}`, [
    'see phx plan for what still differs, and phx runs for what the commands said',
  ])

/** What was made and is to be made once more had no effect, and would have none the next time. */
const isSameChange = (one: Change, other: Change): boolean =>
  [one, other]
    .map(({ resource, action, summary, fields }) => JSON.stringify([resource, action, summary, fields]))
    .every((text, _, [first]) => text === first)

/**
 * Converges one task. `revealed`: a task above brought things to light that the plan could not see. `release` gives its
 * slot and locks back, once it is proved and only its stamp is left to write.
 */
export async function converge(
  planned: PlannedTask,
  context: RunContext,
  revealed: boolean,
  release: () => void,
): Promise<Verdict> {
  const { task, stamp } = planned
  const { running, journal } = context
  const started = performance.now()
  const made: Change[] = []
  const compareNow = async (): Promise<PlannedTask> => {
    const look = newLook(running.reader, running.secrets)
    const known = withoutMade(stamp, made)
    // What they changed in this run is in their stamps by now.
    const watched = (task.watches ?? []).map((id) => lastChange(readStamp(running.state, id)))
    const comparing = compareTask(task, known, look, new ForeseenSet(), watched)
    const [now] = await Promise.all([comparing, lookAhead(look, [task])])
    return { ...now, stamp }
  }
  const fresh = await compareNow()
  const first = shrunk(fresh, planned.changes, revealed)
  if (isVerdict(first)) return first
  if (first.length === 0) {
    if (fresh.later !== null) return failed(fresh.later, [])
    await settle(fresh, context, started, [])
    return { outcome: 'unchanged', why: null, failure: null, reboot: fresh.reboot }
  }

  const creating = (changes: readonly Change[]): string[] => changes.filter(isMaking).map((change) => change.resource)
  const begun = { run: journal.run, at: running.now().toISOString(), creating: creating(first) }
  const marked = writeStamp(running.state, unfinished(stamp, task, begun))
  // Every step that changes something awaits it; until then a failure must not count as one that nobody saw.
  marked.catch(() => undefined)

  try {
    let left = [...first]
    for (let change = left.shift(); change; change = left.shift()) {
      await execute(task.id, change, context, marked)
      made.push(change)
      if (!change.reveals) continue
      const next = shrunk(await compareNow(), planned.changes, true)
      if (isVerdict(next)) return next
      const again = next.find((one) => made.some((done) => isSameChange(one, done)))
      if (again) return unconverged(again.summary)
      left = [...next]
    }
  } catch (error) {
    // A stamp still on its way to the disk must not arrive after the run has given its lock back.
    await marked.catch(() => undefined)
    if (error instanceof Interrupted)
      return {
        outcome: 'interrupted',
        why: 'stopped before it was done; the next run goes on',
        failure: null,
        reboot: [],
      }
    if (error instanceof StepFailed)
      return { outcome: 'failed', why: error.message, failure: error.failure, reboot: [] }
    throw error
  }

  const proof = await compareNow()
  const unproved = proof.unreadable ?? proof.refusals[0]?.why ?? proof.changes[0]?.summary ?? proof.later ?? undefined
  if (unproved !== undefined) return unconverged(unproved)
  release()
  await settle(proof, context, started, made)
  return { outcome: 'changed', why: null, failure: null, reboot: proof.reboot }
}

/** What is known of resources that this run has made anew is of those that were there before. */
function withoutMade(stamp: Stamp | undefined, made: readonly Change[]): Stamp | undefined {
  const anew = new Set(made.filter(isMaking).map(({ resource }) => resource))
  if (stamp === undefined || anew.size === 0) return stamp
  return { ...stamp, outputs: Object.fromEntries(Object.entries(stamp.outputs).filter(([id]) => !anew.has(id))) }
}

const isMaking = ({ action }: Change): boolean => action === 'create' || action === 'replace'

/** The stamp of a task whose look showed no difference, and which just made these changes. */
export function convergedStamp(
  proof: PlannedTask,
  run: { readonly id: string; readonly at: string; readonly durationMs: number },
  made: readonly Change[],
): Stamp {
  const { task, stamp, live } = proof
  const removed = new Set(made.filter((change) => change.action === 'remove').map((change) => change.resource))
  const created = new Set([
    ...(stamp?.created ?? []),
    ...(stamp?.begun?.creating ?? []),
    ...made.filter(isMaking).map((change) => change.resource),
  ])
  const changed = made.some(isWork) ? run.id : lastChange(stamp)
  return {
    format: 1,
    task: task.id,
    version: task.version,
    state: 'converged',
    run: run.id,
    at: run.at,
    durationMs: run.durationMs,
    inputs: task.inputs,
    outputs: live,
    created: [...created].filter((resource) => !removed.has(resource) && live[resource] !== null).sort(),
    ...(changed === undefined ? {} : { changed }),
    begun: null,
  }
}

/** True when the stamp says all that the proof shows, so that writing it again would tell nothing new. */
export function isCurrent(stamp: Stamp | undefined, task: Task, live: PlannedTask['live']): boolean {
  return (
    stamp?.state === 'converged' &&
    stamp.version === task.version &&
    isSame(stamp.inputs, task.inputs) &&
    isSame(stamp.outputs, live)
  )
}

async function settle(
  proof: PlannedTask,
  context: RunContext,
  started: number,
  made: readonly Change[],
): Promise<void> {
  const { running, journal } = context
  // Not through before the reboot: its stamp stays unfinished, and the first run after it goes on.
  if (proof.reboot.length > 0) return
  if (proof.task.forgets) return removeStamps(running.state, [proof.task.id, ...proof.task.forgets])
  if (made.length === 0 && isCurrent(proof.stamp, proof.task, proof.live)) return
  const durationMs = Math.round(performance.now() - started)
  const run = { id: journal.run, at: running.now().toISOString(), durationMs }
  await writeStamp(running.state, convergedStamp(proof, run, made))
}

/** Stamps a task that the plan already found as declared, unless its stamp says so already. */
export function settleUnchanged(planned: PlannedTask, running: RunContext['running'], journal: Journal): Promise<void> {
  const { forgets, id } = planned.task
  if (forgets) return removeStamps(running.state, [id, ...forgets])
  // What it took when it last had work to do is worth more than the milliseconds of looking.
  const durationMs = planned.stamp?.durationMs ?? 0
  const run = { id: journal.run, at: running.now().toISOString(), durationMs }
  return writeStamp(running.state, convergedStamp(planned, run, []))
}

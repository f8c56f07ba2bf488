/**
 * Planning: what would change, computed from reads alone. Tasks are compared side by side; each waits only for those
 * it needs, whose plan tells it what will have been made anew by then.
 */
import { lastChange, readStamp, type Stamp } from '../state/stamp.ts'
import { CannotLook } from './cannot-look.ts'
import { decide } from './consent.ts'
import type { ChangeShown, Consent, StepShown, TaskPlan } from './events.ts'
import { lookAhead, newLook } from './look.ts'
import type { Change, Foreseen, Lock, Look, Note, Owned, Refusal, Step, Task, Value } from './resource.ts'
import type { ConsentPolicy, Looking, PlanDocument, TaskStatus } from './session.ts'
import { sideBySide } from './side-by-side.ts'
import { type Looked, standingOf } from './standing.ts'

/** A task, compared: what the engine works with. `TaskPlan` is the same as data for people and JSON. */
export interface PlannedTask extends Looked {
  readonly task: Task
  readonly stamp: Stamp | undefined
  readonly notes: readonly Note[]
  /** What the resources that have changes touch: all that the task has to hold while it applies them. */
  readonly locks: readonly Lock[]
}

export class ForeseenSet implements Foreseen {
  readonly #anew = new Set<string>()
  readonly #gone = new Set<string>()

  isMadeAnew(resource: string): boolean {
    return this.#anew.has(resource)
  }

  isGone(resource: string): boolean {
    return this.#gone.has(resource)
  }

  add(changes: readonly Change[]): void {
    for (const change of changes) {
      if (change.action === 'create' || change.action === 'replace') this.#anew.add(change.resource)
      if (change.action === 'remove') this.#gone.add(change.resource)
    }
  }
}

/** What most tasks of a large graph have of most things: one array for all of them. */
const none: readonly never[] = []

const joined = <T>(before: readonly T[], more: readonly T[]): readonly T[] =>
  more.length === 0 ? before : before.length === 0 ? more : [...before, ...more]

/** What phx made for this task, by its stamp: also what a run that was cut off was about to make. */
export function ownedBy(stamp: Stamp | undefined, changes: readonly string[] = none): Owned {
  const created = stamp?.created ?? none
  const begun = stamp?.begun?.creating ?? none
  return {
    created: (resource) => created.includes(resource) || begun.includes(resource),
    begun: (resource) => begun.includes(resource),
    live: (resource) => stamp?.outputs[resource],
    changes,
    // Asked for by few, and every task of a large graph gets one of these.
    get all() {
      return [...new Set([...created, ...begun])].sort()
    },
  }
}

/**
 * Compares one task with what a look shows. Errors of looking become `unreadable`; anything else is a bug and rejects.
 * `watched` are the runs that last changed something for the tasks that it watches.
 */
export async function compareTask(
  task: Task,
  stamp: Stamp | undefined,
  look: Look,
  foreseen: ForeseenSet,
  watched: readonly (string | undefined)[] = none,
): Promise<PlannedTask> {
  let changes: readonly Change[] = none
  let refusals: readonly Refusal[] = none
  let notes: readonly Note[] = none
  const live: Record<string, { readonly [field: string]: Value } | null> = {}
  let reboot: readonly string[] = none
  let locks: readonly Lock[] = none
  let later: string | null = null
  const owned = ownedBy(stamp, watched.length === 0 ? none : runsIn(watched))
  try {
    for (const resource of task.resources) {
      const comparison = await resource.compare(look, foreseen, owned)
      if (comparison.live !== undefined) live[resource.id] = comparison.live
      refusals = joined(refusals, comparison.refusals)
      notes = joined(notes, comparison.notes)
      reboot = joined(reboot, comparison.reboot ?? none)
      later ??= comparison.later ?? null
      if (comparison.changes.length === 0) continue
      changes = joined(changes, comparison.changes)
      locks = joined(locks, resource.locks)
      foreseen.add(comparison.changes)
    }
  } catch (error) {
    if (!(error instanceof CannotLook)) throw error
    const { message: unreadable, mend } = error
    const nothing = { changes: none, live: {}, reboot: none, locks: none, later: null }
    return { task, stamp, ...nothing, refusals, notes, unreadable, mend }
  }
  return { task, stamp, changes, refusals, notes, live, reboot, locks, unreadable: null, mend: none, later }
}

const runsIn = (watched: readonly (string | undefined)[]): readonly string[] =>
  [...new Set(watched.filter((run) => run !== undefined))].sort()

/** True when it does more than wait for something. */
export const isWork = ({ steps }: Change): boolean => steps.some(({ kind }) => kind !== 'verify')

/** Compares every selected task, from one look. `run` is the one that it is for; a plan alone has none yet. */
export async function planTasks(looking: Looking, run = 'RUN'): Promise<readonly PlannedTask[]> {
  const { state, selected } = looking
  const stamps = new Map<string, Stamp | undefined>()
  for (const { id } of selected) stamps.set(id, readStamp(state, id))
  const look = newLook(looking.reader, looking.secrets)
  const foreseen = new ForeseenSet()
  const ahead = lookAhead(look, selected)
  const planned = await sideBySide(selected, (task, before: ReadonlyMap<string, PlannedTask>) => {
    const lastRun = (id: string): string | undefined =>
      before.get(id)?.changes.some(isWork) ? run : lastChange(readStamp(state, id))
    return compareTask(task, stamps.get(task.id), look, foreseen, task.watches?.map(lastRun))
  })
  // A probe that nobody waited for after all must not go on beside what the run changes.
  await ahead
  return selected.flatMap(({ id }) => planned.get(id) ?? [])
}

const showStep = (step: Step): StepShown => {
  switch (step.kind) {
    case 'command':
      return { kind: 'command', argv: step.argv }
    case 'write':
      return { kind: 'write', path: step.file.path, mode: step.file.mode }
    case 'remove':
      return { kind: 'remove', path: step.path }
    case 'verify':
      return { kind: 'verify', what: step.what }
  }
}

export function showChange(change: Change, consent: Consent | null): ChangeShown {
  return { ...change, steps: change.steps.map(showStep), consent }
}

export function showPlan(planned: PlannedTask, policy: ConsentPolicy): TaskPlan {
  const { task, changes, refusals, notes, unreadable } = planned
  return {
    task: task.id,
    title: task.title,
    needs: task.needs,
    reason: standingOf(task, planned.stamp, planned),
    changes: changes.map((change) => showChange(change, decide(change, policy))),
    refusals,
    notes,
    unreadable,
    reboot: planned.reboot,
  }
}

/** Said by every plan and run before anything else: what stands armed, and consent that is for nothing. */
export function consentWarnings({ policy, selected }: Looking): string[] {
  const isKnown = (id: string): boolean => selected.some(({ resources }) => resources.some((one) => one.id === id))
  const forNothing = policy.allow.filter((id) => !isKnown(id))
  return [
    ...armedWarnings(policy),
    ...forNothing.map((id) => `--allow-destroy ${id}: none of the selected tasks has such a resource`),
  ]
}

function armedWarnings(policy: ConsentPolicy): string[] {
  const field = 'zfs.settings.allow_destructive_operations'
  if (policy.config === true) {
    return [
      `the config stands armed: ${field} is true, so every destructive change counts as agreed to. Name resource ids instead, or remove it.`,
    ]
  }
  if (Array.isArray(policy.config) && policy.config.length > 0) {
    return [
      `the config stands armed: ${field} agrees to destructive changes of ${policy.config.join(', ')}. Remove it once they are done.`,
    ]
  }
  return []
}

/** What would change. Reads only. */
export async function plan(looking: Looking): Promise<PlanDocument> {
  const planned = await planTasks(looking)
  const tasks = planned.map((one) => showPlan(one, looking.policy))
  const changes = tasks.flatMap((task) => task.changes)
  const destructive = changes.filter((change) => change.risk === 'destructive')
  return {
    format: 1,
    host: looking.reader.name,
    config: looking.config,
    mode: looking.policy.mode,
    verb: looking.verb,
    targets: looking.targets,
    tasks,
    warnings: consentWarnings(looking),
    summary: {
      changes: changes.length,
      destructive: destructive.length,
      refusals: tasks.reduce((count, task) => count + task.refusals.length, 0),
      consentMissing: destructive.filter((change) => !change.consent?.agreed).length,
      unreadable: tasks.filter((task) => task.unreadable !== null).length,
      upToDate: tasks.filter((task) => task.reason.standing === 'up to date').length,
      rebootRequired: tasks.filter((task) => task.reboot.length > 0).length,
    },
  }
}

/** Where every selected task stands. Reads only. */
export async function status(looking: Looking): Promise<readonly TaskStatus[]> {
  return statusOf(await planTasks(looking))
}

export function statusOf(planned: readonly PlannedTask[]): readonly TaskStatus[] {
  return planned.map(({ task, stamp, ...looked }) => ({
    task: task.id,
    title: task.title,
    groups: task.groups,
    needs: task.needs,
    reason: standingOf(task, stamp, looked),
    notes: looked.notes,
    lastRun: stamp?.at ?? null,
    lastDurationMs: stamp?.durationMs ?? null,
    run: stamp?.run ?? null,
  }))
}

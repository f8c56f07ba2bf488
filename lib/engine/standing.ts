/**
 * Why a task is or isn't up to date. One function, whose answer run, plan, status, why and graph --status all show, so
 * that they can't disagree. The live host decides what there is to do; the stamp says why.
 */
import type { Stamp } from '../state/stamp.ts'
import type { Reason, Standing } from './events.ts'
import type { Change, FieldChange, Refusal, Task, Value } from './resource.ts'
import { canonical, differences } from './value.ts'

export interface Looked {
  readonly changes: readonly Change[]
  readonly refusals: readonly Refusal[]
  /** Live values by resource; null for an absent one. */
  readonly live: { readonly [resource: string]: { readonly [field: string]: Value } | null }
  /** Why the host has to be rebooted before the task is through, one line each. */
  readonly reboot: readonly string[]
  /** Why the host could not be read for this task, or null. */
  readonly unreadable: string | null
  /** What to do about that, one line each. */
  readonly mend: readonly string[]
  /** Why some of it can only be looked at later, or null. */
  readonly later: string | null
}

const show = (value: Value): string => (typeof value === 'string' ? value : canonical(value))

type Drift = FieldChange & { readonly resource: string }

/** What a resource's live values are no longer, against those that were proved when phx last applied them. */
function driftSince(stamp: Stamp, looked: Looked): Drift[] {
  return Object.entries(stamp.outputs).flatMap(([resource, before]): Drift[] => {
    const now = looked.live[resource]
    if (now === undefined || before === null) return []
    if (now === null) return [{ resource, field: 'exists', from: true, to: false }]
    return differences(before, now)
      .filter((change) => change.field in before && change.field in now)
      .map((change) => ({ resource, ...change }))
  })
}

function inputsSince(stamp: Stamp, task: Task): FieldChange[] {
  if (stamp.run === null) return []
  const version =
    stamp.version === task.version ? [] : [{ field: 'task version', from: stamp.version, to: task.version }]
  return [...version, ...differences(stamp.inputs, task.inputs)]
}

const more = (count: number): string => (count > 1 ? ` (and ${count - 1} more)` : '')
const describeInput = (inputs: readonly FieldChange[]): string => {
  const [first] = inputs
  return first ? `${first.field} was ${show(first.from)}, is now ${show(first.to)}${more(inputs.length)}` : ''
}
const describeDrift = (drift: readonly Drift[]): string => {
  const [first] = drift
  if (!first) return 'the host is not as declared'
  if (first.field === 'exists') return `${first.resource} is gone${more(drift.length)}`
  return `${first.field} of ${first.resource} is ${show(first.to)}, was ${show(first.from)} when last applied${more(drift.length)}`
}

export function standingOf(task: Task, stamp: Stamp | undefined, looked: Looked): Reason {
  const inputs = stamp ? inputsSince(stamp, task) : []
  const drift = stamp ? driftSince(stamp, looked) : []
  const reason = (standing: Standing, text: string, mend: readonly string[] = []): Reason => {
    return { standing, text, inputs, drift, mend }
  }
  if (looked.unreadable !== null) return reason('unreadable', looked.unreadable, looked.mend)
  const [refusal] = looked.refusals
  if (refusal) {
    const mend = [...new Set(looked.refusals.flatMap((one) => one.mend))]
    return reason('refused', refusal.why + more(looked.refusals.length), mend)
  }
  const { changes } = looked
  if (changes.length === 0 && looked.reboot.length > 0) {
    const [cause = ''] = looked.reboot
    return reason('reboot required', cause + more(looked.reboot.length), [
      'reboot the host, then phx run: it goes on where it stopped',
    ])
  }
  if (stamp?.state === 'unfinished') {
    const left = changes.length === 0 ? 'nothing is left to do but to prove it' : `${changes.length} to do`
    return reason(
      'interrupted',
      `run ${stamp.begun?.run ?? '?'} began at ${stamp.begun?.at ?? '?'} and did not get to its proof; ${left}`,
    )
  }
  if (changes.length === 0 && looked.later !== null) return reason(stamp ? 'drifted' : 'new', looked.later)
  if (changes.length === 0) {
    if (!stamp) return reason('up to date', 'already as declared; phx has not run here yet')
    if (inputs.length > 0) return reason('up to date', `already as declared, although ${describeInput(inputs)}`)
    return reason('up to date', 'as declared')
  }
  if (!stamp) return reason('new', 'never run here')
  if (inputs.length > 0) return reason('inputs changed', describeInput(inputs))
  if (changes.every((change) => change.action === 'remove')) {
    const [first] = changes
    return reason('stale', `${first?.resource} is not declared${more(changes.length)}`)
  }
  return reason('drifted', describeDrift(drift))
}

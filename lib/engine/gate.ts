/**
 * The gate: destructive changes are collected over the whole plan and decided before the first mutation. One that
 * nobody agreed to, or one hard refusal anywhere, and the run is refused as a whole: nothing was touched.
 */
import { canAsk, decide } from './consent.ts'
import type { Consent } from './events.ts'
import { type PlannedTask, showChange } from './plan.ts'
import type { Change } from './resource.ts'
import type { ConsentQuestion, Running } from './session.ts'

export interface Decision {
  /** Why the run is refused, by task; empty when it may go on. */
  readonly refused: ReadonlyMap<string, string>
}

async function consentTo(task: string, change: Change, running: Running): Promise<Consent | null> {
  const { policy } = running
  const decided = decide(change, policy)
  if (decided === null || decided.agreed || !canAsk(change, policy)) return decided
  const victims = change.loss?.victims ?? []
  const typed = change.loss?.typed ?? []
  const question: ConsentQuestion = { task, change: showChange(change, decided), victims, typed }
  const answer = await running.ask(question)
  if (answer !== null && typed.includes(answer)) return { agreed: true, by: `typed ${answer}` }
  const given = answer === null ? 'nobody answered' : 'the answer was not one of the words asked for'
  return { agreed: false, by: `not agreed to: ${given}` }
}

export async function gate(planned: readonly PlannedTask[], running: Running): Promise<Decision> {
  const refused = new Map<string, string>()
  for (const { task, refusals } of planned) {
    const [first] = refusals
    if (first) refused.set(task.id, refusals.length > 1 ? `${first.why} (and ${refusals.length - 1} more)` : first.why)
  }
  // With a hard refusal the run ends anyway: nobody is asked for an answer that would change nothing.
  if (refused.size > 0) return { refused }
  for (const { task, changes } of planned) {
    for (const change of changes) {
      const consent = await consentTo(task.id, change, running)
      if (consent?.agreed !== false) continue
      refused.set(task.id, `${change.summary}: ${consent.by}`)
      break
    }
  }
  return { refused }
}

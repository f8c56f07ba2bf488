/**
 * Everything that a run says, as one union. The terminal view, the plain view and `--json` consume it; nothing else
 * prints. With `--json` each event is one line, and the last one is the summary.
 */
import type { Change, FieldChange, Note, Refusal } from './resource.ts'
import type { Verb } from './session.ts'

/** Why a task is or isn't up to date; one function computes it for run, plan, status, why and graph. */
export type Standing =
  | 'up to date'
  | 'new'
  | 'inputs changed'
  | 'drifted'
  | 'stale'
  | 'interrupted'
  | 'refused'
  | 'unreadable'
  | 'reboot required'

export interface Reason {
  readonly standing: Standing
  /** One line: `compression of dataset quickOS/vm-disks is off, was lz4 when last applied`. */
  readonly text: string
  /** Which inputs changed, from the stamp's value to the config's. */
  readonly inputs: readonly FieldChange[]
  /** Which outputs drifted: `resource` and field, from the value last applied to the live one. */
  readonly drift: readonly (FieldChange & { readonly resource: string })[]
  /** What a person can do about it, one line each; empty when a run mends it. */
  readonly mend: readonly string[]
}

/** A step as data: what `--json` and the journal show of it. */
export type StepShown =
  | { readonly kind: 'command'; readonly argv: readonly string[] }
  | { readonly kind: 'write'; readonly path: string; readonly mode: number }
  | { readonly kind: 'remove'; readonly path: string }
  | { readonly kind: 'verify'; readonly what: string }

export type ChangeShown = Omit<Change, 'steps'> & {
  readonly steps: readonly StepShown[]
  readonly consent: Consent | null
}

/** How a destructive change stands: agreed to by what, or refused and why. */
export interface Consent {
  readonly agreed: boolean
  /** `--force-destructive`, `--allow-destroy zpool:x`, `typed`, `zfs.settings.allow_destructive_operations`, or why not. */
  readonly by: string
}

export interface TaskPlan {
  readonly task: string
  readonly title: string
  readonly needs: readonly string[]
  readonly reason: Reason
  readonly changes: readonly ChangeShown[]
  readonly refusals: readonly Refusal[]
  readonly notes: readonly Note[]
  /** Why the host could not be read for this task, or null. */
  readonly unreadable: string | null
  /** Why the host has to be rebooted before this task is through, one line each. */
  readonly reboot: readonly string[]
}

export interface FailureShown {
  /** What was attempted, in one line. */
  readonly what: string
  readonly argv: readonly string[] | null
  readonly exitCode: number | null
  readonly timedOut: boolean
  readonly stdout: string
  readonly stderr: string
  /** What to do next, one line each. */
  readonly mend: readonly string[]
}

export type Outcome = 'changed' | 'unchanged' | 'failed' | 'skipped' | 'refused' | 'interrupted'

export interface TaskResult {
  readonly task: string
  readonly outcome: Outcome
  readonly durationMs: number
  /** Why it was skipped or refused, or what failed. */
  readonly why: string | null
  readonly failure: FailureShown | null
  /** Why the host has to be rebooted before this task is through, one line each. */
  readonly reboot: readonly string[]
}

export interface Summary {
  readonly run: string
  readonly exitCode: number
  readonly durationMs: number
  /** Counts of tasks. */
  readonly changed: number
  readonly unchanged: number
  readonly failed: number
  readonly skipped: number
  readonly refused: number
  /** Commands (and file writes) that were run to change the host. */
  readonly mutations: number
  /** Why the host has to be rebooted, one line each; empty when it need not be. */
  readonly rebootRequired: readonly string[]
  /** True when this run ends by rebooting the host (`--reboot`). */
  readonly rebooting: boolean
  readonly tasks: readonly TaskResult[]
  /** How to go on, one line each. */
  readonly next: readonly string[]
}

export type RunEvent =
  | {
      readonly type: 'run'
      readonly format: 1
      readonly run: string
      readonly host: string
      readonly mode: string
      readonly verb: Verb
      readonly targets: readonly string[]
      readonly config: string
      readonly at: string
      readonly dryRun: boolean
    }
  | { readonly type: 'warning'; readonly text: string }
  | { readonly type: 'plan'; readonly plan: TaskPlan }
  | {
      readonly type: 'planned'
      readonly tasks: number
      readonly toChange: number
      readonly changes: number
      readonly refusals: number
    }
  | { readonly type: 'task-start'; readonly task: string; readonly title: string; readonly changes: number }
  | {
      readonly type: 'change-start'
      readonly task: string
      readonly resource: string
      readonly action: string
      readonly summary: string
    }
  | { readonly type: 'command-start'; readonly task: string; readonly argv: readonly string[] }
  | {
      readonly type: 'command-end'
      readonly task: string
      readonly argv: readonly string[]
      readonly exitCode: number | null
      readonly durationMs: number
      readonly stdout: string
      readonly stderr: string
    }
  /** What a long job says while the run waits for it; parts of lines too, as they come. */
  | { readonly type: 'output'; readonly task: string; readonly text: string }
  | {
      readonly type: 'change-end'
      readonly task: string
      readonly resource: string
      readonly ok: boolean
      readonly durationMs: number
    }
  | ({ readonly type: 'task-end' } & TaskResult)
  | { readonly type: 'stopping'; readonly why: string }
  | ({ readonly type: 'summary'; readonly format: 1 } & Summary)

/** The consumer of a run's events. Never throws back into the engine. */
export type Emit = (event: RunEvent) => void

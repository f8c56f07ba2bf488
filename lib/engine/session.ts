/** What a run is given: plain data and the seams to the host, the state and the view. */
import type { Host, Reader } from '../host/host.ts'
import type { StateFolder } from '../state/folder.ts'
import type { ChangeShown, Emit, Reason, TaskPlan } from './events.ts'
import type { Graph } from './graph.ts'
import type { Note, Order, Task } from './resource.ts'
import type { Secrets } from './secret.ts'

/** The word with which a person asks: to bring about what is declared, or an order. */
export type Verb = 'run' | Order

export type Mode = 'safe' | 'interactive' | 'force-destructive'

/** Who may destroy what. The config's `false` is a veto that no flag overrides. */
export interface ConsentPolicy {
  readonly mode: Mode
  /** Ids given with --allow-destroy. */
  readonly allow: readonly string[]
  /** `zfs.settings.allow_destructive_operations`; null when the config doesn't say. */
  readonly config: boolean | readonly string[] | null
}

/** What only looks: it has no host that could be changed. */
export interface Looking {
  readonly reader: Reader
  readonly secrets: Secrets
  readonly graph: Graph<Task>
  readonly selected: readonly Task[]
  readonly state: StateFolder
  readonly now: () => Date
  /** Path of the config, for people. */
  readonly config: string
  readonly verb: Verb
  readonly targets: readonly string[]
  readonly policy: ConsentPolicy
}

export interface Running extends Looking {
  readonly host: Host
  /** The command line, for the lock and the journal. */
  readonly command: string
  readonly jobs: number
  readonly failFast: boolean
  /** True when a reboot that the host turns out to need is agreed to: once, at the end of a run that went well. */
  readonly reboot: boolean
  readonly emit: Emit
  /** Asks a person; null when nobody answers. */
  readonly ask: (question: ConsentQuestion) => Promise<string | null>
  readonly stop: StopSignal
}

export interface ConsentQuestion {
  readonly task: string
  readonly change: ChangeShown
  readonly victims: readonly string[]
  /** Any one of these, typed exactly, is a yes. */
  readonly typed: readonly string[]
}

export interface PlanDocument {
  readonly format: 1
  readonly host: string
  readonly config: string
  readonly mode: Mode
  readonly verb: Verb
  readonly targets: readonly string[]
  readonly tasks: readonly TaskPlan[]
  readonly warnings: readonly string[]
  readonly summary: {
    readonly changes: number
    readonly destructive: number
    readonly refusals: number
    /** Destructive changes that nobody has agreed to. */
    readonly consentMissing: number
    /** Tasks that could not be looked at. */
    readonly unreadable: number
    readonly upToDate: number
    /** Tasks that wait for a reboot of the host. */
    readonly rebootRequired: number
  }
}

export interface TaskStatus {
  readonly task: string
  readonly title: string
  readonly groups: readonly string[]
  readonly needs: readonly string[]
  readonly reason: Reason
  readonly notes: readonly Note[]
  /** When it converged last (ISO 8601), how long that took, and in which run. */
  readonly lastRun: string | null
  readonly lastDurationMs: number | null
  readonly run: string | null
}

/** Ctrl-C: once, finish what is running and start nothing more; twice, end it. */
export class StopSignal {
  #stopping = false
  readonly #controller = new AbortController()

  finish(): void {
    this.#stopping = true
  }

  kill(): void {
    this.#stopping = true
    this.#controller.abort()
  }

  get stopping(): boolean {
    return this.#stopping
  }

  /** Aborts commands that are running. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }
}

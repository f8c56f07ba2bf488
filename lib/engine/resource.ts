/**
 * The engine's vocabulary: what a resource, a change and a task are. The engine knows no kind of resource and no task
 * by name; `lib/resources/` and `tasks/` implement these.
 */
import type { Argv, CommandResult, FileToWrite, Reader } from '../host/host.ts'
import type { Secret, Secrets } from './secret.ts'

/** A value that can stand in a plan, a stamp or a fingerprint. Never a secret. */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value }

/** `safe` loses nothing and interrupts nothing; `disruptive` interrupts a service, mount or guest; `destructive` can lose data. */
export type Risk = 'safe' | 'disruptive' | 'destructive'
export type Action = 'create' | 'update' | 'remove' | 'replace' | 'run'

/** One field's difference. `from` is null for what is absent. */
export interface FieldChange {
  readonly field: string
  readonly from: Value
  readonly to: Value
  /** Said beside the field, such as "applies to new writes only". */
  readonly note?: string
}

/**
 * One step of a change, in order. Plain data but for `verify`, so that what the plan shows is what the run does.
 * A `verify` reads and throws nothing: it returns why the run must stop here, or undefined.
 */
export type Step =
  | {
      readonly kind: 'command'
      readonly argv: Argv
      readonly timeoutMs?: number
      /** What the command reads on standard input, a secret or the bytes of a file: the only way for a secret. Shown nowhere. */
      readonly stdin?: Secret | Buffer
      /** Why it failed, or undefined. Unless given, an exit code other than 0 is a failure; for tools whose code lies. */
      readonly judge?: (result: CommandResult) => string | undefined
      /** A failure that is known to pass: when stderr says one of these, `settle` is run and the command once more. */
      readonly passing?: { readonly says: readonly string[]; readonly settle: Argv }
      /** A command that asks whether something works by now: a failure counts only after so many more tries, so far apart. */
      readonly again?: { readonly times: number; readonly afterMs: number }
      /** What to do when it fails, one line each: commands to look with. */
      readonly mend?: readonly string[]
    }
  | {
      readonly kind: 'write'
      readonly file: FileToWrite
      /** The text that was looked at when the change was made up (null: no file); if another one stands there by then, nothing is written. */
      readonly replaces?: string | null
    }
  | { readonly kind: 'remove'; readonly path: string }
  | {
      readonly kind: 'verify'
      readonly what: string
      /**
       * Throws `Hopeless` when waiting longer is of no use. `tell` passes on what a long job says meanwhile: into the
       * journal, and to a person who wants detail.
       */
      check(reader: Reader, tell: (text: string) => void): Promise<string | undefined>
      /** Waits for it so long, in milliseconds, looking again and again; unless given, one look decides. */
      readonly withinMs?: number
      /** What to do when it does not come true, one line each: commands to look with. */
      readonly mend?: readonly string[]
    }

/** What a destructive change would lose, and what a person has to type to agree to it. */
export interface Loss {
  /** One line each, for a person: `disk wwn-0x… (4 TB, serial S1): ext4 "backup", last mounted on /srv`. */
  readonly victims: readonly string[]
  /** Any one of these, typed exactly, is consent in interactive mode: the disk's serial or the pool's name. */
  readonly typed: readonly string[]
  /**
   * What exactly was looked at (pool GUID, serials and signatures of the disks). Consent holds for this alone: if the
   * host shows another identity when the task starts, the change is refused.
   */
  readonly identity: string
}

export interface Change {
  /** Id of the resource, such as `zpool:quickOS`. */
  readonly resource: string
  readonly action: Action
  readonly risk: Risk
  /** One line for a person: `create mirror pool quickOS of 2 disks`. */
  readonly summary: string
  readonly fields: readonly FieldChange[]
  readonly steps: readonly Step[]
  /** Present exactly when the risk is destructive. */
  readonly loss?: Loss
  /** Commands that would undo the change, or why nothing can. */
  readonly undo: { readonly commands: readonly Argv[] } | { readonly impossible: string }
  /**
   * True when the change brings things to light that could not be looked at before (importing a pool shows its
   * datasets): the task is compared again after it, and safe changes that then appear there and in tasks further down belong to the
   * run.
   */
  readonly reveals?: true
}

/** Why a resource can't be converged in any mode: a hard refusal. Exit code 3, nothing touched. */
export interface Refusal {
  readonly resource: string
  /** What is wrong, in one line. */
  readonly why: string
  /** Declared against live, where there is such a table. */
  readonly fields: readonly FieldChange[]
  /** What the person can do about it, one line each; commands are written out. */
  readonly mend: readonly string[]
}

/** A thing worth saying that changes nothing: undeclared datasets, a degraded pool, a quota larger than its pool. */
export interface Note {
  readonly resource: string
  readonly level: 'info' | 'warning'
  readonly text: string
}

/** What comparing a resource with the live host gives. Empty `changes` and `refusals` mean that it is as declared. */
export interface Comparison {
  readonly changes: readonly Change[]
  readonly refusals: readonly Refusal[]
  readonly notes: readonly Note[]
  /**
   * The live values of the declared fields, null when the resource is absent; kept in the stamp to tell drift apart.
   * Undefined when the resource was not looked at, since the plan makes anew what it lives in.
   */
  readonly live: { readonly [field: string]: Value } | null | undefined
  /**
   * Why the host has to be rebooted, one line each, such as `nouveau is loaded; the driver is installed after the reboot`. What is declared
   * is then there as far as it can be; whatever needs the reboot waits for it, and is found by the first run after it.
   */
  readonly reboot?: readonly string[]
  /**
   * Why it can't be looked at before a task further up has done its work: what is inside a guest that doesn't run. It is
   * looked at then; until then nobody calls it as declared.
   */
  readonly later?: string
}

/** A read of the host that several resources share; run once for each `Look`. */
export interface Probe<T> {
  readonly id: string
  read(look: Look): Promise<T>
}

/** One consistent look at the host: probes are read once and remembered until the look is thrown away. */
export interface Look {
  readonly reader: Reader
  readonly secrets: Secrets
  at<T>(probe: Probe<T>): Promise<T>
}

/** What the plan so far would do, for resources further down: a dataset on a pool that is about to be made is absent. */
export interface Foreseen {
  /** True when the plan creates or replaces this resource (so that nothing that lives in it exists afterwards). */
  isMadeAnew(resource: string): boolean
  /** True when the plan takes it away. */
  isGone(resource: string): boolean
}

export interface Lock {
  /** Such as `dpkg`, `zpool:quickOS`, `storage.cfg`. */
  readonly name: string
  readonly mode: 'shared' | 'exclusive'
}

/** One thing on the host that can be read, compared and converged. */
export interface Resource {
  readonly id: string
  readonly locks: readonly Lock[]
  /** Reads through the look and says what differs. Never changes anything; `look` could not. */
  compare(look: Look, foreseen: Foreseen, owned: Owned): Promise<Comparison>
  /**
   * Asks for the probes that comparing will need whatever it finds: they are begun with those of all other resources, so
   * that no tool waits for another's answer. A look that fails here fails again where its answer is needed.
   */
  ahead?(look: Look): Promise<unknown>
  /**
   * Refusals that need no look at where it lives, such as a secret that can't be read: asked for in place of `compare` while
   * that can't be looked at, so that nothing is begun that can't be ended.
   */
  ready?(look: Look): Promise<readonly Refusal[]>
}

/** What earlier runs left behind for a task: needed to tell its own from what others made. */
export interface Owned {
  /** True when a stamp of this task (finished or not) says that phx created the resource. */
  created(resource: string): boolean
  /** True when a run was about to create the resource and was cut off: it may be there, half there or not at all. */
  begun(resource: string): boolean
  /** What the resource was like when the task last converged: undefined when nothing is known, null when it was absent. */
  live(resource: string): { readonly [field: string]: Value } | null | undefined
  /** Ids of every resource that phx created for this task, also those no longer declared. */
  readonly all: readonly string[]
  /**
   * Runs that last changed something for the tasks that this one watches, each once, sorted: also one that is about to,
   * and one that was cut off over it. None that is known for a task without a stamp.
   */
  readonly changes: readonly string[]
}

/** To take something away for good, to have it run, to have it stop, to have it begin anew. */
export type Order = 'destroy' | 'start' | 'stop' | 'restart'

/** A node of the graph. It declares; the engine executes. */
export interface Task {
  /** Such as `zfs:quickOS`. */
  readonly id: string
  readonly title: string
  /** Raise it when the same inputs should mean something else. */
  readonly version: number
  /** Groups that a person may name as a target: `zfs`, `setup`. */
  readonly groups: readonly string[]
  /** Ids of tasks that must have converged before; that of a group stands for what the group ends with. */
  readonly needs: readonly string[]
  /** The task that says whether this one may touch anything: it comes along also where what is needed is left out. */
  readonly guard?: string
  /** Declared values by name, normalised to meaning; a change of one is "inputs changed". Never a secret. */
  readonly inputs: { readonly [name: string]: Value }
  /** In the order in which they converge. */
  readonly resources: readonly Resource[]
  /** Tasks further up whose changes matter to its resources (`Owned.changes`): a snapshot is of what they made. */
  readonly watches?: readonly string[]
  /**
   * Tasks whose stamps go once this one has converged, since it takes away what they made; it leaves none of its own
   * either.
   */
  readonly forgets?: readonly string[]
}

/**
 * A hypervisor step: one file in tasks/. `expand` turns the config's slice into nodes.
 * `orphans` are ids of tasks of this module that have a stamp though the config no longer yields them; a module that
 * cleans up after itself yields them again, with nothing declared.
 */
export interface TaskModule<Config> {
  readonly name: string
  expand(config: Config, orphans: readonly string[]): readonly Task[]
  /**
   * What a person can order by name beside bringing about what is declared, of all that is declared and of what `stamped`
   * tasks of this module made. Groups are the targets that a person names; what one needs has to happen before it.
   */
  orders?(verb: Order, config: Config, stamped: readonly string[]): readonly Task[]
}

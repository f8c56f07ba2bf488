/** What a person orders of a guest of either kind: only one that is there and phx's may be started or stopped. */
import type { DeclaredGuest } from '../../config/guests/guest.ts'
import { CannotLook } from '../../engine/cannot-look.ts'
import type { Change, Comparison, Look, Refusal, Resource, Step } from '../../engine/resource.ts'
import type { GuestRef } from '../../host/host.ts'
import { type GuestConf, guestConfProbe } from '../probes/guest-conf.ts'
import { runningGuests, runningGuestsProbe } from '../probes/guests.ts'
import { guestLock, insideId } from './inside.ts'
import { mark, tagsOf } from './mark.ts'
import { locked } from './options.ts'

type Ordered = DeclaredGuest & GuestRef

const nothing = { changes: [], refusals: [], notes: [], live: {} }

const called = ({ kind, id }: GuestRef): string => `${kind === 'vm' ? 'VM' : 'container'} ${id}`

export class GuestThere implements Resource {
  readonly id: string
  readonly locks
  readonly #declared: Ordered
  readonly #stranger: (conf: GuestConf) => Refusal

  /** `stranger` is what to say of one that phx did not make. */
  constructor(declared: Ordered, stranger: (conf: GuestConf) => Refusal) {
    this.id = insideId(declared, 'there')
    this.locks = [guestLock(declared)]
    this.#declared = declared
    this.#stranger = stranger
  }

  async compare(look: Look): Promise<Comparison> {
    const declared = this.#declared
    const conf = await look.at(guestConfProbe(declared))
    if (conf === undefined) {
      throw new CannotLook(`${called(declared)} is not there`, [`make it: phx run ${declared.target}`])
    }
    const lock = conf.values.get('lock')
    if (lock !== undefined) throw locked(declared, lock)
    if (tagsOf(conf).includes(mark) || declared.mayAdopt) return nothing
    return { ...nothing, refusals: [this.#stranger(conf)] }
  }
}

export class GuestStopped implements Resource {
  readonly id: string
  readonly locks
  readonly #declared: Ordered

  constructor(declared: Ordered) {
    this.id = insideId(declared, 'stopped')
    this.locks = [guestLock(declared)]
    this.#declared = declared
  }

  async compare(look: Look): Promise<Comparison> {
    const { kind, id, name, shutdownTimeoutSeconds } = this.#declared
    if (!(await look.at(runningGuestsProbe)).has(id)) return nothing
    const tool = kind === 'vm' ? 'qm' : 'pct'
    const argv = [tool, 'shutdown', id, '--timeout', String(shutdownTimeoutSeconds), '--forceStop', '1']
    const stopped: Step = {
      kind: 'verify',
      what: `${called(this.#declared)} has stopped`,
      withinMs: 10_000,
      check: async (reader) => ((await runningGuests(reader)).has(id) ? 'it still runs' : undefined),
    }
    const change: Change = {
      resource: this.id,
      action: 'run',
      risk: 'disruptive',
      summary: `shut ${called(this.#declared)} (${name}) down`,
      fields: [{ field: 'state', from: 'running', to: 'stopped' }],
      steps: [{ kind: 'command', argv, timeoutMs: stoppingMs(this.#declared) }, stopped],
      undo: { commands: [[tool, 'start', id]] },
    }
    return { ...nothing, changes: [change] }
  }
}

/** Milliseconds that Proxmox VE is given for a shutdown, on top of what it waits itself. */
export const stoppingMs = ({ shutdownTimeoutSeconds }: DeclaredGuest): number => (shutdownTimeoutSeconds + 120) * 1000

/** A guest that is to go for good. */
export interface DoomedGuest {
  readonly id: string
  readonly shutdownTimeoutSeconds: number
  /** By the config. */
  readonly isProtected: boolean
  /** Declared guests that need it, such as `vm:8102`. */
  readonly dependants: readonly string[]
}

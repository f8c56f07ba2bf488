/**
 * The final form: a snapshot of a guest that was proved to be as declared, taken when what is declared has changed since
 * the last one. Older ones go only after the new one is there.
 */
import type { DeclaredGuest } from '../../config/guests/guest.ts'
import { CannotLook } from '../../engine/cannot-look.ts'
import type { Change, Comparison, Foreseen, Look, Resource, Step } from '../../engine/resource.ts'
import type { GuestRef } from '../../host/host.ts'
import { type GuestConf, guestConfProbe, readGuestConf } from '../probes/guest-conf.ts'
import { guestName } from '../probes/guests.ts'
import { guestId, guestLock } from './inside.ts'
import { toolOf } from './options.ts'

const prefix = 'final-form-'
/** In a snapshot's description: what was declared when it was taken. */
const mark = 'phx final form of '

/** Of a large machine's memory-less snapshot on ZFS seconds, of qcow2 minutes. */
const takingMs = 1_800_000

interface Taken {
  readonly number: number
  readonly name: string
  readonly fingerprint: string
}

export class FinalForm implements Resource {
  readonly id: string
  readonly locks
  readonly #guest: GuestRef & Pick<DeclaredGuest, 'snapshots'>
  readonly #fingerprint: string

  /** `fingerprint` is of all that is declared of the guest. */
  constructor(guest: GuestRef & Pick<DeclaredGuest, 'snapshots'>, fingerprint: string) {
    this.id = `${guestId(guest)}/final-form`
    this.locks = [guestLock(guest)]
    this.#guest = guest
    this.#fingerprint = fingerprint
  }

  async compare(look: Look, foreseen: Foreseen): Promise<Comparison> {
    const nothing = { changes: [], refusals: [], notes: [] }
    const conf = foreseen.isMadeAnew(guestId(this.#guest)) ? undefined : await look.at(guestConfProbe(this.#guest))
    if (conf === undefined) return { ...nothing, changes: [this.#take([])], live: null }
    const taken = finalForms(conf)
    const last = taken.at(-1)
    const live = { snapshot: last?.name ?? null, of: last?.fingerprint ?? null }
    const isSo = last?.fingerprint === this.#fingerprint
    const surplus = taken.slice(0, Math.max(0, taken.length - this.#guest.snapshots.keep))
    if (isSo && surplus.length === 0) return { ...nothing, live }
    const lock = conf.values.get('lock')
    if (lock !== undefined) {
      const why = `${guestName(this.#guest)} is locked (${lock}): no snapshot is taken`
      throw new CannotLook(why, ['wait for what holds it (a backup, a migration), then run again'])
    }
    return { ...nothing, changes: [isSo ? this.#drop(surplus) : this.#take(taken)], live }
  }

  #take(taken: readonly Taken[]): Change {
    const { kind, id, snapshots } = this.#guest
    const number = (taken.at(-1)?.number ?? 0) + 1
    const name = `${prefix}${number}`
    const surplus = taken.slice(0, Math.max(0, taken.length + 1 - snapshots.keep))
    const description = `${mark}${this.#fingerprint}`
    return {
      resource: this.id,
      action: 'create',
      risk: 'safe',
      summary: `take snapshot ${name} of ${guestName(this.#guest)}${surplus.length > 0 ? `, and remove ${surplus.map((one) => one.name).join(', ')}` : ''}`,
      fields: [{ field: 'snapshot', from: taken.at(-1)?.name ?? null, to: name }],
      steps: [
        {
          kind: 'command',
          argv: [toolOf[kind], 'snapshot', id, name, '--description', description],
          timeoutMs: takingMs,
        },
        {
          kind: 'verify',
          what: `snapshot ${name} is there`,
          check: async (reader) => {
            const conf = await readGuestConf(reader, this.#guest)
            return conf?.snapshots.has(name) ? undefined : 'the configuration has none of that name'
          },
        },
        ...surplus.map((one) => this.#removal(one)),
      ],
      undo: { commands: [[toolOf[kind], 'delsnapshot', id, name]] },
    }
  }

  #drop(surplus: readonly Taken[]): Change {
    return {
      resource: this.id,
      action: 'update',
      risk: 'safe',
      summary: `remove ${surplus.map(({ name }) => name).join(', ')} of ${guestName(this.#guest)}: newer ones are kept`,
      fields: surplus.map(({ name }) => ({ field: 'snapshot', from: name, to: null })),
      steps: surplus.map((one) => this.#removal(one)),
      undo: { impossible: 'a removed snapshot is gone' },
    }
  }

  #removal({ name }: Taken): Step {
    const { kind, id } = this.#guest
    return { kind: 'command', argv: [toolOf[kind], 'delsnapshot', id, name], timeoutMs: takingMs }
  }
}

/** Oldest first. Others' snapshots are none of phx's, whatever they are called: the description says which are. */
function finalForms({ snapshots }: GuestConf): Taken[] {
  return [...snapshots]
    .flatMap(([name, { description }]): Taken[] => {
      const number = Number(/^final-form-(\d+)$/.exec(name)?.[1])
      const fingerprint = description.startsWith(mark) ? description.slice(mark.length).trim() : undefined
      return Number.isNaN(number) || fingerprint === undefined ? [] : [{ number, name, fingerprint }]
    })
    .sort((one, other) => one.number - other.number)
}

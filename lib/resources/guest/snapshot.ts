/**
 * The final form: a snapshot of a guest that was proved to be as declared, taken when what is declared has changed since
 * the last one, or when a run changed something in the guest, be it that it mended what somebody else had done. Older
 * ones go only after the new one is there.
 */
import type { DeclaredGuest } from '../../config/guests/guest.ts'
import { CannotLook } from '../../engine/cannot-look.ts'
import type { Change, Comparison, Foreseen, Look, Owned, Resource, Step } from '../../engine/resource.ts'
import type { GuestRef } from '../../host/host.ts'
import { type GuestConf, guestConfProbe, readGuestConf } from '../probes/guest-conf.ts'
import { guestName } from '../probes/guests.ts'
import { guestId, guestLock } from './inside.ts'
import { toolOf } from './options.ts'

const prefix = 'final-form-'
/** In a snapshot's description: what was declared when it was taken, and the runs that had changed the guest last. */
const mark = 'phx final form of '
const after = ' after '

/** Of a large machine's memory-less snapshot on ZFS seconds, of qcow2 minutes. */
const takingMs = 1_800_000

interface Taken {
  readonly number: number
  readonly name: string
  readonly fingerprint: string
  readonly after: readonly string[]
  /** Cut off while it was taken or removed: it is no way back (`snapstate`, PVE::AbstractConfig). */
  readonly isHalf: boolean
}

/** What a snapshot would be of. */
interface Form {
  readonly fingerprint: string
  readonly after: readonly string[]
}

export class FinalForm implements Resource {
  readonly id: string
  readonly locks
  readonly #guest: GuestRef & Pick<DeclaredGuest, 'snapshots'>
  readonly #fingerprint: string

  /** `fingerprint` is of all that is declared of the guest. Its task watches those that change the guest. */
  constructor(guest: GuestRef & Pick<DeclaredGuest, 'snapshots'>, fingerprint: string) {
    this.id = `${guestId(guest)}/final-form`
    this.locks = [guestLock(guest)]
    this.#guest = guest
    this.#fingerprint = fingerprint
  }

  async compare(look: Look, foreseen: Foreseen, owned: Owned): Promise<Comparison> {
    const nothing = { changes: [], refusals: [], notes: [] }
    const conf = foreseen.isMadeAnew(guestId(this.#guest)) ? undefined : await look.at(guestConfProbe(this.#guest))
    const form = { fingerprint: this.#fingerprint, after: owned.changes }
    if (conf === undefined) return { ...nothing, changes: [this.#take(form, [], 1)], live: null }
    const all = finalForms(conf)
    const whole = all.filter(({ isHalf }) => !isHalf)
    const last = whole.at(-1)
    const live = { snapshot: last?.name ?? null, of: last?.fingerprint ?? null }
    const isSo = last !== undefined && isOf(last, form)
    const left = whole.length + (isSo ? 0 : 1) - this.#guest.snapshots.keep
    const surplus = [...all.filter(({ isHalf }) => isHalf), ...whole.slice(0, Math.max(0, left))]
    if (isSo && surplus.length === 0) return { ...nothing, live }
    const lock = conf.values.get('lock')
    if (lock !== undefined) {
      const why = `${guestName(this.#guest)} is locked (${lock}): no snapshot is taken`
      throw new CannotLook(why, [
        'wait for what holds it (a backup, a migration), then run again',
        `a lock that a killed call left behind goes with: ${toolOf[this.#guest.kind]} unlock ${this.#guest.id}`,
      ])
    }
    return {
      ...nothing,
      changes: [isSo ? this.#drop(surplus) : this.#take(form, surplus, nextNumber(conf), last)],
      live,
    }
  }

  #take(form: Form, surplus: readonly Taken[], number: number, last?: Taken): Change {
    const { kind, id } = this.#guest
    const name = `${prefix}${number}`
    return {
      resource: this.id,
      action: 'create',
      risk: 'safe',
      summary: `take snapshot ${name} of ${guestName(this.#guest)}${surplus.length > 0 ? `, and remove ${surplus.map((one) => one.name).join(', ')}` : ''}`,
      fields: [{ field: 'snapshot', from: last?.name ?? null, to: name, note: reasonFor(form, last) }],
      steps: [
        {
          kind: 'command',
          argv: [toolOf[kind], 'snapshot', id, name, '--description', descriptionOf(form)],
          timeoutMs: takingMs,
        },
        {
          kind: 'verify',
          what: `snapshot ${name} is there, and whole`,
          check: async (reader) => {
            const conf = await readGuestConf(reader, this.#guest)
            const taken = conf?.snapshots.get(name)
            if (taken === undefined) return 'the configuration has none of that name'
            return taken.values.has('snapstate') ? 'it was not completed' : undefined
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

  /** Of one that is half there, disks may have none: that is no reason to keep the rest. */
  #removal({ name, isHalf }: Taken): Step {
    const { kind, id } = this.#guest
    const force = isHalf ? ['--force', '1'] : []
    return { kind: 'command', argv: [toolOf[kind], 'delsnapshot', id, name, ...force], timeoutMs: takingMs }
  }
}

const descriptionOf = ({ fingerprint, after: runs }: Form): string =>
  `${mark}${fingerprint}${runs.length > 0 ? `${after}${runs.join(' ')}` : ''}`

/** Without a record of any run there is no telling what changed the guest: what is declared decides then. */
const isOf = (taken: Taken, { fingerprint, after: runs }: Form): boolean =>
  taken.fingerprint === fingerprint && (runs.length === 0 || runs.join(' ') === taken.after.join(' '))

function reasonFor({ fingerprint }: Form, last: Taken | undefined): string {
  if (last === undefined) return 'the first one'
  return last.fingerprint === fingerprint ? `something was mended since ${last.name}` : 'another declaration'
}

/** Oldest first. Others' snapshots are none of phx's, whatever they are called: the description says which are. */
function finalForms({ snapshots }: GuestConf): Taken[] {
  return [...snapshots]
    .flatMap(([name, { description, values }]): Taken[] => {
      const number = numberOf(name)
      const [fingerprint = '', runs = ''] = description.trim().slice(mark.length).split(after)
      if (number === undefined || !description.startsWith(mark)) return []
      return [{ number, name, fingerprint, after: runs.split(' ').filter(Boolean), isHalf: values.has('snapstate') }]
    })
    .sort((one, other) => one.number - other.number)
}

const numberOf = (name: string): number | undefined => {
  const digits = new RegExp(`^${prefix}(\\d+)$`).exec(name)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/** No name is used twice, whoever took the other one. */
const nextNumber = ({ snapshots }: GuestConf): number =>
  Math.max(0, ...[...snapshots.keys()].map((name) => numberOf(name) ?? 0)) + 1

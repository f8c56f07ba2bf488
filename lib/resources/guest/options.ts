/** The options of a guest's configuration: read from its file, and set by one call of `qm set` or `pct set` for all that differ. */
import { CannotLook } from '../../engine/cannot-look.ts'
import type { Change, Comparison, Look, Resource, Step } from '../../engine/resource.ts'
import type { GuestRef } from '../../host/host.ts'
import { guestConfProbe, settledValues } from '../probes/guest-conf.ts'
import { guestName, runningGuestsProbe } from '../probes/guests.ts'
import { guestId, guestLock } from './inside.ts'
import type { Option, Values } from './option.ts'

export const toolOf = { vm: 'qm', lxc: 'pct' } as const

export interface DeclaredOptions {
  readonly guest: GuestRef
  /** What is to stand there, seen what does. */
  wanted(live: Values): readonly Option[]
  /** What it will have once the plan has made it. */
  made(look: Look): Promise<Values>
}

export class GuestOptions implements Resource {
  readonly id: string
  readonly locks
  readonly #declared: DeclaredOptions

  constructor(declared: DeclaredOptions) {
    this.id = `${guestId(declared.guest)}/options`
    this.locks = [guestLock(declared.guest)]
    this.#declared = declared
  }

  async compare(look: Look): Promise<Comparison> {
    const { guest } = this.#declared
    const conf = await look.at(guestConfProbe(guest))
    const values = conf === undefined ? await this.#declared.made(look) : settledValues(conf)
    const options = this.#declared.wanted(values)
    const live = conf === undefined ? null : Object.fromEntries(options.map((one) => [one.key, shownOf(one, values)]))
    const different = options.filter(({ key, isSo }) => !isSo(values.get(key)))
    if (different.length === 0) {
      const later = conf === undefined ? { later: `${guestName(guest)} is not there yet` } : {}
      return { changes: [], refusals: [], notes: [], live, ...later }
    }
    const lock = conf?.values.get('lock')
    if (lock !== undefined) throw locked(guest, lock)
    const isRunning = (await look.at(runningGuestsProbe)).has(guest.id)
    return { changes: [this.#set(different, values, isRunning)], refusals: [], notes: [], live }
  }

  #set(options: readonly Option[], values: Values, isRunning: boolean): Change {
    const { guest } = this.#declared
    const former = options.flatMap(({ key, isFile }) => {
      const value = values.get(key)
      return value === undefined || isFile ? [] : [`--${key}`, value]
    })
    return {
      resource: this.id,
      action: 'update',
      // Another bridge takes the network away for a moment.
      risk: isRunning && options.some(({ key }) => /^net\d+$/.test(key)) ? 'disruptive' : 'safe',
      summary: `set ${options.map(({ key }) => key).join(', ')} of ${guestName(guest)}`,
      fields: options.map((one) => ({ field: one.key, from: shownOf(one, values), to: one.shown ?? one.text })),
      steps: this.#steps(options),
      // What of it waits for a restart shows only then.
      ...(isRunning ? { reveals: true as const } : {}),
      undo:
        former.length > 0
          ? { commands: [[toolOf[guest.kind], 'set', guest.id, ...former]] }
          : { impossible: 'they had no value' },
    }
  }

  #steps(options: readonly Option[]): Step[] {
    const { kind, id } = this.#declared.guest
    const pathOf = (key: string): string => `/run/phx-${key}-${id}`
    const files = options.filter(({ isFile }) => isFile)
    const argv = options.flatMap(({ key, text, isFile }) => [`--${key}`, isFile ? pathOf(key) : text])
    return [
      ...files.map(({ key, text }): Step => {
        return { kind: 'write', file: { path: pathOf(key), content: text, mode: 0o600 } }
      }),
      { kind: 'command', argv: [toolOf[kind], 'set', id, ...argv] },
      ...files.map(({ key }): Step => ({ kind: 'remove', path: pathOf(key) })),
    ]
  }
}

/** For people, and for the stamp. */
function shownOf({ key, read }: Option, values: Values): string | null {
  const value = values.get(key)
  return value === undefined ? null : (read?.(value) ?? value)
}

export function locked(guest: GuestRef, lock: string): CannotLook {
  return new CannotLook(`${guestName(guest)} is locked (${lock}): it is left alone`, [
    'wait for what holds it (a backup, a snapshot, a migration), then run again',
    `a lock that a killed call left behind goes with: ${toolOf[guest.kind]} unlock ${guest.id}`,
  ])
}

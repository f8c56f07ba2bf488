/**
 * A resource of a host, inside a guest: a guest is a host too. What it reads is read through the guest's own reader, and
 * what it would do on the host is done in the guest.
 */

import { CannotLook } from '../../engine/cannot-look.ts'
import { newLook } from '../../engine/look.ts'
import type { Change, Comparison, Foreseen, Look, Note, Owned, Probe, Resource, Step } from '../../engine/resource.ts'
import { AgentRefused, GuestUnreachable } from '../../host/guest/unreachable.ts'
import type { GuestRef } from '../../host/host.ts'
import { remembering } from '../../host/remembering.ts'
import { guestConfProbe, isTemplate } from '../probes/guest-conf.ts'
import { guestName, runningGuestsProbe } from '../probes/guests.ts'
import { commandIn } from './call.ts'
import { writeSteps } from './write.ts'

export const guestId = ({ kind, id }: GuestRef): string => `${kind}:${id}`

export const insideId = (guest: GuestRef, resource: string): string => `${guestId(guest)}/${resource}`

export const guestLock = ({ id }: GuestRef) => ({ name: `guest:${id}`, mode: 'exclusive' }) as const

/** One look for all that is looked at inside the guest: each question is asked once, and one silence is enough. */
export const lookInside = (guest: GuestRef): Probe<Look> => ({
  id: `inside ${guestId(guest)}`,
  read: async ({ reader, secrets }) => newLook(remembering(reader.inside(guest)), secrets),
})

/** For a comparison in vain: nothing is foreseen, and nothing is known. */
const nothingForeseen: Foreseen = { isMadeAnew: () => false, isGone: () => false }
const nothingOwned: Owned = {
  created: () => false,
  begun: () => false,
  live: () => undefined,
  all: [],
  changes: [],
}

export class Inside implements Resource {
  readonly id: string
  readonly locks
  readonly #guest: GuestRef
  readonly #resource: Resource
  readonly #promise: string

  /** `promise` says what it will see to, for a plan that can't look because the guest doesn't run yet. */
  constructor(guest: GuestRef, resource: Resource, promise: string) {
    this.id = insideId(guest, resource.id)
    this.locks = [guestLock(guest)]
    this.#guest = guest
    this.#resource = resource
    this.#promise = promise
  }

  /**
   * Asks all that comparing will ask, in vain: the answers are remembered. Links of a guest's chain are compared one after
   * the other, and would each wait for their own questions.
   */
  async ahead(look: Look): Promise<void> {
    const conf = await look.at(guestConfProbe(this.#guest))
    if (conf === undefined || isTemplate(conf) || !(await look.at(runningGuestsProbe)).has(this.#guest.id)) return
    await this.#resource.compare(await look.at(lookInside(this.#guest)), nothingForeseen, nothingOwned)
  }

  async compare(look: Look, foreseen: Foreseen, owned: Owned): Promise<Comparison> {
    const conf = await look.at(guestConfProbe(this.#guest))
    // A template was proved when it was made one, and nothing runs in it any more.
    if (conf !== undefined && isTemplate(conf)) return { changes: [], refusals: [], notes: [], live: undefined }
    if (foreseen.isMadeAnew(guestId(this.#guest)) || !(await look.at(runningGuestsProbe)).has(this.#guest.id)) {
      const later = `${guestName(this.#guest)} does not run, so it can't be looked into`
      const refusals = ((await this.#resource.ready?.(look)) ?? []).map((one) => this.#named(one))
      return { changes: [], refusals, notes: [this.#later()], live: undefined, later }
    }
    const inner = await look.at(lookInside(this.#guest))
    try {
      return this.#outer(await this.#resource.compare(inner, this.#foreseen(foreseen), this.#owned(owned)))
    } catch (error) {
      if (!isSilence(error)) throw error
      throw new CannotLook(`${guestName(this.#guest)} can't be looked into: ${error.message}`, waysToLook(this.#guest))
    }
  }

  #later(): Note {
    return { resource: this.id, level: 'info', text: `looked at once ${guestName(this.#guest)} runs: ${this.#promise}` }
  }

  #foreseen(foreseen: Foreseen): Foreseen {
    return {
      isMadeAnew: (resource) => foreseen.isMadeAnew(insideId(this.#guest, resource)),
      isGone: (resource) => foreseen.isGone(insideId(this.#guest, resource)),
    }
  }

  #owned(owned: Owned): Owned {
    const id = (resource: string): string => insideId(this.#guest, resource)
    return {
      created: (resource) => owned.created(id(resource)),
      begun: (resource) => owned.begun(id(resource)),
      live: (resource) => owned.live(id(resource)),
      changes: owned.changes,
      all: owned.all.flatMap((resource) => (resource.startsWith(id('')) ? [resource.slice(id('').length)] : [])),
    }
  }

  #outer({ changes, refusals, notes, ...rest }: Comparison): Comparison {
    return {
      ...rest,
      changes: changes.map((change) => this.#change(this.#named(change))),
      refusals: refusals.map((one) => this.#named(one)),
      notes: notes.map((one) => this.#named(one)),
    }
  }

  #named<T extends { readonly resource: string }>(one: T): T {
    return { ...one, resource: insideId(this.#guest, one.resource) }
  }

  #change(change: Change): Change {
    const { undo, steps, summary } = change
    return {
      ...change,
      summary: `${summary} in ${guestName(this.#guest)}`,
      steps: steps.flatMap((step) => stepIn(this.#guest, step)),
      undo:
        'commands' in undo ? { commands: undo.commands.map((argv) => commandIn(this.#guest, { argv }).argv) } : undo,
    }
  }
}

/** A step on the host, as steps in the guest. */
export function stepIn(guest: GuestRef, step: Step): Step[] {
  switch (step.kind) {
    case 'command':
      return [commandIn(guest, step)]
    case 'write': {
      const { file, replaces } = step
      const unchanged: Step = {
        kind: 'verify',
        what: `${file.path} is as the plan found it`,
        check: (reader) =>
          reached(async () =>
            ((await reader.inside(guest).readFile(file.path)) ?? null) === replaces
              ? undefined
              : `${file.path} was changed by someone else since it was looked at`,
          ),
      }
      const written = writeSteps({ ...file, content: Buffer.from(file.content) }).flatMap((one) => stepIn(guest, one))
      return replaces === undefined ? written : [unchanged, ...written]
    }
    case 'remove':
      return [commandIn(guest, { argv: ['rm', '-f', '--', step.path] })]
    case 'verify':
      return [{ ...step, check: (reader, tell) => reached(() => step.check(reader.inside(guest), tell)) }]
  }
}

/** Nobody answers in the guest, or its agent refuses to: a state of the guest. */
export const isSilence = (error: unknown): error is Error =>
  error instanceof GuestUnreachable || error instanceof AgentRefused

/** What a check in the guest says; that the guest can't be reached is no more than a cause to look again later. */
async function reached(check: () => Promise<string | undefined>): Promise<string | undefined> {
  try {
    return await check()
  } catch (error) {
    if (!isSilence(error)) throw error
    return error.message
  }
}

/** Commands with which a person sees why a guest doesn't answer. */
export const waysToLook = ({ kind, id }: GuestRef): string[] =>
  kind === 'vm'
    ? [`qm status ${id}`, `qm agent ${id} ping`, `its console: qm terminal ${id} (leave with Ctrl-O)`]
    : [
        `pct status ${id}`,
        `pct exec ${id} -- systemctl is-system-running`,
        `its console: pct console ${id} (leave with Ctrl-A q)`,
      ]

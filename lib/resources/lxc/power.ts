/** A container that runs and whose system is up. */
import type { DeclaredLxc } from '../../config/guests/lxc.ts'
import { Hopeless } from '../../engine/hopeless.ts'
import type { Change, Comparison, Foreseen, Look, Resource, Step } from '../../engine/resource.ts'
import type { Reader } from '../../host/host.ts'
import { guestLock, isSilence, waysToLook } from '../guest/inside.ts'
import { locked } from '../guest/options.ts'
import { guestConfProbe, isTemplate } from '../probes/guest-conf.ts'
import { runningGuests, runningGuestsProbe } from '../probes/guests.ts'
import { containerId } from './container.ts'

export const startingMs = 120_000
/** A container's system is up in seconds; one that waits for its network takes a minute and a half (systemd-networkd-wait-online). */
const upMs = 150_000

export class LxcPower implements Resource {
  readonly id: string
  readonly locks
  readonly #declared: DeclaredLxc

  constructor(declared: DeclaredLxc) {
    this.id = `${containerId(declared.id)}/power`
    this.locks = [guestLock(declared)]
    this.#declared = declared
  }

  async compare(look: Look, foreseen: Foreseen): Promise<Comparison> {
    const { id } = this.#declared
    const nothing = { changes: [], refusals: [], notes: [] }
    const conf = foreseen.isMadeAnew(containerId(id)) ? undefined : await look.at(guestConfProbe(this.#declared))
    if (conf === undefined) return { ...nothing, changes: [this.#start()], live: null }
    if (isTemplate(conf)) return { ...nothing, live: { state: 'template' } }
    if (!(await look.at(runningGuestsProbe)).has(id)) {
      const lock = conf.values.get('lock')
      if (lock !== undefined) throw locked(this.#declared, lock)
      return { ...nothing, changes: [this.#start()], live: { state: 'stopped' } }
    }
    const why = await whyNotUp(look.reader, id)
    if (why === undefined) return { ...nothing, live: { state: 'running' } }
    return { ...nothing, changes: [this.#wait(why)], live: { state: 'running, its system is not up' } }
  }

  #start(): Change {
    const { id, name } = this.#declared
    return {
      resource: this.id,
      action: 'run',
      // What is inside can be looked at from then on.
      reveals: true,
      risk: 'safe',
      summary: `start container ${id} (${name}) and wait until its system is up`,
      fields: [{ field: 'state', from: 'stopped', to: 'running' }],
      steps: [{ kind: 'command', argv: ['pct', 'start', id], timeoutMs: startingMs }, isUp(id)],
      undo: { commands: [['pct', 'shutdown', id]] },
    }
  }

  #wait(why: string): Change {
    const { id } = this.#declared
    return {
      resource: this.id,
      action: 'run',
      reveals: true,
      risk: 'safe',
      summary: `wait until the system of container ${id} is up`,
      fields: [{ field: 'system', from: why, to: 'up' }],
      steps: [isUp(id)],
      undo: { impossible: 'nothing is changed' },
    }
  }
}

/** `pct reboot`, and until it is up again. */
export function rebooted({ id, shutdownTimeoutSeconds }: DeclaredLxc): Step[] {
  const argv = ['pct', 'reboot', id, '--timeout', String(shutdownTimeoutSeconds)]
  return [{ kind: 'command', argv, timeoutMs: shutdownTimeoutSeconds * 1000 + startingMs }, isUp(id)]
}

export const isUp = (id: string): Step => ({
  kind: 'verify',
  what: `the system of container ${id} is up`,
  withinMs: upMs,
  mend: waysToLook({ kind: 'lxc', id }),
  check: async (reader) => {
    if (!(await runningGuests(reader)).has(id)) throw new Hopeless(`container ${id} does not run any more`)
    return whyNotUp(reader, id)
  },
})

/** Undefined when it is up; a unit that failed is a matter of its own. */
async function whyNotUp(reader: Reader, id: string): Promise<string | undefined> {
  const [state, why] = await ofSystemd(reader, id, 'SystemState')
  // Another init: that it runs is all that can be known.
  if (why !== undefined || state === undefined) return why
  return ['running', 'degraded'].includes(state) ? undefined : `its system is ${state || 'not there yet'}`
}

/** When its systemd was started, in microseconds of the host's clock: another one after each start. Undefined without systemd. */
export async function startedAt(reader: Reader, id: string): Promise<string | undefined> {
  const [at] = await ofSystemd(reader, id, 'UserspaceTimestampMonotonic')
  return at
}

/** A property of systemd itself (org.freedesktop.systemd1(5)), or why it says nothing yet; neither where it isn't the init. */
async function ofSystemd(reader: Reader, id: string, property: string): Promise<[string | undefined, string?]> {
  try {
    const inside = reader.inside({ kind: 'lxc', id })
    const { stdout, notFound } = await inside.query(['systemctl', 'show', '-p', property])
    return notFound ? [undefined] : [new RegExp(`^${property}=(.*)$`, 'm').exec(stdout)?.[1] ?? '']
  } catch (error) {
    if (!isSilence(error)) throw error
    return [undefined, error.message]
  }
}

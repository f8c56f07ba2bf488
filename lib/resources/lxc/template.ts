/** A container that was set up becomes a template: it never starts again, and others are cloned from it. */
import type { DeclaredLxc } from '../../config/guests/lxc.ts'
import type { Comparison, Foreseen, Look, Resource, Step } from '../../engine/resource.ts'
import { guestLock } from '../guest/inside.ts'
import { guestConfProbe, isTemplate, readGuestConf } from '../probes/guest-conf.ts'
import { runningGuests, runningGuestsProbe } from '../probes/guests.ts'
import { containerId } from './container.ts'

const makingMs = 1_800_000

export class LxcTemplate implements Resource {
  readonly id: string
  readonly locks
  readonly #declared: DeclaredLxc
  readonly #isStarted: boolean

  /** `isStarted`: something was set up in it, so that it runs by then. */
  constructor(declared: DeclaredLxc, isStarted: boolean) {
    this.id = `${containerId(declared.id)}/template`
    this.locks = [guestLock(declared)]
    this.#declared = declared
    this.#isStarted = isStarted
  }

  async compare(look: Look, foreseen: Foreseen): Promise<Comparison> {
    const { id, name, shutdownTimeoutSeconds } = this.#declared
    const conf = foreseen.isMadeAnew(containerId(id)) ? undefined : await look.at(guestConfProbe(this.#declared))
    const nothing = { changes: [], refusals: [], notes: [] }
    if (conf !== undefined && isTemplate(conf)) return { ...nothing, live: { template: true } }
    const isRunning = conf === undefined ? this.#isStarted : (await look.at(runningGuestsProbe)).has(id)
    const timeoutMs = (shutdownTimeoutSeconds + 60) * 1000
    const stop: Step[] = [
      { kind: 'command', argv: ['pct', 'shutdown', id, '--timeout', String(shutdownTimeoutSeconds)], timeoutMs },
      {
        kind: 'verify',
        what: `container ${id} has shut down`,
        withinMs: 10_000,
        check: async (reader) => ((await runningGuests(reader)).has(id) ? 'it still runs' : undefined),
      },
    ]
    const make: Step[] = [
      { kind: 'command', argv: ['pct', 'template', id], timeoutMs: makingMs },
      {
        kind: 'verify',
        what: `container ${id} is a template`,
        check: async (reader) => {
          const now = await readGuestConf(reader, { kind: 'lxc', id })
          return now !== undefined && isTemplate(now) ? undefined : 'its configuration does not say so'
        },
      },
    ]
    return {
      ...nothing,
      changes: [
        {
          resource: this.id,
          action: 'update',
          risk: 'safe',
          summary: `make container ${id} (${name}) a template`,
          fields: [{ field: 'template', from: false, to: true }],
          steps: [...(isRunning ? stop : []), ...make],
          undo: { impossible: 'a template can be cloned, but does not run any more' },
        },
      ],
      live: conf === undefined ? null : { template: false },
    }
  }
}

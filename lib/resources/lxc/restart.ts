/** What was set and waits for the next start of a container: brought about by a restart, where that is agreed to. */
import type { DeclaredLxc } from '../../config/guests/lxc.ts'
import type { Change, Comparison, Foreseen, Look, Resource } from '../../engine/resource.ts'
import { guestLock } from '../guest/inside.ts'
import { type GuestConf, guestConfProbe, pendingDeletions, readGuestConf } from '../probes/guest-conf.ts'
import { runningGuestsProbe } from '../probes/guests.ts'
import { containerId } from './container.ts'
import { rebooted } from './power.ts'

export class LxcRestart implements Resource {
  readonly id: string
  readonly locks
  readonly #declared: DeclaredLxc

  constructor(declared: DeclaredLxc) {
    this.id = `${containerId(declared.id)}/restart`
    this.locks = [guestLock(declared)]
    this.#declared = declared
  }

  async compare(look: Look, foreseen: Foreseen): Promise<Comparison> {
    const { id, mayRestart } = this.#declared
    const nothing = { changes: [], refusals: [], notes: [], live: {} }
    const conf = foreseen.isMadeAnew(containerId(id)) ? undefined : await look.at(guestConfProbe(this.#declared))
    const waiting = conf === undefined ? [] : waitingIn(conf)
    if (conf === undefined || waiting.length === 0 || !(await look.at(runningGuestsProbe)).has(id)) return nothing
    if (mayRestart) return { ...nothing, changes: [this.#restart(conf, waiting)] }
    const text = `${waiting.join(', ')} of container ${id} take effect when it is restarted: pct reboot ${id}, or "restart": "allowed"`
    return { ...nothing, notes: [{ resource: this.id, level: 'warning', text }] }
  }

  #restart({ values, pending }: GuestConf, waiting: readonly string[]): Change {
    const { id } = this.#declared
    return {
      resource: this.id,
      action: 'run',
      risk: 'disruptive',
      summary: `restart container ${id}, for ${waiting.join(', ')} to take effect`,
      fields: waiting.map((field) => ({ field, from: values.get(field) ?? null, to: pending.get(field) ?? null })),
      steps: [
        ...rebooted(this.#declared),
        {
          kind: 'verify',
          what: `nothing of container ${id} waits for a restart`,
          check: async (reader) => {
            const now = await readGuestConf(reader, { kind: 'lxc', id })
            const left = now === undefined ? [] : waitingIn(now)
            return left.length === 0 ? undefined : `${left.join(', ')} still wait`
          },
        },
      ],
      undo: { impossible: 'a restart is not undone' },
    }
  }
}

const waitingIn = ({ pending }: GuestConf): string[] =>
  [...new Set([...pending.keys(), ...pendingDeletions(pending)])].filter((key) => key !== 'delete')

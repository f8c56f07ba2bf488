/**
 * Proxmox VE's protection: set after everything else, since a protected container takes no other mounts
 * (`can't update CT … drive 'mp0' - protection mode enabled`, seen: pct.jsonl n=116). What is set on the host and not
 * declared stays.
 */
import type { DeclaredLxc } from '../../config/guests/lxc.ts'
import type { Comparison, Foreseen, Look, Resource } from '../../engine/resource.ts'
import { guestLock } from '../guest/inside.ts'
import { locked } from '../guest/options.ts'
import { guestConfProbe, settledValues } from '../probes/guest-conf.ts'
import { containerId } from './container.ts'

export class Protection implements Resource {
  readonly id: string
  readonly locks
  readonly #declared: DeclaredLxc

  constructor(declared: DeclaredLxc) {
    this.id = `${containerId(declared.id)}/protection`
    this.locks = [guestLock(declared)]
    this.#declared = declared
  }

  async compare(look: Look, foreseen: Foreseen): Promise<Comparison> {
    const { id } = this.#declared
    const nothing = { changes: [], refusals: [], notes: [] }
    const conf = foreseen.isMadeAnew(containerId(id)) ? undefined : await look.at(guestConfProbe(this.#declared))
    const isSet = conf !== undefined && settledValues(conf).get('protection') === '1'
    const live = conf === undefined ? null : { protected: isSet }
    if (isSet) return { ...nothing, live }
    const lock = conf?.values.get('lock')
    if (lock !== undefined) throw locked(this.#declared, lock)
    return {
      ...nothing,
      changes: [
        {
          resource: this.id,
          action: 'update',
          risk: 'safe',
          summary: `protect container ${id} from being destroyed`,
          fields: [{ field: 'protection', from: false, to: true }],
          steps: [{ kind: 'command', argv: ['pct', 'set', id, '--protection', '1'] }],
          undo: { commands: [['pct', 'set', id, '--protection', '0']] },
        },
      ],
      live,
    }
  }
}

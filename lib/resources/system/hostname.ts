/** The node's name. Proxmox VE keeps its guests under it, so a node that has any, or is in a cluster, is never renamed. */
import type { Change, Comparison, Lock, Look, Refusal, Resource } from '../../engine/resource.ts'
import { guestName, guestsProbe } from '../probes/guests.ts'
import { nodeProbe } from '../probes/storage-config.ts'

export class HostName implements Resource {
  readonly id = 'hostname'
  readonly locks: readonly Lock[] = [{ name: 'hostname', mode: 'exclusive' }]
  readonly #wanted: string

  constructor(wanted: string) {
    this.#wanted = wanted
  }

  async compare(look: Look): Promise<Comparison> {
    const running = await look.at(nodeProbe)
    const file = (await look.reader.readFile('/etc/hostname'))?.trim()
    const live = { running: running ?? null, file: file ?? null }
    if (running === this.#wanted && file === this.#wanted)
      return { changes: [], refusals: [], notes: [], live, reboot: await this.#reboot(look) }
    const hindrances = running === this.#wanted ? [] : await hindrancesOf(look)
    if (hindrances.length > 0) return { changes: [], refusals: [this.#refuse(running, hindrances)], notes: [], live }
    return { changes: [this.#rename(running ?? null, file ?? null)], refusals: [], notes: [], live }
  }

  /** pmxcfs has the node's folder under its old name until it starts anew (pmxcfs(8)). */
  async #reboot({ reader }: Look): Promise<string[]> {
    const nodes = (await reader.listDir('/etc/pve/nodes')) ?? []
    if (nodes.length === 0 || nodes.includes(this.#wanted)) return []
    return [
      `Proxmox VE still runs under the name ${nodes.join(', ')}: it takes the name ${this.#wanted} when the host starts`,
    ]
  }

  #refuse(running: string | undefined, hindrances: readonly string[]): Refusal {
    return {
      resource: this.id,
      why: `a node is not renamed while it has guests or is in a cluster: ${hindrances.join(', ')}`,
      fields: [{ field: 'hostname', from: running ?? null, to: this.#wanted }],
      mend: [
        `write "hostname": "${running}" in network of the config`,
        'or move the guests away and take the node out of the cluster first',
      ],
    }
  }

  #rename(running: string | null, file: string | null): Change {
    const wanted = this.#wanted
    return {
      resource: this.id,
      action: 'update',
      risk: running === wanted ? 'safe' : 'disruptive',
      summary: `name the host ${wanted}`,
      fields: [
        ...(running === wanted ? [] : [{ field: 'running', from: running, to: wanted }]),
        ...(file === wanted ? [] : [{ field: 'file', from: file, to: wanted }]),
      ],
      steps: [{ kind: 'command', argv: ['hostnamectl', 'set-hostname', wanted] }],
      undo:
        running === null ? { impossible: 'it had no name' } : { commands: [['hostnamectl', 'set-hostname', running]] },
    }
  }
}

async function hindrancesOf(look: Look): Promise<string[]> {
  const corosync = await look.reader.stat('/etc/pve/corosync.conf')
  const guests = (await look.at(guestsProbe)).map(guestName)
  const shown = guests.length > 5 ? [...guests.slice(0, 5), `${guests.length - 5} more`] : guests
  return [...(corosync ? ['it is in a cluster'] : []), ...shown]
}

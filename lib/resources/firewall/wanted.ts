/** Every rule that the host is to have: those that keep it reachable first, which depend on what the host is. */

import { type DeclaredFirewall, type FirewallRule, letIn } from '../../config/firewall.ts'
import { canonicalAddress } from '../../config/firewall-address.ts'
import type { Look, Probe } from '../../engine/resource.ts'
import { inWords } from './words.ts'

/** On Proxmox VE /etc/pve is there, be it on a host that is not in a cluster. */
export const proxmoxProbe: Probe<boolean> = {
  id: 'stat /etc/pve',
  read: async ({ reader }) => (await reader.stat('/etc/pve'))?.type === 'dir',
}

/** The addresses of the cluster's nodes; undefined when the host is in no cluster. Null stands for one given by name. */
const clusterProbe: Probe<readonly (string | null)[] | undefined> = {
  id: '/etc/pve/corosync.conf',
  async read({ reader }) {
    const text = await reader.readFile('/etc/pve/corosync.conf')
    if (text === undefined) return undefined
    return [...text.matchAll(/^\s*ring\d+_addr:\s*(\S+)/gm)].map(
      ([, address = '']) => canonicalAddress(address) ?? null,
    )
  },
}

/** Let in from anywhere: whoever manages the host may be anywhere, and both ask for a password. */
const management = [letIn('ssh', '22', null), letIn('proxmox web', '8006', null)]

/** What pve-firewall lets in by itself from the local network and the cluster (PVE::Firewall, enable_host_firewall). */
async function proxmoxRules(look: Look, networks: readonly string[]): Promise<FirewallRule[]> {
  if (!(await look.at(proxmoxProbe))) return []
  const from = networks.length === 0 ? [null] : networks
  const nodes = (await look.at(clusterProbe)) ?? []
  const cluster = nodes.includes(null) ? [null] : nodes
  return [
    ...from.map((source) => letIn('spice', '3128', source)),
    ...from.map((source) => letIn('consoles', '5900:5999', source)),
    ...from.map((source) => letIn('migration', '60000:60050', source)),
    ...cluster.map((node) => letIn('cluster', '5404:5412', node, 'udp')),
  ]
}

export interface Wanted {
  readonly rules: readonly FirewallRule[]
  /** Two rules for the same packets that say different things. */
  readonly contradictions: readonly string[]
}

export const nothingWanted: Wanted = { rules: [], contradictions: [] }

export async function wantedRules(look: Look, declared: DeclaredFirewall): Promise<Wanted> {
  const ofHost = declared.backend === 'ufw' ? await proxmoxRules(look, declared.networks) : []
  const byName = new Map<string, FirewallRule>()
  const contradictions: string[] = []
  for (const rule of [...management, ...ofHost, ...declared.rules]) {
    const name = inWords(rule)
    const first = byName.get(name)
    if (first === undefined) byName.set(name, rule)
    else if (first.action !== rule.action) {
      contradictions.push(`${name} is to be ${first.action} (${first.purpose}) and ${rule.action} (${rule.purpose})`)
    }
  }
  return { rules: [...byName.values()], contradictions }
}

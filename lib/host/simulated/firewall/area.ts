/** Firewalls: ufw over the kernel's packet filter, Proxmox VE's own, and the connections that they could cut. */
import type { Area } from '../area.ts'
import { iptables } from './iptables.ts'
import { pveFirewall } from './pve-firewall.ts'
import { ss } from './ss.ts'
import { firewallOf } from './state.ts'
import { ufw } from './ufw.ts'
import { freshFiles } from './ufw-files.ts'
import { startUfw, stopUfw } from './ufw-kernel.ts'

export const firewall: Area = {
  tools: { iptables, 'pve-firewall': pveFirewall, ss, ufw },
  packages: {
    iptables: { version: '1.8.11-2', preinstalled: true, tools: ['iptables'] },
    iproute2: { version: '6.15.0-1', preinstalled: true, tools: ['ss'] },
    'pve-firewall': {
      version: '6.0.4',
      preinstalled: true,
      tools: ['pve-firewall'],
      units: ['pve-firewall.service'],
      files: { '/etc/pve/nodes/pve/': '' },
    },
    ufw: { version: '0.36.2-9', depends: ['iptables'], tools: ['ufw'], units: ['ufw.service'], files: freshFiles },
  },
  units: {
    'pve-firewall.service': {},
    // Stays active after `ufw disable` (seen: services.jsonl scene 32).
    'ufw.service': {
      type: 'oneshot',
      start(state) {
        startUfw(state)
        return undefined
      },
      stop: stopUfw,
    },
  },
  /** The kernel forgets everything; ufw's unit, started after this, brings its rules back. */
  boot(state) {
    delete state.firewall
  },
  events: {
    /** `sim connect PROGRAM LOCAL:PORT PEER:PORT`: someone connects to the host. */
    connect(state, [program, local, peer]) {
      if (program === undefined || local === undefined || peer === undefined) return 'PROGRAM LOCAL:PORT PEER:PORT'
      firewallOf(state).connections.push({ program, local, peer })
      return null
    },
    'hang-up': (state) => {
      firewallOf(state).connections = []
      return null
    },
  },
}

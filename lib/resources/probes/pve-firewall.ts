/** Proxmox VE's firewall, from its files: a `pve-firewall` process compiles every rule of the host just to say whether it is on. */
import type { Probe } from '../../engine/resource.ts'
import { optionsIn } from '../firewall/pve-text.ts'
import { nodeProbe } from './storage-config.ts'

export interface PveFirewall {
  /** `enable` of the cluster's options: without it nothing is filtered, whatever else stands there. */
  readonly enabled: boolean
  readonly clusterFile: string
  /** Null when there is no such file. */
  readonly cluster: string | null
  readonly hostFile: string
  readonly host: string | null
}

/** Undefined on a host without Proxmox VE. */
export const pveFirewallProbe: Probe<PveFirewall | undefined> = {
  id: '/etc/pve/firewall',
  async read(look) {
    const { reader } = look
    const node = await look.at(nodeProbe)
    if (node === undefined || (await reader.stat('/etc/pve'))?.type !== 'dir') return undefined
    const clusterFile = '/etc/pve/firewall/cluster.fw'
    const hostFile = `/etc/pve/nodes/${node}/host.fw`
    const [cluster = null, host = null] = await Promise.all([reader.readFile(clusterFile), reader.readFile(hostFile)])
    return {
      enabled: Number(optionsIn(cluster ?? '').get('enable') ?? '0') === 1,
      clusterFile,
      cluster,
      hostFile,
      host,
    }
  },
}

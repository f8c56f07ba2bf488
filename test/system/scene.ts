/** A simulated host as Proxmox VE's installer leaves it, and the step initial-setup run on it. */
import type { PhxConfig } from '../../lib/config/generated/types.ts'
import { blankHost } from '../../lib/host/simulated/blank.ts'
import { initialSetup } from '../../tasks/initial-setup.ts'
import { EngineScene } from '../engine-scene.ts'

/** Everything that the step converges, one of each. */
export const everything: PhxConfig = {
  domain_name: 'example.internal',
  timezone: 'Europe/Berlin',
  network: { hostname: 'pve', interfaces: { name: 'vmbr0', address: '10.0.0.13/24', gateway: '10.0.0.1' } },
  zfs: { arc_max_gb: 8 },
  host: {
    repositories: { proxmox: 'no-subscription', ceph: 'no-subscription' },
    packages: ['htop', 'jq'],
    upgrade: 'full',
    force_ipv4: true,
    locale: 'de_DE.UTF-8',
    dns: { nameservers: ['10.0.0.1', '9.9.9.9'], search: ['example.internal'] },
    sysctl: { 'vm.swappiness': 10, 'net.ipv4.tcp_rmem': '4096 87380 33554432' },
    ntp_servers: ['ntp.example.internal'],
  },
}

export class Scene extends EngineScene {
  protected readonly modules = [initialSetup]
  protected readonly step = 'initial-setup'

  constructor(config: PhxConfig = everything) {
    super(config, blankHost([]))
  }
}

/** A simulated host with its firewalls, and phx with the one module `firewall`. */
import type { PhxConfig } from '../../lib/config/generated/types.ts'
import { firewall } from '../../tasks/firewall.ts'
import { CommandScene } from '../command-scene.ts'

/** A host at home: NFS and SMB for the clients there, and one rule more. */
export const home: PhxConfig = {
  network: { default_subnet: '10.0.0.0/24' },
  nfs: { exports: [{ path: '/tank/a', clients: ['10.0.0.0/24', '10.0.1.7'] }] },
  samba: { shares: [{ name: 'a', path: '/tank/a' }] },
  firewall: {
    backend: 'ufw',
    enabled: true,
    global_firewall_rules: [
      { type: 'in', action: 'ACCEPT', proto: 'tcp', port: '443,80', source: '10.0.0.0/24', comment: 'web from home' },
    ],
  },
}

const pool = { name: 'tank', raid_level: 'single' as const, disks: ['/dev/disk/by-id/ata-DISK_SERIAL1'] }

export class Scene extends CommandScene {
  protected readonly modules = [firewall]
  protected readonly step = 'firewall'

  constructor(config: PhxConfig = home) {
    super()
    this.declare(config)
  }

  declare(config: PhxConfig): void {
    // What the rules are made from is not converged here, so that it need not be sound.
    this.configure({ zfs: { pools: [pool], datasets: [{ name: 'a', pool: 'tank' }] }, ...config })
  }

  write(path: string, text: string): Promise<string> {
    return this.sim(['sim', 'write', path], text)
  }
}

export const scene = (config?: PhxConfig): Scene => new Scene(config)

/** Someone is connected to the host. */
export const connect = (host: Scene, program: string, local: string, peer: string): Promise<string> =>
  host.sim(['sim', 'connect', program, local, peer])

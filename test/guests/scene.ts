/** A simulated host with a cloud image, a template and VM 8101, and phx run on it with every module. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PhxConfig, Vm } from '../../lib/config/generated/types.ts'
import { blankHost } from '../../lib/host/simulated/blank.ts'
import type { SimState } from '../../lib/host/simulated/model.ts'
import { modules } from '../../tasks/index.ts'
import { EngineScene } from '../engine-scene.ts'

const disk = '/dev/disk/by-id/virtio-A'
export const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ8V6Ws1mZ0e6wMzXb1H0m9b7yC2Wm6cR3eY9Y5pJm0q admin@desk'

const host: PhxConfig = {
  zfs: {
    pools: [{ name: 'tank', raid_level: 'single', disks: [disk] }],
    datasets: [
      {
        ...{ name: 'vm', pool: 'tank', storage_class: 'direct' },
        ...{ proxmox_storage_type: 'zfspool', proxmox_content_type: 'images,rootdir' },
      },
      { name: 'data', pool: 'tank' },
      { name: 'other', pool: 'tank' },
    ],
  },
  network: { nfs_server: '10.0.0.13' },
  nfs: {
    exports: ['data', 'other'].map((name) => ({
      path: `/tank/${name}`,
      clients: ['10.0.0.101'],
      options: ['rw', 'sync', 'no_subtree_check', 'no_root_squash'],
    })),
  },
}

const template: Vm = {
  ...{ vmid: 9000, name: 'debian-template', is_template: true, template_image: '/srv/cloud.qcow2' },
  user_config: { username: 'ops', ssh_public_keys: [key] },
}

export class Scene extends EngineScene {
  protected readonly modules = modules
  protected readonly step = 'vm:'
  protected override readonly ownCommands = true
  override targets = ['guests']
  /** The file that is put into the guest. */
  readonly source = join(this.folder, 'motd')

  constructor(more: Partial<Vm> = {}, state: SimState = blankHost([{ path: disk }])) {
    super(host, state)
    writeFileSync(this.source, 'welcome\n')
    this.declare(more)
  }

  declare(more: Partial<Vm> = {}, others: readonly Vm[] = []): void {
    const vm: Vm = {
      ...{ vmid: 8101, name: 'docker-host', clone_from_vmid: 9000, cores: 2, memory_mb: 2048, disk_size_gb: 8 },
      network_config: { ip: '10.0.0.101/24', gw: '10.0.0.1' },
      nfs_shares: [{ host_path: '/tank/data', guest_path: '/mnt/data', options: 'rw,_netdev,nofail' }],
      file_injections: [{ source: this.source, destination: '/etc/motd', mode: '0640' }],
      ...more,
    }
    this.config = { ...host, guests: { vm_defaults: { storage_pool: 'tank-vm' }, vms: [template, vm, ...others] } }
  }

  /** A tool inside VM 8101. */
  inside(line: string): Promise<string> {
    return this.sim(['sim', 'in', 'vm:8101', '--', ...line.split(' ')])
  }

  image(): Promise<string> {
    return this.sim('qemu-img create -f qcow2 /srv/cloud.qcow2 3G')
  }
}

export async function scene(more: Partial<Vm> = {}): Promise<Scene> {
  const made = new Scene(more)
  await made.image()
  return made
}

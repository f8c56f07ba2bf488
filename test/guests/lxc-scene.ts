/** A simulated host with a container template, template container 900 and container 901, and phx run on it with every module. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Lxc, PhxConfig, Vm } from '../../lib/config/generated/types.ts'
import { blankHost } from '../../lib/host/simulated/blank.ts'
import type { SimState } from '../../lib/host/simulated/model.ts'
import { modules } from '../../tasks/index.ts'
import { EngineScene } from '../engine-scene.ts'

const disk = '/dev/disk/by-id/virtio-A'
const archive = '/var/lib/vz/template/cache/debian-13-standard_13.1-2_amd64.tar.zst'

const host: PhxConfig = {
  zfs: {
    pools: [{ name: 'tank', raid_level: 'single', disks: [disk] }],
    datasets: [
      {
        ...{ name: 'ct', pool: 'tank', storage_class: 'direct' },
        ...{ proxmox_storage_type: 'zfspool', proxmox_content_type: 'images,rootdir' },
      },
      { name: 'data', pool: 'tank' },
    ],
  },
}

const template: Lxc = {
  ...{ name: 'debian-template', template: archive, is_template: true },
  ...{ storage_pool: 'tank-ct', storage_size_gb: 4 },
}

export const models = { name: 'models', pool: 'tank-ct', size_gb: 10, mount_point: '/srv/models', persistent: true }

export class LxcScene extends EngineScene {
  protected readonly modules = modules
  protected readonly step = 'lxc'
  protected override readonly ownCommands = true
  override targets = ['guests']
  readonly archive = archive
  /** Beside the config. */
  readonly application = join(this.folder, 'application.sh')

  constructor(more: Partial<Lxc> = {}, state: SimState = blankHost([{ path: disk }])) {
    super(host, state)
    this.declare(more)
  }

  declare(more: Partial<Lxc> = {}, others: Readonly<Record<string, Lxc>> = {}, vms: readonly Vm[] = []): void {
    const container: Lxc = {
      ...{ name: 'models', clone_from_ctid: '900', cores: 2, memory_mb: 2048 },
      ...{ storage_pool: 'tank-ct', storage_size_gb: 8 },
      network_config: { name: 'eth0', bridge: 'vmbr0', ip: '10.0.0.91/24', gw: '10.0.0.1' },
      ...more,
    }
    const containers = { '900': template, '901': container, ...others }
    this.config = {
      ...host,
      guests: { vm_defaults: { storage_pool: 'tank-ct' }, vms: [...vms], lxc_configs: containers },
    }
  }

  get conf(): string {
    return this.text('/etc/pve/lxc/901.conf') ?? ''
  }

  /** A tool inside container 901. */
  inside(line: string): Promise<string> {
    return this.sim(['pct', 'exec', '901', '--', ...line.split(' ')])
  }

  /** The script of its application, as `# sim:` lines say what it does. */
  script(...lines: string[]): void {
    writeFileSync(this.application, ['#!/bin/sh', ...lines, ''].join('\n'))
  }

  /** Names of datasets on the storage. */
  async datasets(): Promise<string> {
    return this.sim('zfs list -H -o name -r tank/ct')
  }
}

export async function scene(more: Partial<Lxc> = {}): Promise<LxcScene> {
  const made = new LxcScene(more)
  await made.write(archive, '')
  return made
}

/** A simulated host and scripts beside the config, and phx with the modules `zfs` and `vm-features`. */
import type { PhxConfig, Vm } from '../../lib/config/generated/types.ts'
import { openSimulated } from '../../lib/host/simulated/host.ts'
import { vmFeatures } from '../../tasks/vm-features.ts'
import { zfs } from '../../tasks/zfs.ts'
import { CommandScene } from '../command-scene.ts'

export const disk = '/dev/disk/by-id/virtio-LAB-BLK-0'
export const carrier = '/tank/features'
export const folder = `${carrier}/vm-features/8101`

export const vm = (over: Partial<Vm> = {}): Vm => ({
  vmid: 8101,
  name: 'docker-host',
  features: ['docker'],
  network_config: { ip: `10.0.0.${(over.vmid ?? 8101) - 8000}/24` },
  ...over,
})

export const declared = (vms: Vm[] = [vm()], over: PhxConfig = {}): PhxConfig => ({
  zfs: {
    pools: [{ name: 'tank', raid_level: 'single', disks: [disk] }],
    datasets: [{ name: 'features', pool: 'tank' }],
  },
  network: { nfs_server: '10.0.0.13' },
  vm_features: { export: carrier },
  guests: { vms },
  ...over,
})

/** The same with a storage that takes snippets. */
export function withSnippets(vms: Vm[]): PhxConfig {
  const config = declared(vms)
  const datasets = [
    ...(config.zfs?.datasets ?? []),
    { name: 'files', pool: 'tank', proxmox_storage_type: 'dir' as const, proxmox_content_type: 'iso,snippets' },
  ]
  return { ...config, zfs: { ...config.zfs, datasets } }
}

export const script = (text: string): string => `#!/bin/bash\n${text}\n`

export class Scene extends CommandScene {
  protected readonly modules = [zfs, vmFeatures]
  protected readonly step = 'vm-features'
  protected override readonly ownCommands = true
  protected override readonly disks = [disk]

  constructor(config: PhxConfig, scripts: Readonly<Record<string, string>> = { 'docker.sh': script('docker 1') }) {
    super()
    this.declare(config)
    for (const [name, text] of Object.entries(scripts)) this.put(`vm-features/${name}`, text)
  }

  declare(config: PhxConfig): void {
    this.configure(config)
  }

  /** Files and folders of the host below a path. */
  async below(path: string): Promise<string[]> {
    const names = (await this.sim(`ls -A ${path}`)).split('\n').filter((name) => name !== '')
    return names.sort()
  }

  async link(path: string, target: string): Promise<void> {
    const host = await openSimulated(this.hostFolder, this.disks)
    await host.change((state) => {
      state.symlinks = { ...state.symlinks, [path]: target }
    })
    await host.close()
  }
}

export const scene = (...of: ConstructorParameters<typeof Scene>): Scene => new Scene(...of)

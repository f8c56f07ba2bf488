/** A simulated host with GPUs, and phx with the one module `nvidia`. */
import { createHash } from 'node:crypto'
import type { NvidiaDriver } from '../../lib/config/generated/types.ts'
import { nvidia } from '../../tasks/nvidia.ts'
import { CommandScene } from '../command-scene.ts'

export const gpu = '0000:01:00.0'
export const runfilePath = '/root/NVIDIA.run'
export const runfileOf = (version: string): string =>
  `#!/bin/sh\n# NVIDIA Accelerated Graphics Driver for Linux-x86_64 ${version}\n`
export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** The driver from a runfile that lies on the host. */
export const driver = (version: string, over: Partial<NvidiaDriver> = {}): NvidiaDriver => ({
  install: true,
  version,
  source: 'runfile',
  runfile_path: runfilePath,
  runfile_sha256: sha256(runfileOf(version)),
  ...over,
})

export class Scene extends CommandScene {
  protected readonly modules = [nvidia]
  protected readonly step = 'nvidia'

  constructor(declared: NvidiaDriver | undefined) {
    super()
    this.declare(declared)
  }

  declare(declared: NvidiaDriver | undefined): void {
    this.configure(declared === undefined ? {} : { nvidia_driver: declared })
  }

  /** A GPU, and the runfile on the host. */
  async plug(version: string, boundTo = 'nouveau'): Promise<void> {
    await this.sim(`sim plug-gpu ${gpu} ${boundTo}`)
    await this.sim(`sim write ${runfilePath}`, runfileOf(version))
  }

  /** Kernel 6.17.4-1-pve comes as upgrades do, and boots next. */
  async upgradeKernel(): Promise<void> {
    await this.sim('sim publish proxmox-kernel-6.17 6.17.4-1')
    await this.sim('apt-get install -y proxmox-kernel-6.17')
  }
}

export const scene = (...of: ConstructorParameters<typeof Scene>): Scene => new Scene(...of)

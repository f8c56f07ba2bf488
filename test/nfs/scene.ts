/** A simulated host with a pool, and phx run on it with every module. */
import type { NfsExport, PhxConfig } from '../../lib/config/generated/types.ts'
import { blankHost } from '../../lib/host/simulated/blank.ts'
import { modules } from '../../tasks/index.ts'
import { EngineScene } from '../engine-scene.ts'

export const phxExports = '/etc/exports.d/phx.exports'
export const etab = '/var/lib/nfs/etab'

const disk = '/dev/disk/by-id/virtio-A'

const zfs: NonNullable<PhxConfig['zfs']> = {
  pools: [{ name: 'tank', raid_level: 'single', disks: [disk] }],
  datasets: [
    { name: 'data', pool: 'tank' },
    { name: 'media', pool: 'tank' },
  ],
}

/** The user's own form. */
export const usual: NfsExport[] = [
  { path: '/tank/data', clients: ['10.0.0.0/24', '10.0.1.5'], options: ['rw', 'sync', 'no_subtree_check'] },
  { path: '/tank/media', clients: ['10.0.0.0/24'], options: 'ro,sync,no_subtree_check' },
]

export class Scene extends EngineScene {
  protected readonly modules = modules
  protected readonly step = 'nfs'
  protected override readonly ownCommands = true

  constructor(exports: NfsExport[] = usual, more: PhxConfig = {}) {
    super({ zfs, nfs: { exports }, ...more }, blankHost([{ path: disk }]))
  }

  set exports(exports: NfsExport[] | undefined) {
    const { nfs: _, ...rest } = this.config
    this.config = exports === undefined ? rest : { ...rest, nfs: { exports } }
  }
}

export const scene = (...of: ConstructorParameters<typeof Scene>): Scene => new Scene(...of)

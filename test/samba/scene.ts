/** A simulated host with a pool and a password for Samba, and phx run on it with every module. */
import type { PhxConfig, Samba } from '../../lib/config/generated/types.ts'
import { blankHost } from '../../lib/host/simulated/blank.ts'
import { modules } from '../../tasks/index.ts'
import { EngineScene, withSecret } from '../engine-scene.ts'

export const password = 'Marker-Geheim-7'
export const otherPassword = 'Marker-Anders-8'
export const passwordFile = '/etc/phx/secrets/samba'
export const smbConf = '/etc/samba/smb.conf'
export const phxConf = '/etc/samba/phx.conf'

const disk = '/dev/disk/by-id/virtio-A'

export const zfs: NonNullable<PhxConfig['zfs']> = {
  pools: [{ name: 'tank', raid_level: 'single', disks: [disk] }],
  datasets: [
    { name: 'data', pool: 'tank' },
    { name: 'media', pool: 'tank' },
  ],
}

/** What is served, as anybody sees it. */
export const anonymous = 'smbclient -gNL localhost'
/** Into a share and out again. */
export const connect = (user: string, secret: string, share = 'prod-data'): string =>
  `smbclient //localhost/${share} -U ${user}%${secret} -c exit`

/** The user's own form: a path without a slash, options as a text. */
export const usual: Samba = {
  user: 'heads',
  password: { file: passwordFile },
  shares: [
    { name: 'prod-data', path: 'tank/data', options: 'browseable=yes writable=yes', valid_users: ['heads'] },
    { name: 'Media', path: '/tank/media', read_only: true },
  ],
}

export class Scene extends EngineScene {
  protected readonly modules = modules
  protected readonly step = 'samba'

  constructor(samba: Samba = usual, more: PhxConfig = {}) {
    super({ zfs, samba, ...more }, withSecret(blankHost([{ path: disk }]), passwordFile, password))
  }

  set samba(samba: Samba | undefined) {
    const { samba: _, ...rest } = this.config
    this.config = samba === undefined ? rest : { ...rest, samba }
  }
}

export const scene = (...of: ConstructorParameters<typeof Scene>): Scene => new Scene(...of)

/**
 * The vendor data that cloud-init takes at a machine's first boot. Its first line has to be `#cloud-config`, or
 * cloud-init passes over the file without a word (incident of phoenix.md 5.2: 22 comment lines above it).
 */

export interface FeatureMount {
  /** `SERVER:PATH` */
  readonly source: string
  readonly mountPoint: string
}

export const cloudConfig = '#cloud-config'

/** noauto: cloud-init mounts before it installs nfs-common; the automount unit does it on first use (systemd.mount(5)). */
const options = 'ro,_netdev,nofail,x-systemd.automount,noauto'

/** As systemd-escape(1) --path says it. */
export function automountUnit(path: string): string {
  const escaped = path
    .replace(/^\//, '')
    .split('/')
    .map((part) => part.replace(/[^A-Za-z0-9:_.]/g, (one) => `\\x${one.charCodeAt(0).toString(16).padStart(2, '0')}`))
  return `${escaped.join('-')}.automount`
}

/** Lines below the first one. A list in JSON is a list in YAML. */
export function firstBoot(mount: FeatureMount | null): string[] {
  const list = (words: readonly string[]): string => `  - ${JSON.stringify(words)}`
  const mounts = mount === null ? [] : ['mounts:', list([mount.source, mount.mountPoint, 'nfs', options, '0', '0'])]
  const start =
    mount === null
      ? []
      : [list(['systemctl', 'daemon-reload']), list(['systemctl', 'start', automountUnit(mount.mountPoint)])]
  return [
    'package_update: true',
    'packages:',
    '  - nfs-common',
    '  - qemu-guest-agent',
    ...mounts,
    'runcmd:',
    list(['systemctl', 'start', 'qemu-guest-agent']),
    ...start,
  ]
}

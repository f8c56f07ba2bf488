/** The options of a container's configuration, as pve-container knows them: what `set` and `create` accept and what a file may hold. */
import * as format from '../formats.ts'
import * as guest from '../guest-formats.ts'
import { numbered } from '../guest-formats.ts'
import { type Keys, keysCheck } from '../property-string.ts'
import type { Property } from '../types.ts'
import { mountKeys, rootKeys } from './mountpoints.ts'

const text: Property = { kind: 'string' }
const flag: Property = { kind: 'boolean' }

const count = (minimum: number, maximum?: number): Property =>
  maximum === undefined ? { kind: 'integer', minimum } : { kind: 'integer', minimum, maximum }

export const netKeys: Keys = {
  name: { kind: 'string', pattern: /^[-_.\w]+$/, required: true },
  bridge: { kind: 'string', pattern: /^[-_.\w]+$/ },
  firewall: flag,
  gw: { kind: 'string', check: guest.ipv4 },
  gw6: { kind: 'string', check: guest.ipv6 },
  'host-managed': flag,
  hwaddr: { kind: 'string', check: guest.macAddress },
  ip: { kind: 'string', check: guest.ipv4Config },
  ip6: { kind: 'string', check: guest.ipv6Config },
  link_down: flag,
  mtu: count(64, 65535),
  rate: { kind: 'number', minimum: 0 },
  tag: count(1, 4094),
  trunks: { kind: 'string', pattern: /^\d+(?:;\d+)*$/ },
  type: { kind: 'string', values: ['veth'] },
}

const devicePath: format.Check = (value) =>
  /\/\.\.?(?:\/|$)/.test(value) || !value.startsWith('/dev/') ? `${value} is not a valid device path\n` : null

export const deviceKeys: Keys = {
  path: { kind: 'string', check: devicePath, unnamed: true },
  'deny-write': flag,
  gid: count(0),
  mode: { kind: 'string', pattern: /^0[0-7]{3}$/ },
  uid: count(0),
}

const features: Keys = {
  force_rw_sys: flag,
  fuse: flag,
  keyctl: flag,
  mknod: flag,
  mount: { kind: 'string', pattern: /^[a-zA-Z0-9_; ]+$/ },
  nesting: flag,
}

const osTypes = 'debian devuan ubuntu centos fedora opensuse archlinux alpine gentoo nixos openeuler unmanaged'.split(
  ' ',
)
const locks = 'backup create destroyed disk fstrim migrate mounted rollback snapshot snapshot-delete'.split(' ')

const ofKeys =
  (keys: Keys) =>
  (name: string): Property => ({ kind: 'string', check: keysCheck(name, keys) })

/** mp0 to mp255 (pct.jsonl n=60). */
export const options: Readonly<Record<string, Property>> = {
  arch: { kind: 'string', values: ['amd64', 'i386', 'arm64', 'armhf', 'riscv32', 'riscv64'] },
  cmode: { kind: 'string', values: ['shell', 'console', 'tty'] },
  console: flag,
  cores: count(1, 8192),
  cpulimit: { kind: 'number', minimum: 0, maximum: 8192 },
  cpuunits: count(0, 500000),
  debug: flag,
  description: text,
  ...numbered('dev', 256, ofKeys(deviceKeys)),
  entrypoint: text,
  env: text,
  features: ofKeys(features)('features'),
  hookscript: { kind: 'string', check: format.volumeId },
  hostname: { kind: 'string', check: guest.dnsName },
  lock: { kind: 'string', values: locks },
  memory: count(16),
  ...numbered('mp', 256, ofKeys(mountKeys)),
  nameserver: { kind: 'string', list: true },
  ...numbered('net', 32, ofKeys(netKeys)),
  onboot: flag,
  ostype: { kind: 'string', values: osTypes },
  protection: flag,
  rootfs: ofKeys(rootKeys)('rootfs'),
  searchdomain: { kind: 'string', list: true },
  startup: { kind: 'string', check: guest.startup },
  swap: count(0),
  tags: { kind: 'string', list: true, check: format.listOf(guest.tag) },
  template: flag,
  timezone: text,
  tty: count(0, 6),
  unprivileged: flag,
  ...numbered('unused', 256, () => ({ kind: 'string', check: format.volumeId })),
}

/** Keys that only Proxmox itself writes. */
const written: Readonly<Record<string, Property>> = { parent: text, snaptime: count(0), snapstate: text }

/** What a line of a configuration file may hold: null, or what `unable to parse value of …` says behind it. */
export function lineComplaint(key: string, value: string): string | null {
  const property = Object.hasOwn(options, key) ? options[key] : written[key]
  if (property === undefined) return `unknown setting '${key}'\n`
  if (property.kind === 'boolean')
    return format.parseBoolean(value) === null ? `type check ('boolean') failed - got '${value}'\n` : null
  if (property.kind === 'string') return property.check?.(value) ?? null
  const shape = property.kind === 'integer' ? /^\d+$/ : /^\d+(\.\d+)?$/
  return shape.test(value) ? null : `type check ('${property.kind}') failed - got '${value}'\n`
}

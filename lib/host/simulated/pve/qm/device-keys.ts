/** What may stand in the values of a machine's other devices and settings (the man page qm(1); texts: qm.jsonl n=14, 17, 66). */
import * as format from '../formats.ts'
import * as guest from '../guest-formats.ts'
import { type Key, type Keys, parseKeys } from '../property-string.ts'
import { cpuFlags, isCpuModel } from './cpu-models.ts'

const flag: Key = { kind: 'boolean' }
const text: Key = { kind: 'string' }
const count = (minimum: number, maximum?: number): Key =>
  maximum === undefined ? { kind: 'integer', minimum } : { kind: 'integer', minimum, maximum }
const oneOf = (words: string, more: Partial<Key> = {}): Key => ({ kind: 'string', values: words.split(' '), ...more })
const like = (pattern: RegExp, more: Partial<Key> = {}): Key => ({ kind: 'string', pattern, ...more })

const models =
  'e1000 e1000-82540em e1000-82544gc e1000-82545em e1000e i82551 i82557b i82559er ne2k_isa ne2k_pci pcnet rtl8139 virtio vmxnet3'

export const netKeys: Keys = {
  macaddr: { kind: 'string', check: guest.macAddress },
  model: oneOf(models, { unnamed: true, required: true }),
  ...Object.fromEntries(models.split(' ').map((name) => [name, { ...text, naming: 'model', alias: 'macaddr' }])),
  bridge: {
    kind: 'string',
    check: (value) => (/^[-_.\w]+$/.test(value) ? null : `invalid bridge ID '${value}'\n`),
  },
  queues: count(0, 64),
  rate: { kind: 'number', minimum: 0 },
  tag: count(1, 4094),
  trunks: like(/^\d+(?:-\d+)?(?:;\d+(?:-\d+)?)*$/),
  firewall: flag,
  link_down: flag,
  mtu: count(1, 65520),
  'host-tunnel': flag,
}

export const ipconfigKeys: Keys = {
  ip: { kind: 'string', check: guest.ipv4Config },
  gw: { kind: 'string', check: guest.ipv4, requires: 'ip' },
  ip6: { kind: 'string', check: guest.ipv6Config },
  gw6: { kind: 'string', check: guest.ipv6, requires: 'ip6' },
}

export const agentKeys: Keys = {
  enabled: { kind: 'boolean', unnamed: true, required: true },
  fstrim_cloned_disks: flag,
  'freeze-fs-on-backup': { kind: 'boolean', alias: 'freeze-fs' },
  'guest-fsfreeze': { kind: 'boolean', alias: 'freeze-fs' },
  'freeze-fs': flag,
  type: oneOf('virtio isa'),
}

export const memoryKeys: Keys = { current: { kind: 'integer', minimum: 16, unnamed: true, required: true } }

const bootDevice: format.Check = (value) =>
  /^(ide[0-3]|scsi([12]?\d|30)|virtio(\d|1[0-5])|sata[0-5]|net([12]?\d|3[01])|usb(\d|1[0-3])|hostpci(\d|1[0-5]))$/.test(
    value,
  )
    ? null
    : `invalid boot device '${value}'\n`

export const bootKeys: Keys = {
  legacy: like(/^[acdn]{1,4}$/, { unnamed: true }),
  order: { kind: 'string', check: format.listOf(bootDevice) },
}

const volume: Key = { kind: 'string', check: format.volumeId }
export const cicustomKeys: Keys = { meta: volume, network: volume, user: volume, vendor: volume }

const base64 = like(/^[A-Za-z0-9+/]+={0,2}$/)
export const smbiosKeys: Keys = {
  uuid: like(/^[a-fA-F0-9]{8}(?:-[a-fA-F0-9]{4}){3}-[a-fA-F0-9]{12}$/),
  version: base64,
  serial: base64,
  manufacturer: base64,
  product: base64,
  sku: base64,
  family: base64,
  base64: flag,
}

export const vgaKeys: Keys = {
  type: oneOf('cirrus qxl qxl2 qxl3 qxl4 none serial0 serial1 serial2 serial3 std virtio virtio-gl vmware', {
    unnamed: true,
  }),
  memory: count(4, 512),
  clipboard: oneOf('vnc'),
}

export const machineKeys: Keys = {
  type: like(
    /^(pc|pc(-i440fx)?-\d+(\.\d+)+(\+pve\d+)?(\.pxe)?|q35|pc-q35-\d+(\.\d+)+(\+pve\d+)?(\.pxe)?|virt(?:-\d+(\.\d+)+)?(\+pve\d+)?)$/,
    { unnamed: true, maximumLength: 40 },
  ),
  viommu: oneOf('intel virtio'),
  'aw-bits': { kind: 'number', minimum: 32, maximum: 64 },
  'enable-s3': flag,
  'enable-s4': flag,
}

const cpuKeys: Keys = {
  cputype: { kind: 'string', unnamed: true },
  'reported-model': text,
  hidden: flag,
  'hv-vendor-id': like(/^[a-zA-Z0-9]{1,12}$/),
  flags: like(/^[+-][\w\-.]+(;[+-][\w\-.]+)*$/),
  'guest-phys-bits': count(32, 64),
  'phys-bits': like(/^(host|[89]|[1-5]\d|6[0-4])$/),
  level: count(0, 4294967295),
}

/** A model of its own has to be one that QEMU has; only some flags are left to machines. */
export const cpu =
  (name: string): format.Check =>
  (value) => {
    const parsed = parseKeys(name, cpuKeys, value)
    if (typeof parsed === 'string') return parsed
    const type = parsed.get('cputype') ?? 'kvm64'
    if (!isCpuModel(type)) return `Built-in cputype '${type}' is not defined (missing 'custom-' prefix?)\n`
    const flags = (parsed.get('flags') ?? '').split(';').map((each) => each.slice(1))
    if (parsed.has('flags') && flags.some((each) => !cpuFlags.includes(each)))
      return `VM-specific CPU flags must be a subset of: ${cpuFlags.join(', ')}\n`
    return parsed.has('reported-model') ? "Property 'reported-model' not allowed in VM-specific CPU config.\n" : null
  }

const hexId = like(/^0x[0-9a-fA-F]{4}$/)
const pciAddress = String.raw`(?:[a-f0-9]{4,}:)?[a-f0-9]{2}:[a-f0-9]{2}(?:\.[a-f0-9])?`
const mapping: Key = { kind: 'string', check: format.configId }
export const hostpciKeys: Keys = {
  host: like(new RegExp(`^${pciAddress}(;${pciAddress})*$`), { unnamed: true }),
  mapping,
  rombar: flag,
  romfile: like(/^[^,;]+$/),
  pcie: flag,
  'x-vga': flag,
  'legacy-igd': flag,
  mdev: like(/^[^/.:]+$/),
  'vendor-id': hexId,
  'device-id': hexId,
  'sub-vendor-id': hexId,
  'sub-device-id': hexId,
  driver: oneOf('vfio keep'),
}

export const usbKeys: Keys = {
  host: like(/^((0x)?[0-9A-Fa-f]{4}:(0x)?[0-9A-Fa-f]{4}|\d+-\d+(\.\d+)*|[Ss][Pp][Ii][Cc][Ee])$/, { unnamed: true }),
  mapping,
  usb3: flag,
}

const sets = /^\d+(?:-\d+)?(?:;\d+(?:-\d+)?)*$/
export const numaKeys: Keys = {
  cpus: like(sets, { required: true }),
  memory: { kind: 'number' },
  hostnodes: like(sets),
  policy: oneOf('preferred bind interleave'),
}

export const virtiofsKeys: Keys = {
  dirid: { ...mapping, unnamed: true, required: true },
  cache: oneOf('auto always metadata never'),
  'direct-io': flag,
  'expose-xattr': flag,
  'expose-acl': flag,
}

export const rngKeys: Keys = {
  source: oneOf('/dev/urandom /dev/random /dev/hwrng', { unnamed: true, required: true }),
  max_bytes: { kind: 'integer' },
  period: { kind: 'integer' },
}

export const watchdogKeys: Keys = {
  model: oneOf('i6300esb ib700', { unnamed: true }),
  action: oneOf('reset shutdown poweroff pause debug none'),
}

export const audioKeys: Keys = {
  device: oneOf('ich9-intel-hda intel-hda AC97', { required: true }),
  driver: oneOf('spice none'),
}

export const ivshmemKeys: Keys = {
  size: { kind: 'integer', minimum: 1, required: true },
  name: like(/^[a-zA-Z0-9-]+$/),
}

export const spiceKeys: Keys = { foldersharing: flag, videostreaming: oneOf('off all filter') }

export const sevKeys: Keys = {
  type: oneOf('std es snp', { unnamed: true, required: true }),
  'no-debug': flag,
  'no-key-sharing': flag,
  'allow-smt': flag,
  'kernel-hashes': flag,
}

export const tdxKeys: Keys = {
  type: oneOf('tdx', { unnamed: true, required: true }),
  attestation: { kind: 'boolean', required: true },
  'vsock-cid': count(2),
  'vsock-port': count(0),
}

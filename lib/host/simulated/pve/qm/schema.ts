/** The options of a machine's configuration, as qemu-server knows them: what `set` and `create` accept and what a file may hold. */
import * as format from '../formats.ts'
import * as guest from '../guest-formats.ts'
import { numbered } from '../guest-formats.ts'
import { type Keys, keysCheck } from '../property-string.ts'
import type { Property } from '../types.ts'
import * as device from './device-keys.ts'
import { driveKeys, importFrom } from './drive-keys.ts'
import { busOf, driveNames } from './drives.ts'

const text: Property = { kind: 'string' }
const flag: Property = { kind: 'boolean' }
const count = (minimum: number, maximum?: number): Property =>
  maximum === undefined ? { kind: 'integer', minimum } : { kind: 'integer', minimum, maximum }
const oneOf = (words: string): Property => ({ kind: 'string', values: words.split(' ') })
const like = (pattern: RegExp): Property => ({ kind: 'string', pattern })
const ofKeys = (name: string, keys: Keys): Property => ({ kind: 'string', check: keysCheck(name, keys) })
const each = (stem: string, most: number, keys: Keys) => numbered(stem, most, (name) => ofKeys(name, keys))

const hotplug: format.Check = (value) => {
  const wrong = /^[01]$/.test(value)
    ? undefined
    : format.splitList(value).find((word) => !/^(network|disk|cpu|memory|usb|cloudinit)$/.test(word))
  return wrong === undefined ? null : `invalid hotplug feature '${wrong}'\n`
}

export const snapshotName: Property = { kind: 'string', check: format.configId, maximumLength: 40 }

/** What cloud-init is told. */
export const cloudInitOptions: Readonly<Record<string, Property>> = {
  cicustom: ofKeys('cicustom', device.cicustomKeys),
  cipassword: { kind: 'string', secret: true },
  citype: oneOf('configdrive2 nocloud opennebula'),
  ciupgrade: flag,
  ciuser: text,
  ...each('ipconfig', 32, device.ipconfigKeys),
  nameserver: { kind: 'string', list: true, check: format.listOf(guest.address) },
  searchdomain: text,
  sshkeys: { kind: 'string', check: guest.urlEncoded },
}

export const options: Readonly<Record<string, Property>> = {
  acpi: flag,
  affinity: { kind: 'string', check: (value) => (/^[\d,-]+$/.test(value) ? null : 'unable to parse cpuset option\n') },
  agent: ofKeys('agent', device.agentKeys),
  'allow-ksm': flag,
  'amd-sev': ofKeys('amd-sev', device.sevKeys),
  arch: oneOf('x86_64 aarch64'),
  args: text,
  audio0: ofKeys('audio0', device.audioKeys),
  autostart: flag,
  balloon: count(0),
  bios: oneOf('seabios ovmf'),
  boot: ofKeys('boot', device.bootKeys),
  bootdisk: like(/^(ide|sata|scsi|virtio)\d+$/),
  ...cloudInitOptions,
  cores: count(1),
  cpu: { kind: 'string', check: device.cpu('cpu') },
  cpulimit: { kind: 'number', minimum: 0, maximum: 128 },
  cpuunits: count(1, 262144),
  description: { kind: 'string', maximumLength: 8192 },
  freeze: flag,
  hookscript: { kind: 'string', check: format.volumeId },
  ...each('hostpci', 16, device.hostpciKeys),
  hotplug: { kind: 'string', check: hotplug },
  hugepages: oneOf('any 2 1024'),
  'intel-tdx': ofKeys('intel-tdx', device.tdxKeys),
  ivshmem: ofKeys('ivshmem', device.ivshmemKeys),
  keephugepages: flag,
  keyboard: oneOf('da de de-ch en-gb en-us es fi fr fr-be fr-ca fr-ch hu is it ja lt mk nl no pl pt pt-br sl sv tr'),
  kvm: flag,
  localtime: flag,
  lock: oneOf('backup clone create migrate rollback snapshot snapshot-delete suspending suspended'),
  machine: ofKeys('machine', device.machineKeys),
  memory: ofKeys('memory', device.memoryKeys),
  migrate_downtime: { kind: 'number', minimum: 0 },
  migrate_speed: count(0),
  name: { kind: 'string', check: guest.dnsName },
  ...each('net', 32, device.netKeys),
  numa: flag,
  ...each('numa', 8, device.numaKeys),
  onboot: flag,
  ostype: oneOf('other wxp w2k w2k3 w2k8 wvista win7 win8 win10 win11 l24 l26 solaris'),
  ...numbered('parallel', 3, () => like(/^\/dev\/parport\d+$|^\/dev\/usb\/lp\d+$/)),
  protection: flag,
  reboot: flag,
  rng0: ofKeys('rng0', device.rngKeys),
  scsihw: oneOf('lsi lsi53c810 virtio-scsi-pci virtio-scsi-single megasas pvscsi'),
  ...numbered('serial', 4, () => like(/^(\/dev\/[^,]+|socket)$/)),
  shares: count(0, 50000),
  smbios1: { ...ofKeys('smbios1', device.smbiosKeys), maximumLength: 512 },
  smp: count(1),
  sockets: count(1),
  spice_enhancements: ofKeys('spice_enhancements', device.spiceKeys),
  startdate: like(/^(now|\d{4}-\d{1,2}-\d{1,2}(T\d{1,2}:\d{1,2}:\d{1,2})?)$/),
  startup: { kind: 'string', check: guest.startup },
  tablet: flag,
  tags: { kind: 'string', list: true, check: format.listOf(guest.tag) },
  tdf: flag,
  template: flag,
  ...numbered('unused', 256, (name) => ofKeys(name, driveKeys.unused ?? {})),
  ...each('usb', 14, device.usbKeys),
  vcpus: count(1),
  vga: ofKeys('vga', device.vgaKeys),
  ...each('virtiofs', 10, device.virtiofsKeys),
  vmgenid: like(/^(?:[a-fA-F0-9]{8}(?:-[a-fA-F0-9]{4}){3}-[a-fA-F0-9]{12}|[01])$/),
  vmstatestorage: { kind: 'string', check: format.storageId },
  watchdog: ofKeys('watchdog', device.watchdogKeys),
  ...Object.fromEntries(driveNames.map((name) => [name, ofKeys(name, driveKeys[busOf(name)] ?? {})])),
}

/** As options of a command that can make drives; `cdrom` is another name of `ide2`, and `sshkeys` a file's. */
export const settable: Readonly<Record<string, Property>> = {
  ...options,
  sshkeys: text,
  cdrom: ofKeys('cdrom', driveKeys.ide ?? {}),
  ...Object.fromEntries(
    driveNames.map((name) => [name, ofKeys(name, { ...(driveKeys[busOf(name)] ?? {}), ...importFrom })]),
  ),
}

/** Keys that only Proxmox itself writes. */
const written: Readonly<Record<string, Property>> = {
  cdrom: ofKeys('', driveKeys.ide ?? {}),
  meta: text,
  parent: snapshotName,
  runningcpu: text,
  runningmachine: text,
  'running-nets-host-mtu': text,
  snaptime: count(0),
  vmstate: { kind: 'string', check: format.volumeId },
}

export const optionNamed = (key: string): Property | undefined =>
  Object.hasOwn(options, key) ? options[key] : Object.hasOwn(written, key) ? written[key] : undefined

/** `set --delete` and `--revert` know these. */
export const isOption = (key: string): boolean => optionNamed(key) !== undefined

/** The value that a line of a configuration stands for, or what `unable to parse value of …` says behind it. */
export function readValue(key: string, value: string): { value: string } | { wrong: string } {
  const property = optionNamed(key)
  if (property === undefined) return { wrong: `unknown setting '${key}'\n` }
  if (property.kind === 'boolean') {
    const truth = format.parseBoolean(value)
    return truth === null ? { wrong: `type check ('boolean') failed - got '${value}'\n` } : { value: truth ? '1' : '0' }
  }
  if (property.kind !== 'string') {
    const shape = property.kind === 'integer' ? /^\d+$/ : /^\d+(\.\d+)?$/
    if (!shape.test(value)) return { wrong: `type check ('${property.kind}') failed - got '${value}'\n` }
    return { value: property.kind === 'integer' ? String(Number(value)) : value }
  }
  if (property.check === undefined) return { value: value.replace(/^"(.*)"$/, '$1') }
  const wrong = property.check(value)
  // Of a file the keys are named alone: `current: …`, not `memory.current: …` (n=136).
  return wrong === null ? { value } : { wrong: wrong.replaceAll(`\n${key}.`, '\n') }
}

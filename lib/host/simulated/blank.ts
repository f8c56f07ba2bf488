/** A fresh host: a root file system on a disk of its own, a Proxmox VE that nobody has set up yet, and blank disks. */
import { areas } from './areas.ts'
import type { Disk, SimFile, SimState } from './model.ts'
import { emptyContent } from './partitions.ts'

/** A disk to be made. Everything but its path or kernel name is derived unless told. */
export interface DiskWanted {
  /** Such as `/dev/disk/by-id/virtio-S1`: its shape tells transport, serial, WWN and the other names. */
  path?: string
  /** Bytes; 2 TiB unless told. */
  size?: number
  kname?: string
  serial?: string
}

const TIB = 2 ** 40
const START = 1_767_225_600

type Identity = Pick<Disk, 'serial' | 'wwn' | 'model' | 'transport' | 'ids'>

/** Eight hexadecimal digits that depend on the text alone (FNV-1a). */
function digest(text: string): string {
  let hash = 0x811c9dc5
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0
  return hash.toString(16).padStart(8, '0')
}

/** `MODEL_SERIAL` as udev joins them: the serial is what follows the last underscore. */
function modelAndSerial(text: string): { model: string; serial: string } {
  const cut = text.lastIndexOf('_')
  return cut < 0
    ? { model: text, serial: text }
    : { model: text.slice(0, cut).replaceAll('_', ' '), serial: text.slice(cut + 1) }
}

/** Which disk has this name in /dev/disk/by-id, and which other names it has there (facts/lab.md, "Disks"). */
function identityOf(name: string): Identity {
  const virtio = /^virtio-(.+)$/.exec(name)?.[1]
  if (virtio !== undefined) return { serial: virtio, wwn: null, model: null, transport: 'virtio', ids: [name] }
  const wwn = /^(?:scsi-3|wwn-0x)([0-9a-f]{16,32})$/.exec(name)?.[1]
  if (wwn !== undefined) {
    const ids = [`scsi-3${wwn}`, `wwn-0x${wwn}`]
    return { serial: wwn.slice(-8).toUpperCase(), wwn: `0x${wwn}`, model: 'QEMU HARDDISK', transport: 'scsi', ids }
  }
  const nvme = /^nvme-(.+?)(?:_\d)?$/.exec(name)?.[1]
  if (nvme !== undefined) {
    const { model, serial } = modelAndSerial(nvme)
    const eui = `eui.${digest(nvme)}${digest(`${nvme}.`)}`
    return { serial, wwn: eui, model, transport: 'nvme', ids: [`nvme-${nvme}`, `nvme-${nvme}_1`, `nvme-${eui}`] }
  }
  const ata = /^(?:ata|usb)-(.+)$/.exec(name)?.[1]
  if (ata !== undefined) {
    const { model, serial } = modelAndSerial(ata)
    const derived = `0x5000c500${digest(ata)}`
    return { serial, wwn: derived, model, transport: 'sata', ids: [name, `wwn-${derived}`] }
  }
  const { serial } = modelAndSerial(name)
  return { serial, wwn: null, model: 'QEMU HARDDISK', transport: 'scsi', ids: [name] }
}

function nextKname(transport: Disk['transport'], taken: readonly string[]): string {
  for (let index = 0; ; index++) {
    const letters =
      (index >= 26 ? String.fromCharCode(96 + Math.floor(index / 26)) : '') + String.fromCharCode(97 + (index % 26))
    const kname = transport === 'nvme' ? `nvme${index}n1` : `${transport === 'virtio' ? 'vd' : 'sd'}${letters}`
    if (!taken.includes(kname)) return kname
  }
}

function diskOf(wanted: DiskWanted, taken: readonly string[]): Disk {
  const path = wanted.path ?? ''
  const byId = /^\/dev\/disk\/by-id\/(.+?)(?:-part\d+)?$/.exec(path)?.[1]
  const node = /^\/dev\/([a-z]+\d*(?:n\d+)?)$/.exec(path)?.[1]
  const serial = wanted.serial ?? `SIM${digest(node ?? String(taken.length))}`
  const identity = identityOf(byId ?? `scsi-35000c500${digest(serial)}`)
  return {
    ...identity,
    serial: wanted.serial ?? identity.serial,
    kname: wanted.kname ?? node ?? nextKname(identity.transport, taken),
    size: wanted.size ?? 2 * TIB,
    readOnly: false,
    present: true,
    readErrors: false,
    content: emptyContent(),
    table: null,
  }
}

/** vda carries an ext4 root file system and has no serial, so no name in by-id: nobody can declare it by mistake. */
function systemDisk(): Disk {
  const content = emptyContent()
  content.signatures = [{ type: 'ext4', offset: 0x438, uuid: '5569db8c-ba6b-406f-9cb6-32f6859807c0', label: null }]
  return {
    kname: 'vda',
    size: 4 * 2 ** 30,
    serial: '',
    wwn: null,
    model: null,
    transport: 'virtio',
    ids: [],
    readOnly: false,
    present: true,
    readErrors: false,
    content,
    table: null,
  }
}

const folders = [
  '/',
  '/dev',
  '/etc',
  '/etc/pve',
  '/etc/pve/qemu-server',
  '/etc/pve/lxc',
  '/etc/pve/priv',
  '/mnt',
  '/root',
  '/srv',
]
const pveFolders = [
  '/tmp',
  '/var',
  '/var/lib',
  '/var/lib/vz',
  '/var/lib/vz/dump',
  '/var/lib/vz/template',
  '/home',
  '/boot',
  '/usr',
  '/opt',
]

const texts: Record<string, string> = {
  '/etc/hostname': 'pve\n',
  '/etc/fstab': '/dev/vda / ext4 rw,noatime 0 1\n',
  // What the installer leaves on a host whose root is not on ZFS (seen: pvesm.jsonl 4).
  '/etc/pve/storage.cfg': 'dir: local\n\tpath /var/lib/vz\n\tcontent iso,vztmpl,backup\n\n',
}

function blankFiles(): Record<string, SimFile> {
  const files: Record<string, SimFile> = {}
  for (const path of [...folders, ...pveFolders]) files[path] = { type: 'dir', content: '', mode: 0o755 }
  for (const [path, content] of Object.entries(texts)) files[path] = { type: 'file', content, mode: 0o644 }
  return files
}

export function blankHost(disks: readonly DiskWanted[]): SimState {
  const made = [systemDisk()]
  // A kernel name that was asked for is not given to another disk.
  const asked = disks.flatMap(({ kname, path }) => kname ?? /^\/dev\/([^/]+)$/.exec(path ?? '')?.[1] ?? [])
  for (const wanted of disks) {
    const name = /^\/dev\/disk\/by-id\/(.+)$/.exec(wanted.path ?? '')?.[1]
    if (name !== undefined && made.some(({ ids }) => ids.includes(name))) continue
    made.push(diskOf(wanted, [...made.map(({ kname }) => kname), ...asked]))
  }
  const state: SimState = {
    format: 1,
    hostname: 'pve',
    hostid: '1065439d',
    random: 1,
    now: START,
    files: blankFiles(),
    disks: made,
    pools: [],
    volumes: {},
    mounts: [{ source: '/dev/vda', target: '/', fstype: 'ext4', options: 'rw,noatime' }],
    swaps: [],
    holders: [],
    udev: { stale: {} },
  }
  for (const area of areas) area.seed?.(state)
  return state
}

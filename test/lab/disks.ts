/** The disks of a lab VM: what the guest sees of each, and how QEMU is told. */

/** The controller a disk hangs on; it decides the family of names under /dev/disk/by-id. */
export type Bus = 'virtio' | 'scsi' | 'ata'

export interface Disk {
  /** Name of its QEMU device, block node and qcow2 file. */
  readonly id: string
  readonly bus: Bus
  /** At most 20 characters, QEMU's limit for virtio-blk. */
  readonly serial: string
  /** 16 hexadecimal digits; virtio-blk has none. */
  readonly wwn?: string
  /** As qemu-img takes it. */
  readonly size: string
}

const scsi = (id: string, digit: number): Disk => ({
  id,
  bus: 'scsi',
  serial: `LABSCSI${digit}`,
  wwn: `5000c50015ea71a${digit}`,
  size: '2G',
})

/** Present in every VM, blank: two families of names, as a host with NVMe and SATA disks has. */
export const disks = {
  blk0: { id: 'blk0', bus: 'virtio', serial: 'LAB-BLK-0', size: '2G' },
  blk1: { id: 'blk1', bus: 'virtio', serial: 'LAB-BLK-1', size: '2G' },
  scsi2: scsi('scsi2', 2),
  scsi3: scsi('scsi3', 3),
  scsi4: scsi('scsi4', 4),
  scsi5: scsi('scsi5', 5),
} as const satisfies Readonly<Record<string, Disk>>

/** A further disk of the SCSI kind, for a scenario that plugs one in. */
export const spareDisk = (digit: 6 | 7 | 8, size = '2G'): Disk => ({ ...scsi(`scsi${digit}`, digit), size })

/** The name that a config uses for the disk: the stable one that says nothing about the controller, where there is one. */
export const byId = (disk: Disk): string =>
  `/dev/disk/by-id/${disk.wwn === undefined ? `virtio-${disk.serial}` : `wwn-0x${disk.wwn}`}`

/** The block node over the disk's qcow2 file. Flushes reach the host's page cache, which outlives a killed QEMU, not its disk. */
export const blockNode = (name: string, file: string) => ({
  driver: 'qcow2',
  'node-name': name,
  file: { driver: 'file', filename: file },
  cache: { 'no-flush': true },
})

/** The same disk, where reading any of these 512-byte sectors fails with EIO, always. */
export const blockNodeWithErrors = (name: string, file: string, sectors: readonly number[]) => ({
  driver: 'blkdebug',
  'node-name': name,
  image: blockNode(`${name}-data`, file),
  'inject-error': sectors.map((sector) => ({ event: 'none', iotype: 'read', errno: 5, once: false, sector })),
})

/** Arguments of `-device` and of QMP's device_add, as JSON text: a WWN must stay an integer above 2^53. */
export function deviceJson(disk: Disk, slot: string): string {
  const driver = { virtio: 'virtio-blk-pci', scsi: 'scsi-hd', ata: 'ide-hd' }[disk.bus]
  const fields = [
    `"driver":"${driver}","id":"${disk.id}","drive":"${disk.id}","bus":"${slot}","serial":"${disk.serial}"`,
    '"rerror":"report","werror":"report"',
  ]
  if (disk.wwn !== undefined) fields.push(`"wwn":${BigInt(`0x${disk.wwn}`)}`)
  if (disk.bus === 'ata') fields.push('"model":"LAB DISK"')
  return `{${fields.join(',')}}`
}

/** A disk and where it is plugged in. */
export interface Placed {
  readonly disk: Disk
  /** `port0` and `port1` (hot-pluggable PCIe), `scsi.0`, `ide.0` … `ide.5` (AHCI). */
  readonly slot: string
}

export const usualPlaces: readonly Placed[] = [
  { disk: disks.blk0, slot: 'port0' },
  { disk: disks.blk1, slot: 'port1' },
  { disk: disks.scsi2, slot: 'scsi.0' },
  { disk: disks.scsi3, slot: 'scsi.0' },
  { disk: disks.scsi4, slot: 'scsi.0' },
  { disk: disks.scsi5, slot: 'scsi.0' },
]

/**
 * The same disks in another order: the virtio ones swapped, two SCSI ones on AHCI as SATA disks (serial and WWN stay,
 * `scsi-…` names become `ata-…`), the others the other way round.
 */
export const otherPlaces: readonly Placed[] = [
  { disk: disks.scsi5, slot: 'scsi.0' },
  { disk: disks.scsi4, slot: 'scsi.0' },
  { disk: { ...disks.scsi3, bus: 'ata' }, slot: 'ide.0' },
  { disk: { ...disks.scsi2, bus: 'ata' }, slot: 'ide.1' },
  { disk: disks.blk1, slot: 'port0' },
  { disk: disks.blk0, slot: 'port1' },
]

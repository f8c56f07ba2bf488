import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isKernelName, sameDisk } from '../../lib/config/disk-alias.ts'

const id = '/dev/disk/by-id/'

for (const [one, other, same] of [
  ['wwn-0x5000c500a1b2c3d4', 'scsi-35000C500A1B2C3D4', true],
  ['wwn-0x5000c500a1b2c3d4', 'scsi-35000c500a1b2c3d5', false],
  ['wwn-0x600508b1001c5c9fe4b1f9a3c1d7e2aa', 'scsi-3600508b1001c5c9fe4b1f9a3c1d7e2aa', true],
  ['nvme-X_990_PRO_S1', 'nvme-X_990_PRO_S1_1', true],
  ['nvme-QEMU_NVMe_Ctrl_1', 'nvme-QEMU_NVMe_Ctrl_2', false],
  ['nvme-eui.0025385b21404321', 'nvme-eui.0025385B21404321', true],
  ['ata-WDC_WD40EFRX-68N32N0_WD-WCC7K0000001', 'scsi-SATA_WDC_WD40EFRX-68N_WD-WCC7K0000001', true],
  ['ata-WDC_WD40EFRX-68N32N0_WD-WCC7K0000001', 'scsi-1ATA_WDC_WD40EFRX-68N32N0_WD-WCC7K0000001', true],
  ['ata-WDC_WD40EFRX-68N32N0_WD-WCC7K0000001', 'ata-WDC_WD40EFRX-68N32N0_WD-WCC7K0000002', false],
  ['ata-DISK_SERIAL1', 'ata-DISK_SERIAL1-part1', true],
  ['ata-DISK_SERIAL1-part1', 'ata-DISK_SERIAL1-part2', false],
  ['wwn-0x5000c500a1b2c3d4-part2', 'scsi-35000c500a1b2c3d4-part2', true],
  ['virtio-LAB-BLK-0', 'virtio-LAB-BLK-1', false],
] as const) {
  test(`${one} and ${other} are ${same ? 'one' : 'two'}`, () => {
    assert.is(sameDisk(id + one, id + other), same)
    assert.is(sameDisk(id + other, id + one), same)
  })
}

test('kernel names, their partitions', () => {
  for (const path of [
    '/dev/sda',
    '/dev/sdaa1',
    '/dev/vdb',
    '/dev/xvda1',
    '/dev/nvme0n1',
    '/dev/nvme10n1p3',
    '/dev/mmcblk0p1',
  ]) {
    assert.ok(isKernelName(path), path)
  }
  for (const path of [`${id}ata-sda`, '/dev/mapper/x', '/dev/zvol/tank/v', '/dev/disk/by-path/pci-0'])
    assert.not(isKernelName(path))
  assert.ok(sameDisk('/dev/sda', '/dev/sda1'))
  assert.not(sameDisk('/dev/sda1', '/dev/sda2'))
  assert.not(sameDisk('/dev/sda', '/dev/sdaa'))
  assert.ok(sameDisk('/dev/nvme0n1', '/dev/nvme0n1p2'))
  assert.not(sameDisk('/dev/nvme0n1', '/dev/nvme0n2'))
  assert.not(sameDisk('/dev/nvme0n1', '/dev/nvme1n1'))
})

test.run()

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { blankHost } from '../../lib/host/simulated/blank.ts'
import { allDevices, findDevice, links, useOf } from '../../lib/host/simulated/devices.ts'
import type { SimState } from '../../lib/host/simulated/model.ts'
import { partitionForZfs, rereadTable, writeTable } from '../../lib/host/simulated/partitions.ts'
import { nextGuid, nextUuid } from '../../lib/host/simulated/random.ts'
import { callTool } from '../../lib/host/simulated/tools.ts'

const byId = (name: string): string => `/dev/disk/by-id/${name}`
const VIRTIO = byId('virtio-S1')
const SCSI = byId('scsi-35000c50015ea71a2')
const GIB = 2 ** 30

const hostWith = (...paths: string[]): SimState => blankHost(paths.map((path) => ({ path, size: 2 * GIB })))
const call = (state: SimState, line: string) => callTool(state, line.split(' '))
const found = (state: SimState, path: string) => {
  const device = findDevice(state, path)
  if (device === undefined) throw new Error(`no device ${path}`)
  return device
}

test('a disk is found by every name that it has, and by none that it has not', () => {
  const state = hostWith(VIRTIO, SCSI)
  assert.is(findDevice(state, VIRTIO)?.node, '/dev/vdb')
  assert.is(findDevice(state, SCSI)?.node, '/dev/sda')
  assert.is(findDevice(state, byId('wwn-0x5000c50015ea71a2'))?.node, '/dev/sda')
  assert.is(findDevice(state, '/dev/sda')?.disk, findDevice(state, SCSI)?.disk)
  assert.is(findDevice(state, byId('virtio-S')), undefined)
  assert.is(findDevice(state, byId('virtio-S11')), undefined)
})

test('two spellings of one disk make one disk', () => {
  const wwn = byId('wwn-0x5000c50015ea71a2')
  assert.is(hostWith(SCSI, wwn).disks.length, 2)
  assert.is(hostWith(byId('nvme-Samsung_SSD_S5'), byId('nvme-Samsung_SSD_S5_1')).disks.length, 2)
})

test('a path tells transport, serial and model', () => {
  const [, nvme, ata] = hostWith(byId('nvme-Samsung_SSD_990_PRO_1TB_S73V'), byId('ata-WDC_WD40EFRX_WD-WCC7')).disks
  assert.equal(
    [nvme?.transport, nvme?.serial, nvme?.model, nvme?.kname],
    ['nvme', 'S73V', 'Samsung SSD 990 PRO 1TB', 'nvme0n1'],
  )
  assert.equal([ata?.transport, ata?.serial, ata?.kname], ['sata', 'WD-WCC7', 'sda'])
  assert.match(ata?.ids[1] ?? '', /^wwn-0x[0-9a-f]{16}$/)
})

test('ZFS partitions a whole disk as recorded (disks.jsonl 17: 2 GiB, 24: 3 GiB and 1 GiB)', () => {
  for (const [size, sectors] of [
    [2, 4173824],
    [3, 6270976],
    [1, 2076672],
  ] as const) {
    const state = blankHost([{ path: VIRTIO, size: size * GIB }])
    const disk = found(state, VIRTIO).disk
    if (disk === null) throw new Error('not a disk')
    const part = partitionForZfs(state, disk)
    assert.is(part.size / 512, sectors)
    assert.equal(
      disk.table?.partitions.map(({ number }) => number),
      [1, 9],
    )
    assert.is(findDevice(state, `${VIRTIO}-part1`)?.node, '/dev/vdb1')
    assert.is(links(state).get(`/dev/disk/by-partuuid/${part.uuid}`), '/dev/vdb1')
  }
})

test('what lay in a partition is back when one is made at the same place, and not at another', () => {
  const state = hostWith(VIRTIO)
  call(state, `sgdisk -n 1:2048:+500M ${VIRTIO}`)
  call(state, `mkfs.ext4 -q ${VIRTIO}-part1`)
  call(state, `wipefs -a ${VIRTIO}`)
  assert.is(findDevice(state, `${VIRTIO}-part1`), undefined)
  call(state, `sgdisk -n 1:4096:+500M ${VIRTIO}`)
  assert.equal(found(state, `${VIRTIO}-part1`).content.signatures, [])
  call(state, `sgdisk -Z ${VIRTIO}`)
  call(state, `sgdisk -n 1:2048:+500M ${VIRTIO}`)
  assert.is(found(state, `${VIRTIO}-part1`).content.signatures[0]?.type, 'ext4')
})

test('a table written under a partition in use is the kernel’s only when it reads it again', () => {
  const state = hostWith(VIRTIO)
  call(state, `sgdisk -n 1:2048:+500M ${VIRTIO}`)
  const disk = found(state, VIRTIO).whole
  writeTable(disk, null, true)
  assert.ok(findDevice(state, `${VIRTIO}-part1`))
  rereadTable(disk)
  assert.is(findDevice(state, `${VIRTIO}-part1`), undefined)
})

test('a partition in use keeps what is written in it when the table around it is written anew, also across JSON', () => {
  let state = hostWith(VIRTIO)
  const next = (line: string, stdin = '') => {
    assert.is(callTool(state, line.split(' '), stdin).exitCode, 0, line)
    state = JSON.parse(JSON.stringify(state))
  }
  next(`sgdisk -n 1:2048:+500M ${VIRTIO}`)
  next(`mkfs.ext4 -q ${VIRTIO}-part1`)
  next(`mount ${VIRTIO}-part1 /mnt`)
  next(`sgdisk -n 2:0:+100M ${VIRTIO}`)
  assert.is(findDevice(state, `${VIRTIO}-part2`), undefined, 'the kernel still uses the old table')
  next('tee /mnt/file', 'written after the table')
  next('umount /mnt')
  next(`partprobe ${VIRTIO}`)
  assert.ok(findDevice(state, `${VIRTIO}-part2`))
  next(`mount ${VIRTIO}-part1 /mnt`)
  assert.is(state.files['/mnt/file']?.content, 'written after the table')
})

test('use is found on the disk itself and on its partitions', () => {
  const state = hostWith(VIRTIO, SCSI)
  assert.is(useOf(state, found(state, VIRTIO)), null)
  assert.equal(useOf(state, found(state, '/dev/vda')), { kind: 'system' })
  call(state, `sgdisk -n 1:0:+500M ${VIRTIO}`)
  call(state, `mkfs.ext4 -q ${VIRTIO}-part1`)
  call(state, `mount ${VIRTIO}-part1 /mnt`)
  assert.equal(useOf(state, found(state, VIRTIO)), { kind: 'mounted', at: '/mnt' })
  call(state, `mkswap ${SCSI}`)
  call(state, `swapon ${SCSI}`)
  assert.equal(useOf(state, found(state, SCSI)), { kind: 'swap' })
})

test('members of imported pools are in use, those of exported ones are not', () => {
  const state = hostWith(VIRTIO, SCSI)
  call(state, `zpool create tank ${VIRTIO} spare ${SCSI}`)
  assert.equal(useOf(state, found(state, VIRTIO)), { kind: 'pool', pool: 'tank', spare: false })
  assert.equal(useOf(state, found(state, `${SCSI}-part1`)), { kind: 'pool', pool: 'tank', spare: true })
  assert.is(useOf(state, found(state, `${SCSI}-part9`)), null)
  call(state, 'zpool export tank')
  assert.is(useOf(state, found(state, VIRTIO)), null)
})

test('a disk that was pulled out has neither node nor links, and keeps what is on it', () => {
  const state = hostWith(VIRTIO)
  call(state, `mkfs.ext4 -q ${VIRTIO}`)
  call(state, `sim unplug ${VIRTIO}`)
  assert.is(findDevice(state, VIRTIO), undefined)
  assert.not.ok([...links(state).keys()].some((link) => link.includes('virtio-S1')))
  call(state, `sim plug ${VIRTIO}`)
  assert.is(found(state, VIRTIO).content.signatures[0]?.type, 'ext4')
})

test('volumes get nodes in steps of sixteen, keep them, and keep their content when renamed', () => {
  const state = hostWith(VIRTIO)
  call(state, `zpool create tank ${VIRTIO}`)
  for (const name of ['a', 'b', 'c']) call(state, `zfs create -s -V 100M tank/${name}`)
  assert.is(findDevice(state, '/dev/zvol/tank/c')?.node, '/dev/zd32')
  call(state, 'mkfs.ext4 -q /dev/zvol/tank/c')
  call(state, 'zfs destroy tank/b')
  assert.is(findDevice(state, '/dev/zvol/tank/c')?.node, '/dev/zd32')
  call(state, 'zfs rename tank/c tank/d')
  assert.is(found(state, '/dev/zvol/tank/d').content.signatures[0]?.type, 'ext4')
  call(state, 'zfs create -s -V 100M tank/b')
  assert.is(findDevice(state, '/dev/zvol/tank/b')?.node, '/dev/zd16')
  call(state, 'zfs destroy tank/d')
  call(state, 'zfs create -s -V 100M tank/d')
  assert.equal(found(state, '/dev/zvol/tank/d').content.signatures, [], 'another volume of the same name is blank')
})

test('a reboot deals other kernel names and leaves identities alone', () => {
  const paths = [SCSI, byId('scsi-35000c50015ea71a3'), byId('scsi-35000c50015ea71a4')]
  const state = hostWith(...paths)
  const before = paths.map((path) => findDevice(state, path)?.node)
  call(state, 'sim reboot')
  const after = paths.map((path) => findDevice(state, path)?.node)
  assert.is.not(before.join(), after.join())
  assert.equal([...after].sort(), [...before].sort())
  assert.is(findDevice(state, '/dev/vda')?.disk?.ids.length, 0)
})

test('GUIDs can’t be rounded, and the same host gives the same ones', () => {
  const one = hostWith(VIRTIO)
  const guids = Array.from({ length: 50 }, () => nextGuid(one))
  assert.ok(guids.every((guid) => BigInt(guid) > 2n ** 53n && BigInt(guid) < 2n ** 64n))
  assert.is(new Set(guids).size, 50)
  assert.is(nextGuid(hostWith(VIRTIO)), guids[0])
  assert.match(nextUuid(one), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
})

test('the state survives JSON', () => {
  const state = hostWith(VIRTIO, SCSI)
  call(state, `zpool create tank mirror ${VIRTIO} ${SCSI}`)
  call(state, 'zfs create -V 10M tank/v')
  assert.equal(JSON.parse(JSON.stringify(state)), state)
  assert.is(allDevices(JSON.parse(JSON.stringify(state))).length, allDevices(state).length)
})

test.run()

/** Parsers against what real tools printed (test/transcripts). */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { propertiesByName } from '../../lib/resources/probes/ask.ts'
import { parseBlockDevices } from '../../lib/resources/probes/block-devices.ts'
import { storagesNamed } from '../../lib/resources/probes/guests.ts'
import { parseImportable } from '../../lib/resources/probes/importable.ts'
import { parseMounts } from '../../lib/resources/probes/mounts.ts'
import { type LivePool, parsePools } from '../../lib/resources/probes/pools.ts'
import { parseSignatures } from '../../lib/resources/probes/signatures.ts'
import { parseStorageConfig } from '../../lib/resources/probes/storage-config.ts'
import { recorded } from './rig.ts'

const byId = '/dev/disk/by-id/'
const status = ['zpool', 'status', '-j', 'tank']

function pool(scene: number, nth = 0): LivePool {
  const tank = parsePools(JSON.parse(recorded('zfs.jsonl', scene, status, nth).stdout))?.get('tank')
  if (!tank) throw new Error(`no pool in scene ${scene}`)
  return tank
}
const shape = ({ vdevs }: LivePool) =>
  vdevs.map(({ role, type, leaves }) => `${role} ${type} ${leaves.map((leaf) => leaf.name).join(' ')}`)

test('a mirror with log, cache and spare (zfs.jsonl 8)', () => {
  assert.equal(shape(pool(8)), [
    'data mirror virtio-LAB-BLK-0 virtio-LAB-BLK-1',
    'log disk scsi-35000c50015ea71a2',
    'cache disk scsi-35000c50015ea71a3',
    'spare disk scsi-35000c50015ea71a4',
  ])
  assert.is(pool(8).guid, '17772634878246520141')
})

test('special and raidz vdevs, whose parity is in the name only (zfs.jsonl 9, 4)', () => {
  assert.equal(shape(pool(9)), [
    'data mirror virtio-LAB-BLK-0 virtio-LAB-BLK-1',
    'special mirror scsi-35000c50015ea71a2 scsi-35000c50015ea71a3',
  ])
  assert.equal(shape(pool(4)), ['data raidz1 virtio-LAB-BLK-0 virtio-LAB-BLK-1 scsi-35000c50015ea71a2'])
})

test('a whole disk and a partition are told apart by name against path (zfs.jsonl 37, 38)', () => {
  assert.equal(
    pool(37).vdevs[0]?.leaves.map(({ path, wholeDisk, devid }) => ({ path, wholeDisk, devid })),
    [
      { path: '/dev/sdd1', wholeDisk: true, devid: 'scsi-35000c50015ea71a2-part1' },
      { path: `${byId}wwn-0x5000c50015ea71a3-part1`, wholeDisk: true, devid: 'scsi-35000c50015ea71a3-part1' },
    ],
  )
  assert.is(pool(38).vdevs[0]?.leaves[0]?.wholeDisk, false)
})

test('a member whose label is gone reads as its GUID and keeps its path (zfs.jsonl 46)', () => {
  const [, gone] = pool(46).vdevs[0]?.leaves ?? []
  assert.is(gone?.name, '5063622251342927420')
  assert.is(gone?.path, `${byId}virtio-LAB-BLK-1-part1`)
  assert.is(gone?.state, 'CANT_OPEN')
  assert.is(gone?.wholeDisk, true)
})

test('a spare at work stands for the disk it replaces, not for a vdev of its own (zfs.jsonl 62)', () => {
  assert.equal(shape(pool(62)), ['data mirror virtio-LAB-BLK-0 virtio-LAB-BLK-1', 'spare disk scsi-35000c50015ea71a2'])
  assert.is(pool(62).state, 'DEGRADED')
})

test('a suspended pool says so although all its vdevs read ONLINE (zfs.jsonl 68)', () => {
  assert.is(pool(68).state, 'SUSPENDED')
  assert.is(pool(68).vdevs[0]?.state, 'ONLINE')
  assert.is(pool(68).errors, 5)
})

test('no pool at all, and what is no answer (zfs.jsonl 12)', () => {
  assert.is(parsePools(JSON.parse(recorded('zfs.jsonl', 12, ['zpool', 'status', '-j']).stdout))?.size, 0)
  assert.is(parsePools([]), undefined)
  assert.is(parsePools(null), undefined)
})

test('pool properties with sources; a value may be empty (zfs.jsonl 41)', () => {
  const argv = ['zpool', 'get', '-Hp', '-o', 'name,property,value,source', 'autotrim,comment,ashift,phx:owner', 'tank']
  const tank = propertiesByName(recorded('zfs.jsonl', 41, argv).stdout).get('tank')
  assert.equal(tank?.get('comment'), { value: 'abc', source: 'local' })
  assert.equal(tank?.get('ashift'), { value: '13', source: 'local' })
})

test('dataset properties with inherited sources (zfs.jsonl 81)', () => {
  const argv = ['zfs', 'get', '-Hp', '-o', 'name,property,value,source', 'compression', 'tank', 'tank/a', 'tank/a/b']
  const found = propertiesByName(recorded('zfs.jsonl', 81, argv).stdout)
  assert.equal(found.get('tank/a/b')?.get('compression'), { value: 'lz4', source: 'inherited from tank/a' })
})

test('what can be imported: ONLINE, of one name thrice, missing members, another system (zfs.jsonl 45, 48, 49)', () => {
  const listing = (scene: number, argv: string[], nth = 0) =>
    parseImportable(recorded('zfs.jsonl', scene, argv, nth).stdout)
  assert.equal(
    listing(45, ['zpool', 'import'], 1).map(({ name, guid }) => `${name} ${guid}`),
    [
      'other 6489866576451077179',
      'tank 12363601127700661979',
      'tank 10018178223536136437',
      'tank 13013469272134156878',
    ],
  )
  const [torn] = listing(48, ['zpool', 'import', '-d', '/dev/disk/by-id'])
  assert.is(torn?.state, 'UNAVAIL')
  assert.equal(
    torn?.vdevs.map(({ type, leaves }) => `${type} ${leaves[0]?.name} ${leaves[0]?.state}`),
    ['disk virtio-LAB-BLK-0 ONLINE', 'disk virtio-LAB-BLK-1 UNAVAIL'],
  )
  const [foreign] = listing(49, ['zpool', 'import', '-d', `${byId}virtio-LAB-BLK-1-part1`])
  assert.is(foreign?.status, 'The pool was last accessed by another system.')
  assert.is(foreign?.action, "The pool can be imported using its name or numeric identifier and the '-f' flag.")
  assert.is(foreign?.vdevs[0]?.leaves[0]?.wholeDisk, false)
})

test('mirrors, cache and spares of an importable pool (zfs.jsonl 46, 104); nothing to import', () => {
  const [mirror] = parseImportable(recorded('zfs.jsonl', 46, ['zpool', 'import', '-d', '/dev/disk/by-id']).stdout)
  assert.equal(
    mirror?.vdevs.map(({ type, leaves }) => [type, ...leaves.map((leaf) => leaf.name)]),
    [['mirror', 'virtio-LAB-BLK-0', 'virtio-LAB-BLK-1']],
  )
  const [full] = parseImportable(recorded('zfs.jsonl', 104, ['zpool', 'import']).stdout)
  assert.equal(
    full?.vdevs.map(({ role, name }) => `${role} ${name}`),
    ['data virtio-LAB-BLK-0', 'cache scsi-35000c50015ea71a3', 'spare scsi-35000c50015ea71a2'],
  )
  assert.equal(parseImportable(recorded('zfs.jsonl', 12, ['zpool', 'import']).stdout), [])
})

test('block devices with partitions (disks.jsonl 17)', () => {
  const columns =
    'NAME,PATH,SIZE,TYPE,FSTYPE,LABEL,UUID,SERIAL,WWN,PTTYPE,PARTTYPE,PARTUUID,PARTLABEL,MOUNTPOINTS,RO,ROTA,MODEL,PKNAME,TRAN'
  const argv = ['lsblk', '-J', '-b', '-o', columns, `${byId}scsi-35000c50015ea71a2`]
  const devices = parseBlockDevices(JSON.parse(recorded('disks.jsonl', 17, argv).stdout))
  const disk = devices?.get('/dev/sdd')
  assert.is(disk?.wwn, '0x5000c50015ea71a2')
  assert.is(disk?.serial, 'LABSCSI2')
  assert.is(disk?.size, 2147483648)
  assert.equal(disk?.mountpoints, [])
  assert.is(devices?.get('/dev/sdd1')?.parent, disk)
  assert.is(devices?.get('/dev/sdd1')?.label, 'tank')
})

test('mount points of util-linux 2.38 read [null] when there are none', () => {
  const device = {
    name: 'sda',
    path: '/dev/sda',
    type: 'disk',
    size: 1,
    fstype: null,
    label: null,
    serial: '',
    wwn: null,
    model: null,
    mountpoints: [null],
    ro: false,
  }
  const sda = parseBlockDevices({ blockdevices: [device] })?.get('/dev/sda')
  assert.equal(sda?.mountpoints, [])
  assert.is(sda?.serial, null)
})

test('signatures: only an empty list is blank (disks.jsonl 28, 20)', () => {
  const part = `${byId}scsi-35000c50015ea71a2-part1`
  const on = (scene: number, nth: number) =>
    parseSignatures(JSON.parse(recorded('disks.jsonl', scene, ['wipefs', '--no-act', '--json', part], nth).stdout))
  assert.equal(
    on(28, 0)?.map(({ type, label }) => `${type} ${label}`),
    ['ext4 null', 'zfs_member tank', 'zfs_member tank'],
  )
  assert.is(on(20, 0)?.[0]?.uuid, '8536746670883237464')
  assert.equal(on(20, 1), [])
})

test('storage.cfg: sections, bare flags, comments, a swallowed header, a later twin', () => {
  const entries = parseStorageConfig(
    [
      'dir: local',
      '\tpath /var/lib/vz',
      '\tcontent iso,vztmpl,backup',
      '',
      '# a comment',
      'zfspool: z1',
      '\tdisable',
      '\tpool rpool/data',
      '\tsparse',
      'dir: swallowed',
      '\tpath /x',
      '',
      'zfspool: z3',
      '\tpool rpool/da ta',
      '',
      'dir: z1',
      '\tpath /later',
    ].join('\n'),
  )
  assert.equal([...entries.keys()], ['local', 'z1', 'z3'])
  assert.is(entries.get('z1')?.type, 'dir')
  assert.is(entries.get('z1')?.options.get('path'), '/later')
  assert.is(entries.get('z3')?.options.get('pool'), 'rpool/da ta')
  assert.is(entries.get('local')?.options.get('content'), 'iso,vztmpl,backup')
})

test('storages that a guest names, in its configuration and in its snapshots', () => {
  const config = [
    '#storage: note:nothing',
    'boot: order=scsi0',
    'scsi0: quickOS-vm-disks:vm-100-disk-0,size=32G',
    'ide2: local:iso/debian.iso,media=cdrom',
    'cicustom: user=snips:snippets/u.yaml,network=snips2:snippets/n.yaml',
    'net0: virtio=BC:24:11:00:00:01,bridge=vmbr0',
    'mp0: /quickOS/data,mp=/data',
    '[before]',
    'vmstate: states:vm-100-state-before',
    'vmstatestorage: wanted',
  ].join('\n')
  const named = storagesNamed(config)
  for (const id of ['quickOS-vm-disks', 'local', 'snips', 'snips2', 'states', 'wanted']) assert.ok(named.has(id), id)
  assert.not.ok(named.has('quickOS'))
  assert.not.ok(named.has('note'))
})

test('mounts with blanks in their names', () => {
  assert.equal(parseMounts('/dev/sda1 /mnt/a\\040b ext4 rw 0 0\n'), [
    { source: '/dev/sda1', at: '/mnt/a b', type: 'ext4', options: ['rw'] },
  ])
})

test.run()

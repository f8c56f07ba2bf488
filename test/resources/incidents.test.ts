/**
 * What went wrong in the shell scripts that phx replaces, one test an incident, each bearing its name (pools, disks,
 * datasets and storage entries; the others are beside the code they belong to).
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Dataset } from '../../lib/config/generated/types.ts'
import { decide } from '../../lib/engine/consent.ts'
import type { Change } from '../../lib/engine/resource.ts'
import { isReadOnly } from '../../lib/host/readonly.ts'
import { blank, byId, disk, made, member, tank } from './hosts.ts'
import { type Facts, planOn, stepText } from './rig.ts'

const changesOf = async (...given: Parameters<typeof planOn>): Promise<readonly Change[]> =>
  (await planOn(...given)).flatMap((task) => task.changes)
const refusalsOf = async (...given: Parameters<typeof planOn>): Promise<string[]> =>
  (await planOn(...given)).flatMap((task) => task.refusals.map((refusal) => refusal.why))
const commands = (changes: readonly Change[]): string[] => changes.flatMap((change) => change.steps.map(stepText))
const inSafeMode = { mode: 'safe', allow: [], config: null } as const

const single = tank({ raid_level: 'single', disks: [byId('A')] })
const gpt = [{ type: 'gpt' }, { type: 'gpt' }, { type: 'PMBR' }]

test('safe mode that wiped an ext4 disk, an LVM disk, an md disk, a disk with only a partition table', async () => {
  const contents = [
    disk('A', 'vdb', { on: [{ type: 'ext4' }] }),
    disk('A', 'vdb', { on: [{ type: 'LVM2_member' }] }),
    disk('A', 'vdb', { on: [{ type: 'linux_raid_member' }] }),
    disk('A', 'vdb', { on: gpt, parts: [{ n: 1 }] }),
    disk('A', 'vdb', { on: gpt }),
  ]
  for (const content of contents) {
    const [change, ...more] = await changesOf(single, { disks: [content] })
    assert.is(more.length, 0)
    assert.is(change?.risk, 'destructive')
    assert.is(change && decide(change, inSafeMode)?.agreed, false)
    assert.ok(change?.loss?.victims[0]?.includes(byId('A')))
  }
})

test("a disk of an exported pool, whose label is on part1 where a look at the whole disk doesn't see it, was wiped", async () => {
  const [change] = await changesOf(single, { disks: [member('A', 'vdb', 'photos', '77')] })
  assert.is(change?.risk, 'destructive')
  assert.match(change?.loss?.victims[0] ?? '', 'zfs_member "photos"')
  assert.equal(change?.loss?.typed, ['A', 'photos', 'tank'])
})

test('a member of an imported pool, which zpool status shows under another name, was wiped', async () => {
  const facts: Facts = { ...made, pools: { other: { guid: '9', vdevs: ['virtio-A'] } }, datasets: { other: {} } }
  assert.match((await refusalsOf(single, facts)).join(), 'is a member of pool other, which is imported')
  assert.equal(await changesOf(single, facts), [])
})

test('blank disks were refused in safe mode, so the first run needed --wipe-disks', async () => {
  const [change] = await changesOf(tank(), blank)
  assert.is(change?.risk, 'safe')
  assert.equal(change?.steps.map(stepText), [`zpool create tank mirror ${byId('A')} ${byId('B')}`])
})

test('deleted root drive', async () => {
  const mounted = disk('A', 'vdb', { on: gpt, parts: [{ n: 2, on: [{ type: 'ext4' }], mounted: '/' }] })
  assert.match((await refusalsOf(single, { disks: [mounted] })).join(), 'is the system disk')
  const rootPool: Facts = { ...made, files: { '/proc/mounts': ['tank/ROOT/pve-1 / zfs rw 0 0'] } }
  assert.match((await refusalsOf(single, rootPool)).join(), 'the system runs from it')
  for (const facts of [{ disks: [mounted] }, rootPool]) assert.equal(await changesOf(single, facts), [])
})

test('zpool create -f, which overwrites exported pools and file systems without a word', async () => {
  const hosts: Facts[] = [blank, { disks: [disk('A', 'vdb', { on: [{ type: 'ext4' }] }), disk('B', 'vdc')] }]
  for (const facts of [...hosts, { ...made, pools: { tank: { vdevs: ['virtio-A virtio-B'] } } }]) {
    const all = commands(await changesOf(tank(), facts))
    assert.ok(all.length > 0)
    for (const line of all) assert.not.match(line, / -f( |$)/)
  }
})

test('raidz1, MIRROR and raidz2 silently made a stripe', async () => {
  const made = async (raid_level: string, count: number) => {
    const serials = ['A', 'B', 'C', 'D'].slice(0, count)
    const facts = { disks: serials.map((serial, index) => disk(serial, `vd${index}x`)) }
    const config = tank({ raid_level: raid_level as 'mirror', disks: serials.map(byId) })
    return commands(await changesOf(config, facts))[0]?.replaceAll('/dev/disk/by-id/virtio-', '')
  }
  assert.is(await made('raidz1', 3), 'zpool create tank raidz1 A B C')
  assert.is(await made('RAIDZ1', 3), 'zpool create tank raidz1 A B C')
  assert.is(await made('MIRROR', 2), 'zpool create tank mirror A B')
  assert.is(await made('raidz2', 4), 'zpool create tank raidz2 A B C D')
  assert.is(await made('RAID10', 4), 'zpool create tank mirror A B mirror C D')
})

test('a pool accepted by its name alone', async () => {
  const others: Facts = {
    ...made,
    disks: [disk('A', 'vdb'), disk('B', 'vdc'), member('C', 'vdd')],
    pools: { tank: { vdevs: ['virtio-C'] } },
  }
  const [change] = await changesOf(tank(), others)
  assert.is(change?.action, 'replace')
  assert.is(change?.risk, 'destructive')
  assert.is(change && decide(change, inSafeMode)?.agreed, false)
  assert.equal(change?.fields, [{ field: 'data vdevs', from: ['disk: virtio-C'], to: ['mirror: virtio-A virtio-B'] }])
})

const storage = { proxmox_storage_type: 'zfspool', proxmox_content_type: 'images', storage_class: 'direct' } as const
const onTank = (...names: string[]) => ({
  zfs: { ...tank().zfs, datasets: names.map((name) => ({ name, pool: 'tank', ...storage })) },
})
const pve = (names: readonly string[], storageConfig: readonly string[]): Facts => ({
  ...made,
  datasets: { tank: {}, ...Object.fromEntries(names.map((name) => [`tank/${name}`, {}])) },
  files: { '/etc/pve/storage.cfg': storageConfig },
})
const entry = (id: string, pool: string): string[] => [`zfspool: ${id}`, `\tpool ${pool}`, '\tcontent images', '']

test("someone's PBS entry removed, and every nfs entry, which the next step added again", async () => {
  const theirs = [
    ...['pbs: pbs-backup', '\tdatastore main', '\tserver 10.0.0.9', '\tcontent backup', ''],
    ...['nfs: nfs-prod', '\texport /tank/prod', '\tpath /mnt/pve/nfs-prod', '\tserver 10.0.0.13', ''],
    ...['lvmthin: local-lvm', '\tthinpool data', '\tvgname pve', ''],
    ...['dir: local', '\tpath /var/lib/vz', ''],
    ...entry('local-zfs', 'rpool/data'),
  ]
  assert.equal(await changesOf(onTank(), pve([], theirs)), [])
})

test('an id matched by its prefix: shared-prod-data counted as present when only shared-prod-data-sync was', async () => {
  const names = ['shared-prod-data', 'shared-prod-data-sync']
  const facts = pve(names, entry('tank-shared-prod-data-sync', 'tank/shared-prod-data-sync'))
  assert.equal(commands(await changesOf(onTank(...names), facts)), [
    'pvesm add zfspool tank-shared-prod-data --pool tank/shared-prod-data --content images',
  ])
})

test('a dataset or pool whose name only begins alike lent its ground', async () => {
  const facts = pve(
    [],
    [...entry('theirs', 'tank2/data'), ...entry('other', 'tank-old'), 'dir: d', '\tpath /tank2', ''],
  )
  assert.equal(await changesOf(onTank(), facts), [])
})

test('a storage that a guest uses was removed', async () => {
  const base = pve([], entry('old', 'tank/old'))
  const facts: Facts = {
    ...base,
    files: { ...base.files, '/etc/pve/lxc/101.conf': ['rootfs: old:subvol-101-disk-0,size=8G'] },
    folders: { '/etc/pve/lxc': ['101.conf'] },
  }
  const planned = await planOn(onTank(), facts)
  assert.equal(
    planned.flatMap((task) => task.changes),
    [],
  )
  assert.match(planned.flatMap((task) => task.notes.map((note) => note.text)).join(), 'container 101 still names it')
})

test('pvesm set on each run, since the content was compared with the wrong column', async () => {
  const facts = pve(
    ['vm-disks'],
    ['zfspool: tank-vm-disks', '\tpool tank/vm-disks', '\tcontent images', '\tsparse 0', ''],
  )
  assert.equal(await changesOf(onTank('vm-disks'), facts), [])
})

test('zfs set of all properties, always', async () => {
  const properties = 'recordsize=128K,compression=lz4,quota=400G'
  const config = { zfs: { ...tank().zfs, datasets: [{ name: 'a', pool: 'tank', properties }] } }
  const live = { recordsize: '131072', compression: 'lz4', quota: '429496729600' }
  assert.equal(await changesOf(config, { ...made, datasets: { tank: {}, 'tank/a': live } }), [])
  const drifted = { ...made, datasets: { tank: {}, 'tank/a': { ...live, compression: 'off' } } }
  assert.equal(commands(await changesOf(config, drifted)), ['zfs set compression=lz4 tank/a'])
})

test('data on the root disk, in a folder that a dataset is then mounted over', async () => {
  const config = { zfs: { ...tank().zfs, datasets: [{ name: 'a', pool: 'tank' }] } }
  const facts: Facts = { ...made, folders: { '/tank/a': ['models'] } }
  const notes = (await planOn(config, facts)).flatMap((task) => task.notes)
  assert.match(notes.map((note) => note.text).join(), '/tank/a is a folder with 1 thing in it (models)')
  const iso: Dataset = {
    name: 'iso',
    pool: 'tank',
    proxmox_storage_type: 'dir',
    proxmox_content_type: 'iso',
    storage_class: 'shared',
  }
  const storageOnFolder = { zfs: { ...tank().zfs, datasets: [iso] } }
  assert.match(
    commands(await changesOf(storageOnFolder, pve(['iso'], []))).join(),
    '--is_mountpoint yes --create-base-path 0',
  )
})

test('a dry run that mutated: everything that is asked only reads', async () => {
  const hosts: Facts[] = [
    blank,
    made,
    { ...made, pools: { tank: { vdevs: ['virtio-A'] } } },
    { disks: [member('A', 'vdb')] },
  ]
  for (const facts of hosts) {
    const asked: string[] = []
    await planOn(onTank('a'), { ...facts, files: { '/etc/pve/storage.cfg': [] } }, {}, asked)
    assert.ok(asked.length > 0)
    for (const line of asked) assert.ok(isReadOnly(line.split(' ')), line)
  }
})

test('the number of processes does not grow with the number of datasets', async () => {
  const count = async (datasets: number) => {
    const names = Array.from({ length: datasets }, (_, index) => `d${index}`)
    const asked: string[] = []
    const entries = names.flatMap((name) => entry(`tank-${name}`, `tank/${name}`))
    const changes = await changesOf(onTank(...names), pve(names, entries), {}, asked)
    assert.equal(changes, [])
    return asked.length
  }
  assert.is(await count(2), 4)
  assert.is(await count(500), 4)
})

test.run()

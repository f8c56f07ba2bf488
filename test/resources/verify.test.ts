/** The steps that look once more right before something is destroyed or wiped: what they let pass and what they stop. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { PhxConfig } from '../../lib/config/generated/types.ts'
import type { Step } from '../../lib/engine/resource.ts'
import { byId, disk, made, member, tank } from './hosts.ts'
import { type Facts, planOn, readerOf } from './rig.ts'

/** The nth verification of the first change that is planned on this host. */
async function verification(config: PhxConfig, facts: Facts, nth: number) {
  const [change] = (await planOn(config, facts)).flatMap((task) => task.changes)
  const steps = (change?.steps ?? []).filter((step): step is Step & { kind: 'verify' } => step.kind === 'verify')
  const step = steps[nth]
  if (!step) throw new Error(`no verification ${nth} among ${steps.map(({ what }) => what).join('; ')}`)
  return (now: Facts) => step.check(readerOf(now), () => {})
}

const single = tank({ raid_level: 'single', disks: [byId('A')] })
const withExt4: Facts = { disks: [disk('A', 'vdb', { on: [{ type: 'ext4', label: 'backup' }] })] }

test('wiping goes on when the disk holds what was looked at, under whatever kernel name', async () => {
  const check = await verification(single, withExt4, 0)
  assert.is(await check(withExt4), undefined)
  assert.is(await check({ disks: [disk('A', 'sdx', { on: [{ type: 'ext4', label: 'backup' }] })] }), undefined)
})

test('wiping stops when the path leads to another disk', async () => {
  const check = await verification(single, withExt4, 0)
  const swapped = { disks: [disk('A', 'vdb', { serial: 'OTHER', on: [{ type: 'ext4', label: 'backup' }] })] }
  assert.match((await check(swapped)) ?? '', 'another disk now (serial:OTHER)')
})

test('wiping stops when something else is on the disk', async () => {
  const check = await verification(single, withExt4, 0)
  assert.match((await check({ disks: [disk('A', 'vdb', { on: [{ type: 'xfs' }] })] })) ?? '', 'xfs')
})

test('wiping stops when the disk has come into use, or is gone, or can not be read', async () => {
  const check = await verification(single, withExt4, 0)
  const mounted = { disks: [disk('A', 'vdb', { on: [{ type: 'ext4', label: 'backup' }], mounted: '/srv' })] }
  assert.match((await check(mounted)) ?? '', 'mounted on /srv')
  assert.match((await check({ disks: [] })) ?? '', 'is not there')
  const hanging = { ...withExt4, answers: { 'zpool status -j': { timedOut: true } } }
  assert.match((await check(hanging)) ?? '', 'did not answer')
})

test('after wiping, a disk that is not empty stops the run', async () => {
  const check = await verification(single, withExt4, 1)
  assert.is(await check({ disks: [disk('A', 'vdb')] }), undefined)
  assert.match((await check(withExt4)) ?? '', 'not empty after wiping')
  const label = { disks: [disk('A', 'vdb', { parts: [{ n: 1, on: [{ type: 'zfs_member', label: 'old' }] }] })] }
  assert.match((await check(label)) ?? '', 'zfs_member "old"')
})

test('a pool is destroyed only while it is the one that was looked at, by its id', async () => {
  const facts: Facts = { ...made, snapshots: [] }
  const check = await verification(single, facts, 0)
  assert.is(await check(facts), undefined)
  const another = { ...facts, pools: { tank: { guid: '42', vdevs: ['mirror virtio-A virtio-B'] } } }
  assert.match((await check(another)) ?? '', 'another one now, with id 42')
  assert.match((await check({ ...facts, pools: {} })) ?? '', 'not imported any more')
  const suspended = { ...facts, pools: { tank: { state: 'SUSPENDED', vdevs: ['mirror virtio-A virtio-B'] } } }
  assert.match((await check(suspended)) ?? '', 'SUSPENDED')
})

test('consent is for exactly one host: another pool or another content has another identity', async () => {
  const identity = async (facts: Facts) => (await planOn(single, facts))[0]?.changes[0]?.loss?.identity
  const first = await identity(withExt4)
  assert.ok(first)
  assert.is(await identity({ disks: [disk('A', 'nvme0n1', { on: [{ type: 'ext4', label: 'backup' }] })] }), first)
  assert.is.not(await identity({ disks: [disk('A', 'vdb', { on: [{ type: 'ext4', label: 'other' }] })] }), first)
  const pool = (guid: string): Facts => ({ ...made, pools: { tank: { guid, vdevs: ['mirror virtio-A virtio-B'] } } })
  assert.is.not(await identity(pool('1')), await identity(pool('2')))
  assert.match((await identity(pool('1'))) ?? '', /^pool 1 with /)
  const grown: Facts = { ...pool('1'), datasets: { 'tank/newer': {} } }
  assert.is.not(await identity(grown), await identity(pool('1')), 'a dataset that nobody was shown')
  assert.ok(await identity({ disks: [member('A', 'vdb', 'old', '7')] }))
})

test.run()

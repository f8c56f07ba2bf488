/** A pool that is not the declared one, and disks that can't be taken: what is never done, and what a person is told. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { PhxConfig } from '../../lib/config/generated/types.ts'
import { decide } from '../../lib/engine/consent.ts'
import { blank, byId, disk, made, member, tank } from './hosts.ts'
import { type Facts, planOn } from './rig.ts'

async function planned(config: PhxConfig, facts: Facts) {
  const tasks = await planOn(config, facts)
  return {
    changes: tasks.flatMap((task) => task.changes),
    refusals: tasks.flatMap((task) => task.refusals),
    notes: tasks.flatMap((task) => task.notes.map((note) => note.text)),
  }
}
const blankC = disk('C', 'vdd')
const withDisks = (...more: NonNullable<Facts['disks']>): Facts => ({
  ...made,
  disks: [...(made.disks ?? []), ...more],
})

test('a spare more: refused with the table and the command, also under every consent', async () => {
  const { changes, refusals } = await planned(tank({ spares: [byId('C')] }), withDisks(blankC))
  assert.equal(changes, [])
  assert.is(refusals.length, 1)
  assert.equal(refusals[0]?.fields, [{ field: 'spare vdevs', from: [], to: ['disk: virtio-C'] }])
  assert.is(refusals[0]?.mend[0], `by hand, without loss: zpool add tank spare ${byId('C')}`)
})

test('a spare more that holds data: told what is in the way, and no command that would stop at it', async () => {
  const facts = withDisks(disk('C', 'vdd', { on: [{ type: 'ext4', label: 'photos' }] }))
  const { changes, refusals } = await planned(tank({ spares: [byId('C')] }), facts)
  assert.equal(changes, [])
  assert.match(refusals[0]?.mend[0] ?? '', /^in the way: not empty: .*ext4 "photos"/)
  assert.not.match(refusals[0]?.mend.join('\n') ?? '', 'zpool add tank')
})

test('another data layout is still destroyed and made anew on consent, log and all', async () => {
  const facts = { ...withDisks(blankC), pools: { tank: { vdevs: ['virtio-A virtio-B'] } } }
  const { changes } = await planned(tank({ log: { raid_level: 'single', disks: [byId('C')] } }), facts)
  assert.is(changes[0]?.action, 'replace')
  assert.is(changes[0] && decide(changes[0], { mode: 'force-destructive', allow: [], config: null })?.agreed, true)
})

const namesake = [
  '  pool: tank',
  '    id: 42',
  ' state: ONLINE',
  'config:',
  '',
  '\ttank        ONLINE',
  '\t  virtio-C  ONLINE',
  '',
]

test('a disk that would be wiped holds another pool of the declared name: refused, with its id', async () => {
  const facts = { ...withDisks(member('C', 'vdd', 'tank', '42')), importable: namesake }
  const config = tank({ disks: [byId('A'), byId('C')] })
  const { changes, refusals } = await planned(config, facts)
  assert.equal(changes, [])
  assert.match(
    refusals.map((refusal) => refusal.why).join(),
    `${byId('C')} holds another pool called tank (id 42, ONLINE)`,
  )
  assert.match(refusals[0]?.mend.join('\n') ?? '', 'zpool import -d /dev/disk/by-id 42 tank-old')
})

test('ways without loss are shown only when they are true', async () => {
  const single = { tank: { vdevs: ['virtio-A'] } }
  const said = async (config: PhxConfig, facts: Facts): Promise<boolean> => {
    const { changes, refusals, notes } = await planned(config, facts)
    assert.ok(changes.length + refusals.length > 0)
    return [...notes, ...refusals.flatMap((refusal) => refusal.mend)].some((text) => text.includes('zpool attach'))
  }
  const [a, b] = [member('A', 'vdb'), disk('B', 'vdc')]
  const facts: Facts = { disks: [a, b], pools: single, datasets: { tank: {} } }
  assert.ok(await said(tank(), facts), 'the disk is blank and free')
  const dirty = { ...facts, disks: [a, disk('B', 'vdc', { on: [{ type: 'ext4' }] })] }
  assert.not.ok(await said(tank(), dirty), 'the disk holds data')
  const mounted = { ...facts, disks: [a, disk('B', 'vdc', { mounted: '/srv' })] }
  assert.not.ok(await said(tank(), mounted), 'the disk is mounted')
  const ashift = { ...facts, pools: { tank: { vdevs: ['virtio-A'], ashift: 9 } } }
  assert.not.ok(await said(tank({ properties: 'ashift=12' }), ashift), 'the ashift would stay another one')
  const part = tank({ disks: [byId('A'), `${byId('A')}-part9`] })
  assert.not.ok(await said(part, facts), 'a partition of the member itself')
})

test('nothing is "left alone" on a pool that goes', async () => {
  const facts = {
    ...made,
    pools: { tank: { vdevs: ['virtio-A virtio-B'] } },
    datasets: { tank: {}, 'tank/photos': {} },
  }
  const { changes, notes } = await planned(tank(), facts)
  assert.is(changes[0]?.action, 'replace')
  assert.equal(
    notes.filter((text) => text.startsWith('left alone')),
    [],
  )
})

test("one disk's serial does not agree to losing the others", async () => {
  const on = [{ type: 'ext4' }]
  const typed = async (disks: NonNullable<Facts['disks']>) => (await planned(tank(), { disks })).changes[0]?.loss?.typed
  assert.equal(await typed([disk('A', 'vdb', { on }), disk('B', 'vdc', { on })]), ['tank'])
  assert.equal(await typed([disk('A', 'vdb', { on }), disk('B', 'vdc')]), ['A', 'tank'])
})

test('what to do fits the reason', async () => {
  const mend = async (over: Parameters<typeof disk>[2]) =>
    (await planned(tank(), { disks: [disk('A', 'vdb', over), disk('B', 'vdc')] })).refusals
      .flatMap((one) => one.mend)
      .join('\n')
  const root = await mend({ parts: [{ n: 1, on: [{ type: 'ext4' }], mounted: '/' }] })
  assert.match(root, 'correct the path')
  for (const text of [root, await mend({ ro: true })]) assert.not.match(text, /umount|swapoff|release/)
  assert.match(await mend({ mounted: '/srv' }), 'umount /srv')
  assert.match(await mend({ mounted: '[SWAP]' }), 'swapoff /dev/vdb')
  assert.match(await mend({ held: { type: 'crypt', path: '/dev/mapper/x' } }), 'cryptsetup close /dev/mapper/x')
})

test('whole again through a spare: declare what is there', async () => {
  const facts: Facts = {
    disks: [member('B', 'vdc'), member('C', 'vdd')],
    pools: { tank: { vdevs: ['mirror virtio-C virtio-B'] } },
    datasets: { tank: {} },
  }
  for (const config of [tank({ spares: [byId('C')] }), tank()]) {
    const { changes, refusals } = await planned(config, facts)
    assert.equal(changes, [])
    assert.is(refusals.length, 1)
    assert.match(refusals[0]?.why ?? '', /pool tank runs with .*virtio-C in place of .*virtio-A, which is not there/)
    assert.match(refusals[0]?.mend[0] ?? '', 'declare what is there')
  }
  const withOther = { ...facts, pools: { tank: { vdevs: ['mirror virtio-C virtio-B virtio-D'] } } }
  assert.match((await planned(tank(), withOther)).refusals[0]?.why ?? '', "can't be made")
})

test('files that a mount will hide are told before the pool is there, too', async () => {
  const config: PhxConfig = {
    zfs: {
      ...tank().zfs,
      datasets: [
        { name: 'a', pool: 'tank', properties: 'mountpoint=/srv/a' },
        { name: 'a/b', pool: 'tank' },
        { name: 'off', pool: 'tank', properties: 'mountpoint=/srv/off,canmount=off' },
      ],
    },
  }
  const folders = { '/srv/a': ['b', 'models'], '/srv/a/b': ['x'], '/srv/off': ['y'] }
  const hidden = async (facts: Facts) =>
    (await planOn(config, facts))
      .flatMap((task) => task.notes)
      .filter(({ text }) => text.includes('hides'))
      .map(({ level, text }) => `${level} ${text.slice(0, text.indexOf(' is a folder'))}`)
  assert.equal(await hidden({ ...blank, folders }), ['warning /srv/a', 'warning /srv/a/b'])
  // What is seen there now lies on the pool that goes: nothing is hidden.
  const other: Facts = {
    ...made,
    pools: { tank: { vdevs: ['virtio-A virtio-B'] } },
    datasets: { tank: {}, 'tank/a': { mountpoint: '/srv/a' } },
    folders,
  }
  assert.equal(await hidden(other), [])
})

test.run()

/** Which volume belongs where: order of the mounts, volumes that change places, and namesakes of a recorded one. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { answer } from '../../lib/host/simulated/tool.ts'
import { call, create, models, mountsOf, safe, said, type Volume, withContainer } from './lxc-scene.ts'

const inner: Volume = { name: 'in', pool: 'tank', size_gb: 1, mount_point: '/a/b' }
const outer: Volume = { name: 'out', pool: 'tank', size_gb: 1, mount_point: '/a' }
const other: Volume = { name: 'b', pool: 'tank', size_gb: 10, mount_point: '/b' }
const at = (volume: Volume, mount_point: string): Volume => ({ ...volume, mount_point })

test('a mount that would cover an older one inside it is refused; moved to a higher number, it is no longer', () =>
  withContainer(async (host, world) => {
    await world([inner]).run(safe)
    const { summary, commands } = await world([inner, outer]).run(safe)
    assert.is(summary.exitCode, 3)
    assert.equal(commands, [])
    const text = await said(world([inner, outer]))
    assert.match(text, /volume out on \/a \(mp1\) .* would cover tank-ct:subvol-901-disk-1 on \/a\/b \(mp0\)/)
    const byHand = text.match(/pct set 901 .*/g) ?? []
    assert.is(byHand.length, 2)
    for (const line of byHand) await call(host, line)
    const next = await world([inner, outer]).run(safe)
    assert.equal(next.commands, ['pct set 901 -mp0 tank-ct:1,mp=/a'])
    assert.equal((await mountsOf(host)).sort(), [
      'mp0: tank-ct:subvol-901-disk-2,mp=/a,size=1G',
      'mp1: tank-ct:subvol-901-disk-1,mp=/a/b,size=1G',
    ])
    assert.equal((await world([inner, outer]).run(safe)).commands, [])
  }))

test('also one that somebody else attached, and a volume that the config moves there', () =>
  withContainer(async (host, world) => {
    await call(host, 'mkdir -p /tank/ct/shared')
    await call(host, 'pct set 901 -mp0 /tank/ct/shared,mp=/a/b,ro=1')
    const covers = /on \/a \(mp1\) of container 901 would cover \/tank\/ct\/shared on \/a\/b \(mp0\)/
    assert.match(await said(world([outer])), covers)
    assert.match(await said(world([outer])), /pct set 901 -mp1 \/tank\/ct\/shared,mp=\/a\/b,ro=1/)
    await world([at(outer, '/c')]).run(safe)
    assert.match(await said(world([outer])), covers)
    await call(host, 'pct set 901 --delete mp0')
    await call(host, 'pct set 901 -mp2 /tank/ct/shared,mp=/a/b')
    assert.equal((await world([outer]).run(safe)).commands, ['pct set 901 -mp1 tank-ct:subvol-901-disk-1,mp=/a'])
  }))

test('a free number below covers nothing, but for a container that runs', () =>
  withContainer(async (host, world) => {
    await call(host, 'pct set 901 -mp4 tank-ct:1,mp=/a/b')
    await call(host, 'pct start 901')
    const { summary, commands } = await world([outer]).run(safe)
    assert.is(summary.exitCode, 1)
    assert.equal(commands, [])
    const text = await said(world([outer]))
    assert.match(text, /runs with tank-ct:\S+ on \/a\/b \(mp4\)/)
    assert.match(text, 'pct shutdown 901')
    await call(host, 'pct stop 901')
    assert.equal((await world([outer]).run(safe)).commands, ['pct set 901 -mp0 tank-ct:1,mp=/a'])
  }))

for (const size_gb of [10, 20])
  test(`two volumes of ${size_gb} and 10 GiB that change places: refused, and the records keep their names`, () =>
    withContainer(async (host, world) => {
      const bigger = { ...models, size_gb }
      await world([bigger, other]).run(safe)
      const before = await mountsOf(host)
      const swapped = world([at(bigger, '/b'), at(other, '/srv/models')])
      const { summary, commands } = await swapped.run(safe)
      assert.is(summary.exitCode, 3)
      assert.equal(commands, [])
      const text = await said(swapped)
      assert.match(text, /what phx recorded as volume models, tank-ct:subvol-901-disk-2 \(mp1\)/)
      assert.not.match(text, /size_gb|grow|shrink/)
      assert.equal((await world([bigger, other]).run(safe)).commands, [])
      assert.equal(await mountsOf(host), before)

      // The way that it tells: by a third mount point.
      for (const volumes of [
        [at(bigger, '/b-new'), at(other, '/srv/models')],
        [at(bigger, '/b'), at(other, '/srv/models')],
      ])
        assert.is((await world(volumes).run(safe)).summary.exitCode, 0)
      const swap = (line: string) =>
        line.includes('/b,') ? line.replace('/b,', '/srv/models,') : line.replace('/srv/models,', '/b,')
      assert.equal(await mountsOf(host), before.map(swap))
      assert.equal((await swapped.run(safe)).commands, [])
    }))

test('two volumes that somebody swapped by hand: refused, and the call that is told swaps them back', () =>
  withContainer(async (host, world) => {
    await world([models, other]).run(safe)
    const before = await mountsOf(host)
    await call(host, 'pct set 901 -mp0 tank-ct:subvol-901-disk-1,mp=/srv/models -mp1 tank-ct:subvol-901-disk-2,mp=/b')
    assert.is((await world([models, other]).run(safe)).summary.exitCode, 3)
    const [line = ''] = (await said(world([models, other]))).match(/pct set 901 .*/) ?? []
    await call(host, line)
    assert.equal(await mountsOf(host), before)
    assert.equal((await world([models, other]).run(safe)).commands, [])
  }))

test('a volume moves away and another comes in its place, in one run', () =>
  withContainer(async (host, world) => {
    await world([models]).run(safe)
    const volumes = [at(models, '/srv/old'), { ...models, name: 'fresh' }]
    const { summary, commands } = await world(volumes).run(safe)
    assert.is(summary.exitCode, 0)
    assert.equal([...commands].sort(), [
      'pct set 901 -mp0 tank-ct:subvol-901-disk-1,mp=/srv/old',
      'pct set 901 -mp1 tank-ct:10,mp=/srv/models',
    ])
    assert.equal((await world(volumes).run(safe)).commands, [])
    const back = [{ ...at(models, '/srv/older'), name: 'fresh' }, models]
    assert.is((await world(back).run(safe)).summary.exitCode, 0)
    assert.equal(await mountsOf(host), [
      'mp0: tank-ct:subvol-901-disk-1,mp=/srv/models,size=10G',
      'mp1: tank-ct:subvol-901-disk-2,mp=/srv/older,size=10G',
    ])
  }))

test('also when it is cut off between the two', () =>
  withContainer(async (host, world) => {
    await world([models]).run(safe)
    const volumes = [at(models, '/srv/old'), { ...models, name: 'fresh' }]
    host.orders.add(['pct', 'set'], { kind: 'apply then fail', answer: answer(255, '', 'cut off\n') })
    assert.is((await world(volumes).run(safe)).summary.exitCode, 1)
    assert.is((await world(volumes).run(safe)).summary.exitCode, 0)
    assert.equal(await mountsOf(host), [
      'mp0: tank-ct:subvol-901-disk-1,mp=/srv/old,size=10G',
      'mp1: tank-ct:subvol-901-disk-2,mp=/srv/models,size=10G',
    ])
  }))

test('a detached volume comes back and grows in one run; one that is declared smaller is refused', () =>
  withContainer(async (host, world) => {
    await world([models]).run(safe)
    await call(host, 'pct set 901 --delete mp0')
    const smaller = await said(world([{ ...models, size_gb: 5 }]))
    assert.match(smaller, /can't shrink: declared is 5 GiB, it is 10 GiB/)
    assert.not.match(smaller, '--delete')
    const { summary, commands } = await world([{ ...models, size_gb: 30 }]).run(safe)
    assert.is(summary.exitCode, 0)
    assert.equal(commands, ['pct set 901 -mp0 tank-ct:subvol-901-disk-1,mp=/srv/models', 'pct resize 901 mp0 30G'])
  }))

test('a container made anew has a volume of the recorded name: it is not taken for the recorded one', () =>
  withContainer(async (host, world) => {
    await world([models]).run(safe)
    await call(host, 'pct destroy 901')
    await call(host, create)
    await call(host, 'pct set 901 -mp0 tank-ct:5,mp=/precious')
    const asked = async () => {
      const { summary, commands } = await world([models]).run(safe)
      assert.is(summary.exitCode, 3)
      assert.equal(commands, [])
      return said(world([models]))
    }
    assert.match(
      await asked(),
      /one on tank-ct that may be volume models: mp0 \(tank-ct:subvol-901-disk-1 on \/precious\)/,
    )
    await call(host, 'pct set 901 --delete mp0')
    const text = await asked()
    assert.match(text, /a detached one on tank-ct that may be volume models: unused0/)
    const [, line = ''] = /if it isn't, .*: (pct set 901 .*)/.exec(text) ?? []
    await call(host, line)
    assert.equal((await world([models]).run(safe)).commands, [])
    await call(host, 'pct set 901 --delete mp0')
    const { commands } = await world([models]).run(safe)
    assert.equal(commands, ['pct set 901 -mp0 tank-ct:subvol-901-disk-2,mp=/srv/models'])
  }))

test('a storage that the same run enables', () =>
  withContainer(async (host, world) => {
    await call(host, 'pvesm set tank-ct --disable 1')
    const { summary } = await world([models]).run(safe)
    assert.is(summary.exitCode, 0, JSON.stringify(summary.tasks))
    assert.equal(await mountsOf(host), ['mp0: tank-ct:subvol-901-disk-1,mp=/srv/models,size=10G'])
    assert.is((await world([models]).run(safe)).summary.mutations, 0)
  }))

test.run()

/**
 * What went wrong with containers' volumes in the shell scripts that phx replaces, one test an incident, each bearing
 * its name: whole runs on a simulated host, from the pool to the container.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { answer } from '../../lib/host/simulated/tool.ts'
import { call, models, mountsOf, safe, type Volume, volumesOn, withContainer } from './lxc-scene.ts'

test('8: each create allocated a further volume on the same mount point', () =>
  withContainer(async (host, world) => {
    const first = await world([models]).run(safe)
    assert.is(first.summary.exitCode, 0)
    assert.equal(first.commands, ['pct set 901 -mp0 tank-ct:10,mp=/srv/models'])
    const once = ['mp0: tank-ct:subvol-901-disk-1,mp=/srv/models,size=10G']
    assert.equal(await mountsOf(host), once)
    for (let again = 0; again < 2; again++) {
      const { summary, commands } = await world([models]).run(safe)
      assert.is(summary.exitCode, 0)
      assert.equal(commands, [])
    }
    assert.equal(await mountsOf(host), once)
    assert.is(await volumesOn(host), 2)
  }))

test('8: also when the run is cut off between the allocation and its stamp', () =>
  withContainer(async (host, world) => {
    host.orders.add(['pct', 'set'], { kind: 'apply then fail', answer: answer(255, '', 'cut off\n') })
    assert.is((await world([models]).run(safe)).summary.exitCode, 1)
    assert.is(await volumesOn(host), 2)
    const next = await world([models]).run(safe)
    assert.is(next.summary.exitCode, 0)
    assert.equal(next.commands, [])
    assert.is(await volumesOn(host), 2)
  }))

test('8: also without any record of the earlier run', () =>
  withContainer(async (host, world) => {
    await call(host, 'pct set 901 -mp3 tank-ct:10,mp=srv/models/')
    assert.equal((await world([models]).run(safe)).commands, [])
    assert.is(await volumesOn(host), 2)
  }))

test('9: what is there already was not recognised for a blank, and was mounted again', () =>
  withContainer(async (host, world) => {
    await call(host, 'mkdir -p /tank/ct/shared')
    await call(host, 'pct set 901 -mp0 /tank/ct/shared,mp=/srv/shared')
    const spellings = ['mp0:  /tank/ct/shared,mp=/srv/shared', 'mp0: volume=/tank/ct/shared,mp=/srv/shared/']
    for (const line of spellings) {
      const conf = ((await host.readFile('/etc/pve/lxc/901.conf')) ?? '').replace(/^mp0:.*$/m, line)
      await host.writeFile({ path: '/etc/pve/lxc/901.conf', content: conf, mode: 0o640 })
      const { summary, commands } = await world([{ ...models, mount_point: '/srv/shared' }]).run(safe)
      assert.is(summary.exitCode, 3)
      assert.equal(commands, [])
      assert.match(summary.tasks.map(({ why }) => why).join(), /taken by mp0 \(bind mount of \/tank\/ct\/shared\)/)
    }
  }))

test('10: volumes began at mp0 whatever was there, and replaced it', () =>
  withContainer(async (host, world) => {
    await call(host, 'pct set 901 -mp0 tank-ct:1,mp=/var/lib/db')
    await call(host, 'mkdir -p /tank/ct/shared')
    await call(host, 'pct set 901 -mp2 /tank/ct/shared,mp=/srv/shared')
    const logs: Volume = { name: 'logs', pool: 'tank-ct', size_gb: 2, mount_point: '/var/log', backup: true }
    const { summary, commands } = await world([models, logs]).run(safe)
    assert.is(summary.exitCode, 0)
    assert.equal(commands, [
      'pct set 901 -mp1 tank-ct:10,mp=/srv/models',
      'pct set 901 -mp3 tank-ct:2,mp=/var/log,backup=1',
    ])
    assert.equal(await mountsOf(host), [
      'mp0: tank-ct:subvol-901-disk-1,mp=/var/lib/db,size=1G',
      'mp1: tank-ct:subvol-901-disk-2,mp=/srv/models,size=10G',
      'mp2: /tank/ct/shared,mp=/srv/shared',
      'mp3: tank-ct:subvol-901-disk-3,mp=/var/log,backup=1,size=2G',
    ])
    assert.equal((await world([models, logs]).run(safe)).commands, [])
  }))

test('11: persistent data went with what was taken out of the config', () =>
  withContainer(async (host, world) => {
    await world([models]).run(safe)
    const before = await mountsOf(host)
    const gone = await world([]).run(safe)
    assert.is(gone.summary.exitCode, 0)
    assert.equal(gone.commands, [])
    assert.equal(await mountsOf(host), before)
    const other: Volume = { name: 'other', pool: 'tank', size_gb: 1, mount_point: '/srv/other' }
    const plan = await world([other]).plan(safe)
    const notes = plan.tasks.flatMap((task) => task.notes.map(({ text }) => text)).join()
    assert.match(notes, /has volume tank-ct:subvol-901-disk-1 on \/srv\/models \(mp0\), which is not declared/)
  }))

test('11: a volume that somebody detached is not replaced by an empty one', () =>
  withContainer(async (host, world) => {
    await call(host, 'pct set 901 -mp0 tank-ct:10,mp=/srv/models')
    await call(host, 'pct set 901 --delete mp0')
    const refused = await world([models]).run(safe)
    assert.is(refused.summary.exitCode, 3)
    assert.equal(refused.commands, [])
    const { refusals = [] } =
      (await world([models]).plan(safe)).tasks.find(({ task }) => task === 'lxc-volumes:901') ?? {}
    const [command = ''] = /pct set .*/.exec(refusals[0]?.mend[0] ?? '') ?? []
    assert.is(command, 'pct set 901 -mp0 tank-ct:subvol-901-disk-1,mp=/srv/models')
    await call(host, command)
    assert.equal((await world([models]).run(safe)).commands, [])
    assert.is(await volumesOn(host), 2)
  }))

test('a volume grows and never shrinks, and a resize that only says it was done is found out', () =>
  withContainer(async (host, world) => {
    await world([models]).run(safe)
    host.orders.add(['pct', 'resize'], { kind: 'fail', answer: answer(0, '', "can't resize this image format\n") })
    const lied = await world([{ ...models, size_gb: 20 }]).run(safe)
    assert.is(lied.summary.exitCode, 1)
    assert.match(lied.summary.tasks.map(({ why }) => why).join(), /mp0 is 10 GiB/)
    const grown = await world([{ ...models, size_gb: 20 }]).run(safe)
    assert.equal(grown.commands, ['pct resize 901 mp0 20G'])
    assert.is(grown.summary.exitCode, 0)
    assert.match(await call(host, 'zfs list -H -o refquota tank/ct/subvol-901-disk-1'), /20G/)
    const shrunk = await world([models]).run(safe)
    assert.is(shrunk.summary.exitCode, 3)
    assert.equal(shrunk.commands, [])
    assert.match(shrunk.summary.tasks.map(({ why }) => why).join(), /can't shrink: declared is 10 GiB, it is 20 GiB/)
  }))

test('a container that is not there or is locked keeps nothing else from converging', () =>
  withContainer(async (host, world) => {
    const why = async (): Promise<string> => {
      const { summary, commands } = await world([models]).run(safe)
      assert.is(summary.exitCode, 1)
      assert.equal(commands, ['pvesm add zfspool tank-ct --pool tank/ct --content images,rootdir'])
      return summary.tasks.map((task) => [task.why, ...(task.failure?.mend ?? [])].join(' ')).join()
    }
    const conf = (await host.readFile('/etc/pve/lxc/901.conf')) ?? ''
    await call(host, 'pvesm remove tank-ct')
    await host.writeFile({ path: '/etc/pve/lxc/901.conf', content: `${conf}lock: backup\n`, mode: 0o640 })
    assert.match(await why(), /container 901 is locked \(backup\)/)
    await call(host, 'pvesm remove tank-ct')
    await call(host, 'rm /etc/pve/lxc/901.conf')
    assert.match(await why(), /container 901 is not there .* phx run lxc:901/)
  }))

test.run()

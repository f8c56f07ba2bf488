import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { modules } from '../../tasks/index.ts'
import { assertValid } from '../view/schema.ts'
import { callPhx, Scene } from './scene.ts'

const disks = ['/dev/disk/by-id/nvme-DISK_A', '/dev/disk/by-id/nvme-DISK_B']
const config = {
  zfs: {
    pools: [{ name: 'tank', raid_level: 'mirror', disks, properties: { ashift: '12' } }],
    datasets: [{ name: 'data', pool: 'tank', properties: 'compression=lz4' }],
  },
}

async function within(act: (call: (...argv: string[]) => ReturnType<typeof callPhx>, scene: Scene) => Promise<void>) {
  const scene = new Scene()
  writeFileSync(scene.path('config.json'), JSON.stringify(config))
  const host = scene.path('host')
  try {
    await act((verb = '', ...argv) => {
      const words = verb === 'sim' ? [verb, host, '-c', scene.path('config.json'), '--', ...argv] : [verb, ...argv]
      const on = verb === 'sim' ? [] : ['--host', `simulated:${host}`]
      return callPhx(
        [...words, ...on, ...(verb === 'sim' || verb === 'runs' ? [] : ['-c', scene.path('config.json')])],
        {
          modules,
        },
      )
    }, scene)
  } finally {
    scene.clean()
  }
}

test('sim makes the host with the disks of the config, and passes output and exit code through', () =>
  within(async (call) => {
    const { out } = await call('sim', 'lsblk', '-dn', '-o', 'NAME,SIZE')
    assert.match(out, /nvme0n1/)
    assert.match(out, /nvme1n1/)
    const failed = await call('sim', 'zpool', 'list', 'nothere')
    assert.is(failed.code, 1)
    assert.match(failed.err, "cannot open 'nothere'")
    assert.is((await call('sim', 'frobnicate')).code, 127)
  }))

test('the whole way: bare disks, converged, nothing to do, drift found and mended', () =>
  within(async (call) => {
    assert.is((await call('run')).code, 0)
    assert.match((await call('run')).out, 'Nothing to do')
    await call('sim', 'zfs', 'set', 'compression=off', 'tank/data')
    const drifted = await call('status', '--json')
    assertValid('status', JSON.parse(drifted.out))
    assert.is(JSON.parse(drifted.out).tasks[0].reason.standing, 'drifted')
    assert.match((await call('why', 'zfs:tank')).out, /dataset:tank\/data compression +lz4 → off/)
    const plan = await call('plan')
    assert.match(plan.out, '$ zfs set compression=lz4 tank/data')
    assert.is((await call('run')).code, 0)
    assert.match((await call('graph', '--status')).out, '✓ zfs:tank  up to date')
  }))

test('a disk with data: refused with what is on it; every document of the real tasks is valid', () =>
  within(async (call) => {
    await call('sim', 'mkfs.ext4', disks[0] ?? '')
    const refused = await call('run')
    assert.is(refused.code, 3)
    assert.match(refused.out, /zpool:tank would lose\n +disk .*ext4/)
    assertValid('plan', JSON.parse((await call('plan', '--json')).out))
    assertValid('graph', JSON.parse((await call('graph', '--json')).out))
    const run = await call('run', '--json', '--allow-destroy', 'zpool:tank')
    assert.is(run.code, 0)
    for (const line of run.out.trimEnd().split('\n')) assertValid('events', JSON.parse(line))
    assertValid('runs', JSON.parse((await call('runs', '--json')).out))
  }))

test('looking at a simulated host that is not there makes no folder', () =>
  within(async (call, scene) => {
    for (const verb of ['plan', 'status', 'graph']) assert.is((await call(verb)).code, 0)
    await call('run', '--dry-run')
    assert.not.ok(existsSync(scene.path('host')))
    assert.equal(readdirSync(scene.folder), ['config.json'])
  }))

test('a folder that holds something else is told in words', () =>
  within(async (call, scene) => {
    mkdirSync(scene.path('host'))
    writeFileSync(scene.path('host/host.json'), 'garbage')
    for (const verb of [['plan'], ['sim', 'zpool', 'status']]) {
      const { code, err } = await call(...verb)
      assert.is(code, 1)
      assert.match(err, 'is not the state of a simulated host')
      assert.not.match(err, 'bug in phx')
    }
  }))

test.run()

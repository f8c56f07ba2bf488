/** phx destroy, start, stop and restart of containers: persistent volumes outlive them, and orders go across both kinds of guest. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Vm } from '../../lib/config/generated/types.ts'
import { dyingAt } from '../engine-scene.ts'
import { LxcScene, models, scene } from './lxc-scene.ts'

const why = ({ summary }: Awaited<ReturnType<LxcScene['order']>>) =>
  summary.tasks.map(({ why: cause }) => cause ?? '').join('\n')
const removal = { order: 'destroy' as const, targets: ['lxc:901'], allow: ['lxc:901'] }
const scratch = { name: 'scratch', pool: 'tank-ct', size_gb: 2, mount_point: '/srv/scratch' }

test('a container goes with its volumes and snapshots, once somebody agrees, and is made anew by the next run', async () => {
  const one = await scene({ zfs_volumes: [scratch] })
  await one.converge()
  const before = JSON.stringify(one.state)
  const refused = await one.order({ order: 'destroy', targets: ['lxc:901'] }, 3)
  assert.match(why(refused), /destroy container 901 \(models\) with 2 volumes.*--allow-destroy lxc:901/)
  assert.is(JSON.stringify(one.state), before)
  const { commands } = await one.order(removal)
  assert.equal(commands, ['pct shutdown 901 --timeout 120 --forceStop 1', 'pct destroy 901 --purge 1'])
  assert.is(one.conf, '')
  assert.not.match(await one.datasets(), '901')
  assert.not.match(one.stateTexts(), /"task": "lxc(-volumes)?:901/)
  await one.order(removal)
  await one.converge()
  assert.match(one.conf, /^\[final-form-1\]$/m)
})

test('a persistent volume is kept, said so, and given back to the container that is made anew', async () => {
  const one = await scene({ zfs_volumes: [models, scratch] })
  await one.converge()
  const guid = await one.sim('zfs get -H -o value guid tank/ct/subvol-901-disk-1')
  const { commands } = await one.order(removal)
  assert.equal(commands, [
    'pct shutdown 901 --timeout 120 --forceStop 1',
    'pct delsnapshot 901 final-form-1',
    'zfs rename tank/ct/subvol-901-disk-1 tank/ct/kept-901-models',
    'pct destroy 901 --purge 1',
  ])
  assert.not.match(await one.datasets(), 'subvol-901')
  assert.is(await one.sim('zfs get -H -o value guid tank/ct/kept-901-models'), guid)
  assert.match(
    (await one.summaries()).join('\n'),
    'give container 901 its kept volume models (tank/ct/kept-901-models) back',
  )
  await one.converge()
  assert.match(one.conf, /^mp\d+: tank-ct:subvol-901-models,mp=\/srv\/models,size=10G$/m)
  assert.is(await one.sim('zfs get -H -o value guid tank/ct/subvol-901-models'), guid)
  // And once more, under the name that it has by now.
  await one.order(removal)
  await one.converge()
  assert.is(await one.sim('zfs get -H -o value guid tank/ct/subvol-901-models'), guid)
})

test('a kept volume is grown when more is declared, and never shrunk', async () => {
  const one = await scene({ zfs_volumes: [models] })
  await one.converge()
  await one.order(removal)
  one.declare({ zfs_volumes: [{ ...models, size_gb: 5 }] })
  assert.match(await one.refused(), "volume models of container 901 (kept, tank-ct:subvol-901-models) can't shrink")
  one.declare({ zfs_volumes: [{ ...models, size_gb: 12 }] })
  await one.converge()
  assert.match(one.conf, /subvol-901-models,mp=\/srv\/models,size=12G$/m)
})

test('what may be the persistent volume, and what is in the way of keeping it, stops a destruction', async () => {
  const one = await scene({ zfs_volumes: [models] })
  await one.converge()
  await one.sim('pct delsnapshot 901 final-form-1')
  await one.sim('pct stop 901')
  await one.sim('pct set 901 --delete mp0')
  assert.match(why(await one.order(removal, 3)), 'tank-ct:subvol-901-disk-1 (unused0) may be it, and would be lost')
  await one.converge()
  await one.sim('zfs create tank/ct/kept-901-models')
  assert.match(why(await one.order(removal, 3)), 'which it would be kept as, is there already')
})

test('a template that others need, what is protected, and what is not phx’s is not destroyed whatever is agreed to', async () => {
  const one = await scene({ protected: true })
  await one.converge()
  const ofTemplate = { order: 'destroy' as const, targets: ['lxc:900'], allow: ['lxc:900'] }
  assert.match(why(await one.order(ofTemplate, 3)), 'lxc:901 needs container 900')
  assert.match(why(await one.order(removal, 3)), 'protected by the config')
  one.declare()
  assert.match(why(await one.order(removal, 3)), 'protected on the host')
  await one.sim('pct set 901 --protection 0')
  await one.sim('pct set 901 --tags other')
  assert.match(why(await one.order(removal, 3)), "is not phx's")
  await one.sim('pct set 901 --tags phx')
  const both = ['lxc:900', 'lxc:901']
  const { commands } = await one.order({ order: 'destroy', targets: both, allow: both })
  const order = commands.filter((line) => line.startsWith('pct destroy'))
  assert.equal(order, ['pct destroy 901 --purge 1', 'pct destroy 900 --purge 1'])
})

test('killed at any command of a destruction, the next one goes on to the same end, and so does a run', async () => {
  const made = await scene({ zfs_volumes: [models] })
  await made.converge()
  const guid = await made.sim('zfs get -H -o value guid tank/ct/subvol-901-disk-1')
  for (const after of [false, true]) {
    for (let nth = 1; ; nth += 1) {
      const one = new LxcScene({ zfs_volumes: [models] }, structuredClone(made.state))
      const { host, hasDied } = dyingAt(one.host, nth, after)
      await one.order(removal, 1, host).catch(() => undefined)
      if (!hasDied()) break
      const other = new LxcScene({ zfs_volumes: [models] }, structuredClone(one.state))
      await one.order(removal)
      assert.is(one.conf, '')
      assert.is(await one.sim('zfs get -H -o value guid tank/ct/kept-901-models'), guid, `killed at ${nth}`)
      await other.converge()
      const [, volume = ''] = /^mp\d+: tank-ct:([^,]+),mp=\/srv\/models/m.exec(other.conf) ?? []
      assert.is(await other.sim(`zfs get -H -o value guid tank/ct/${volume}`), guid, `killed at ${nth}, then run`)
    }
  }
})

const second = { name: 'app', clone_from_ctid: '900', dependencies: ['901'], storage_pool: 'tank-ct' }
const machine: Vm = {
  vmid: 8101,
  name: 'vm',
  template_image: '/srv/cloud.qcow2',
  dependencies: ['lxc:902'],
  memory_mb: 512,
}

test('what depends on a container stops before it, and starts after it, be it a virtual machine', async () => {
  const one = await scene()
  await one.sim('qemu-img create -f qcow2 /srv/cloud.qcow2 3G')
  one.declare({}, { '902': second }, [machine])
  const { events } = await one.converge()
  const started = events.flatMap((event) => {
    return event.type === 'command-start' && / start /.test(event.argv.join(' ')) ? [event.argv.join(' ')] : []
  })
  assert.equal(started, ['pct start 901', 'pct start 902', 'qm start 8101'])
  const down = await one.order({ order: 'stop', targets: ['lxc:901'] })
  const all = down.events.flatMap((event) => (event.type === 'command-start' ? [event.argv.slice(0, 3).join(' ')] : []))
  assert.equal(all, ['qm shutdown 8101', 'pct shutdown 902', 'pct shutdown 901'])
  const up = await one.order({ order: 'start', targets: ['vm:8101'] })
  const again = up.events.flatMap((event) => (event.type === 'command-start' ? [event.argv.join(' ')] : []))
  assert.equal(again, ['pct start 901', 'pct start 902', 'qm start 8101'])
  await one.nothingToDo()
})

test('a restart is of the named container alone, and one that is not there is not made by an order', async () => {
  const one = await scene()
  const { summary } = await one.order({ order: 'start', targets: ['lxc:901'] }, 1)
  assert.match(summary.tasks[0]?.why ?? '', 'container 901 is not there')
  one.declare({}, { '902': second })
  await one.converge()
  const { commands } = await one.order({ order: 'restart', targets: ['lxc:901'] })
  assert.equal(commands, ['pct reboot 901 --timeout 120'])
  await one.order({ order: 'stop', targets: ['lxc:902'] })
  assert.equal((await one.order({ order: 'restart', targets: ['lxc:902'] })).commands, ['pct start 902'])
  await one.nothingToDo()
})

test.run()

/** phx destroy: what is named goes, with consent; what others hang on stays. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { dyingAt } from '../engine-scene.ts'
import { Scene, scene } from './scene.ts'

const why = ({ summary }: Awaited<ReturnType<Scene['order']>>) =>
  summary.tasks.map(({ why: cause }) => cause ?? '').join('\n')

test('a machine goes with its disks and snapshots, once somebody agrees, and is made anew by the next run', async () => {
  const one = await scene()
  await one.converge()
  const before = JSON.stringify(one.state)
  const refused = await one.order({ order: 'destroy', targets: ['vm:8101'] }, 3)
  assert.match(why(refused), /destroy VM 8101 \(docker-host\) with 1 disk.*--allow-destroy vm:8101/)
  assert.is(JSON.stringify(one.state), before)
  const { commands } = await one.order({ order: 'destroy', targets: ['vm:8101'], allow: ['vm:8101'] })
  assert.equal(commands, ['qm shutdown 8101 --timeout 120 --forceStop 1', 'qm destroy 8101 --purge 1'])
  assert.is(one.text('/etc/pve/qemu-server/8101.conf'), undefined)
  assert.not.match(await one.sim('zfs list -H -o name -t all'), 'vm-8101')
  assert.not.match(one.stateTexts(), /"task": "vm:8101/)
  await one.order({ order: 'destroy', targets: ['vm:8101'], allow: ['vm:8101'] })
  await one.converge()
  assert.match(one.text('/etc/pve/qemu-server/8101.conf') ?? '', /^\[final-form-1\]$/m)
})

test('a template that machines were cloned from is kept, unless they go with it', async () => {
  const one = await scene({ linked_clone: true })
  await one.converge()
  const refused = await one.order({ order: 'destroy', targets: ['vm:9000'], allow: ['vm:9000'] }, 3)
  assert.match(why(refused), /vm:8101 needs VM 9000 \(and 1 more\)/)
  const both = ['vm:9000', 'vm:8101']
  const { commands } = await one.order({ order: 'destroy', targets: both, allow: both })
  const order = commands.filter((line) => line.startsWith('qm destroy'))
  assert.equal(order, ['qm destroy 8101 --purge 1', 'qm destroy 9000 --purge 1'])
})

test('what is protected, by the config or on the host, is not destroyed whatever is agreed to', async () => {
  const one = await scene({ protected: true })
  await one.converge()
  assert.match(
    why(await one.order({ order: 'destroy', targets: ['vm:8101'], allow: ['vm:8101'] }, 3)),
    'protected by the config',
  )
  one.declare()
  assert.match(
    why(await one.order({ order: 'destroy', targets: ['vm:8101'], allow: ['vm:8101'] }, 3)),
    'protected on the host',
  )
})

test('a machine that is not phx’s is not destroyed', async () => {
  const one = await scene()
  one.targets = ['vm:9000']
  await one.run()
  await one.sim('qm clone 9000 8101 --name docker-host --full 1')
  await one.sim('qm set 8101 --delete tags')
  assert.match(why(await one.order({ order: 'destroy', targets: ['vm:8101'], allow: ['vm:8101'] }, 3)), "is not phx's")
})

test('a machine that the config no longer has can still be named', async () => {
  const one = await scene()
  await one.converge()
  const { guests } = one.config
  one.config = { ...one.config, guests: { ...guests, vms: (guests?.vms ?? []).filter(({ vmid }) => vmid !== 8101) } }
  await one.order({ order: 'destroy', targets: ['vm:8101'], allow: ['vm:8101'] })
  assert.is(one.text('/etc/pve/qemu-server/8101.conf'), undefined)
})

test('killed at any command of it, the next one goes on to the same end', async () => {
  const made = await scene()
  await made.converge()
  const removal = { order: 'destroy' as const, targets: ['vm:8101'], allow: ['vm:8101'] }
  for (const after of [false, true]) {
    for (let nth = 1; ; nth += 1) {
      const one = new Scene({}, structuredClone(made.state))
      const { host, hasDied } = dyingAt(one.host, nth, after)
      await one.order(removal, 1, host).catch(() => undefined)
      if (!hasDied()) break
      await one.order(removal)
      assert.is(one.text('/etc/pve/qemu-server/8101.conf'), undefined)
    }
  }
})

test.run()

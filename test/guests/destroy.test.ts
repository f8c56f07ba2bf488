/** phx destroy: what is named goes, with consent; what others hang on stays. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { scriptOf } from '../../lib/config/feature-scripts.ts'
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

const gone = ['vm:8101']
const removal = { order: 'destroy' as const, targets: gone, allow: gone }

test('what its firewall and its features have on the host goes with it, and what others put there stays', async () => {
  const one = await scene({ features: ['tools'] })
  one.scripts = [scriptOf('tools', '#!/bin/sh\n')]
  one.config = { ...one.config, vm_features: { export: '/tank/data' } }
  one.targets = ['setup', 'guests']
  await one.run()
  const folder = '/tank/data/vm-features/8101'
  assert.ok(one.text(`${folder}/manifest.json`))
  await one.write('/etc/pve/firewall/8101.fw', '[RULES]\nIN ACCEPT\n')
  await one.write('/etc/pve/firewall/777.fw', '[RULES]\nIN ACCEPT\n')
  await one.write('/tank/data/ledger', 'mine\n')
  await one.order(removal)
  assert.equal(
    Object.keys(one.state.files).filter((path) => path.startsWith(folder) || path.endsWith('/8101.fw')),
    [],
  )
  assert.ok(one.text('/etc/pve/firewall/777.fw'))
  assert.is(one.text('/tank/data/ledger'), 'mine\n')
  assert.not.match(one.stateTexts(), /"task": "vm-features:8101"/)
})

test('a persistent disk is detached and kept under a name of its own, and said so; every other one is named as lost', async () => {
  const one = await scene({ persistent_disks: ['scsi1'], restart: 'allowed' })
  await one.converge()
  await one.sim('qm stop 8101')
  for (const slot of ['scsi1', 'scsi2', 'efidisk0']) await one.sim(`qm set 8101 --${slot} tank-vm:1`)
  const { events } = await one.order({ order: 'destroy', targets: gone }, 3)
  const plan = JSON.stringify(events)
  assert.match(plan, 'with 3 disks; keep scsi1 as tank/vm/kept-8101-scsi1')
  assert.match(plan, 'disk scsi2 of VM 8101')
  assert.match(plan, 'disk efidisk0 of VM 8101')
  const { commands } = await one.order(removal)
  assert.ok(commands.some((line) => /^zfs rename tank\/vm\/vm-8101-disk-\d tank\/vm\/kept-8101-scsi1$/.test(line)))
  const left = await one.sim('zfs list -H -o name -t all')
  assert.match(left, 'tank/vm/kept-8101-scsi1')
  assert.not.match(left, 'vm-8101')
})

test('killed at any command, a persistent disk is kept all the same', async () => {
  const made = await scene({ persistent_disks: ['scsi1'] })
  await made.converge()
  await made.sim('qm stop 8101')
  await made.sim('qm set 8101 --scsi1 tank-vm:1')
  for (const after of [false, true]) {
    for (let nth = 1; ; nth += 1) {
      const one = new Scene({ persistent_disks: ['scsi1'] }, structuredClone(made.state))
      const { host, hasDied } = dyingAt(one.host, nth, after)
      await one.order(removal, 1, host).catch(() => undefined)
      if (!hasDied()) break
      await one.order(removal)
      assert.match(await one.sim('zfs list -H -o name'), 'tank/vm/kept-8101-scsi1')
    }
  }
})

test('a disk that bears the number of another guest stays, and is said to', async () => {
  const one = await scene()
  await one.converge()
  await one.sim('zfs create -V 1G tank/vm/vm-777-disk-0')
  await one.sim('qm stop 8101')
  await one.sim('qm set 8101 --scsi3 tank-vm:vm-777-disk-0,size=1G')
  const { events } = await one.order(removal)
  assert.match(JSON.stringify(events), "another guest's by its number: it stays")
  assert.match(await one.sim('zfs list -H -o name'), 'tank/vm/vm-777-disk-0')
})

test('machines that are no longer declared are told of and left alone, with the way to be rid of them', async () => {
  const one = await scene()
  await one.converge()
  await one.sim('qm clone 9000 8105 --name by-hand --full 1')
  const { guests } = one.config
  one.config = { ...one.config, guests: { ...guests, vms: (guests?.vms ?? []).filter(({ vmid }) => vmid !== 8101) } }
  const notes = await one.notes()
  assert.match(notes, /vm:8101 \(docker-host\) was made by phx and is no longer declared: .*phx destroy vm:8101/)
  assert.match(notes, /vm:8105 \(by-hand\) bears the tag "phx" and is not declared.*qm destroy 8105/)
  await one.nothingToDo()
  await one.order(removal)
  assert.not.match(await one.notes(), 'vm:8101')
})

test.run()

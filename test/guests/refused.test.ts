/** What phx leaves alone, and says why: machines that are not its own, half-made ones, agents that never come. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { scene } from './scene.ts'

test('a machine that phx did not make is changed only where the config adopts it', async () => {
  const one = await scene()
  one.targets = ['vm:9000']
  await one.run()
  one.targets = ['guests']
  await one.sim('qm clone 9000 8101 --name docker-host --full 1')
  await one.sim('qm set 8101 --delete tags')
  assert.match(await one.refused(), /was not made by phx.*"adopt": true/s)
  one.declare({ adopt: true })
  await one.converge()
  assert.match(one.text('/etc/pve/qemu-server/8101.conf') ?? '', /^tags: phx$/m)
})

test('another machine in the place of the one that phx made is told by its UUID', async () => {
  const one = await scene()
  await one.converge()
  await one.sim('qm stop 8101')
  await one.sim('qm destroy 8101')
  await one.sim('qm clone 9000 8101 --name docker-host --full 1')
  assert.match(await one.refused(), 'VM 8101 is not the machine that phx made')
})

test('a clone that was cut off is explained, and never unlocked', async () => {
  const one = await scene()
  await one.converge()
  const conf = one.text('/etc/pve/qemu-server/8101.conf') ?? ''
  await one.write('/etc/pve/qemu-server/8101.conf', `lock: clone\n${conf}`)
  assert.match(await one.refused(), /half made.*pgrep -af 'qm \(clone\|create\)'/s)
})

test('a machine that runs without a channel to its agent is not waited for', async () => {
  const one = await scene()
  await one.converge()
  await one.sim('qm set 8101 --agent 0')
  await one.sim('qm reboot 8101')
  const { summary } = await one.run(1)
  const failed = summary.tasks.find(({ task }) => task === 'vm:8101:agent')
  assert.match(failed?.why ?? '', 'was started before its guest agent was configured')
  assert.ok((failed?.durationMs ?? Number.POSITIVE_INFINITY) < 2000)
  one.declare({ restart: 'allowed' })
  await one.converge()
})

test('cloud-init that failed is told with its last words; one that went on with a warning is only told', async () => {
  const one = await scene()
  await one.converge()
  await one.sim('sim guest 8101 cloud-init recoverable')
  assert.match(await one.notes(), 'cloud-init: WARNING')
  await one.nothingToDo()
  await one.sim('sim guest 8101 cloud-init error')
  const { summary } = await one.run(1)
  assert.match(summary.tasks.find(({ task }) => task === 'vm:8101:cloud-init')?.why ?? '', 'cloud-init failed')
})

test.run()

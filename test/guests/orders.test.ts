/** phx start, stop and restart: the graph the right way round, and nothing that was not asked for. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Scene, scene } from './scene.ts'

const second = { vmid: 8102, name: 'app', clone_from_vmid: 9000, dependencies: ['8101'], memory_mb: 1024 }

async function two(): Promise<Scene> {
  const one = await scene({ nfs_shares: [], file_injections: [] })
  one.declare({ nfs_shares: [], file_injections: [] }, [second])
  await one.converge()
  return one
}

test('what depends on a machine stops before it, and starts after it; templates are left out', async () => {
  const one = await two()
  const down = await one.order({ order: 'stop', targets: ['vm:8101'] })
  assert.equal(down.commands, [
    'qm shutdown 8102 --timeout 120 --forceStop 1',
    'qm shutdown 8101 --timeout 120 --forceStop 1',
  ])
  assert.equal((await one.order({ order: 'stop', targets: ['guests'] })).commands, [])
  const up = await one.order({ order: 'start', targets: ['vm:8102'] })
  assert.equal(up.commands, ['qm start 8101', 'qm start 8102'])
  await one.nothingToDo()
})

test('a machine that nothing hangs on stops alone', async () => {
  const one = await two()
  const { commands } = await one.order({ order: 'stop', targets: ['vm:8102'] })
  assert.equal(commands, ['qm shutdown 8102 --timeout 120 --forceStop 1'])
})

test('a restart is of the named machine alone, and what waited for it takes effect', async () => {
  const one = await two()
  one.declare({ nfs_shares: [], file_injections: [], cores: 3 }, [second])
  await one.converge()
  assert.match(one.text('/etc/pve/qemu-server/8101.conf') ?? '', 'PENDING')
  const { commands } = await one.order({ order: 'restart', targets: ['vm:8101'] })
  assert.equal(commands, ['qm reboot 8101 --timeout 120'])
  assert.not.match(one.text('/etc/pve/qemu-server/8101.conf') ?? '', 'PENDING')
  await one.order({ order: 'stop', targets: ['vm:8102'] })
  assert.equal((await one.order({ order: 'restart', targets: ['vm:8102'] })).commands, ['qm start 8102'])
})

test('a machine that is not there is not made by an order', async () => {
  const one = await scene()
  const { summary, commands } = await one.order({ order: 'start', targets: ['vm:8101'] }, 1)
  assert.equal(commands, [])
  assert.match(summary.tasks[0]?.why ?? '', 'VM 8101 is not there')
})

test.run()

/** phx start, stop and restart: the graph the right way round, and nothing that was not asked for. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { allowRestarts } from '../../lib/config/guests/restarts.ts'
import { buildGraph, select, withGuards } from '../../lib/engine/graph.ts'
import { modules } from '../../tasks/index.ts'
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

test('guests are started side by side as far as the memory goes, and the one that is too much is told why', async () => {
  const one = await two()
  await one.order({ order: 'stop', targets: ['guests'] })
  // The simulated host has 94 GiB.
  const large = { nfs_shares: [], file_injections: [], memory_mb: 60 * 1024 }
  one.declare(large, [{ ...second, dependencies: [], memory_mb: 60 * 1024 }])
  const { summary } = await one.order({ order: 'start', targets: ['guests'] }, 1)
  const why = summary.tasks.map((task) => task.why ?? '').join('')
  assert.match(
    why,
    /VM 810[12] is to have 60 GiB of memory, and the host has \S+ GiB left, once VM 810[12] has its own/,
  )
  assert.is(summary.tasks.filter(({ outcome }) => outcome === 'changed').length, 1)
})

test('a machine that is not phx’s is neither started nor stopped', async () => {
  const one = await two()
  await one.sim('qm set 8102 --delete tags')
  const { summary } = await one.order({ order: 'stop', targets: ['vm:8102'] }, 3)
  assert.match(summary.tasks[0]?.why ?? '', 'was not made by phx')
})

test('--restart agrees to restarts for one run', async () => {
  const one = await two()
  one.declare({ nfs_shares: [], file_injections: [], cores: 3 }, [second])
  allowRestarts(one.config)
  const { commands } = await one.converge()
  assert.ok(commands.includes('qm reboot 8101 --timeout 120'))
})

test('a link that is named alone still brings along what says whose the machine is', async () => {
  const one = await two()
  const graph = buildGraph(modules.flatMap((module) => module.expand(one.config, [])))
  const ids = withGuards(graph, select(graph, ['vm:8101:config'], false)).map(({ id }) => id)
  assert.equal(ids, ['vm:8101:create', 'vm:8101:config'])
})

test.run()

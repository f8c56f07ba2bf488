/** What a cut-off or failed `zpool create` leaves, and disks that can't be read: each seen with real ZFS in the lab. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { answer } from '../../lib/host/simulated/tool.ts'
import { callTool } from '../../lib/host/simulated/tools.ts'
import { StateFolder } from '../../lib/state/folder.ts'
import { disks, hostAfter, World } from '../properties/world.ts'

const [first = '', second = ''] = disks
const config = { zfs: { pools: [{ name: 'quickOS', raid_level: 'mirror', disks: [first, second] }] } }
const safe = { mode: 'safe', allow: [] } as const
const unavailable = "cannot create 'quickOS': one or more devices is currently unavailable\n"

function withWorld(body: (world: World, fresh: () => World) => Promise<void>): () => Promise<void> {
  return async () => {
    const folder = mkdtempSync(join(tmpdir(), 'phx-recovery-'))
    try {
      const host = hostAfter([])
      let folders = 0
      const fresh = () => new World(host, config, new StateFolder(join(folder, String(folders++))))
      await body(fresh(), fresh)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

/** A run whose zpool create is cut off: `left` is what it leaves on the host. */
async function cutOff(world: World, left: readonly string[]): Promise<void> {
  world.host.orders.add(['zpool', 'create'], { kind: 'fail', answer: answer(1, '', 'cut off\n') })
  assert.is((await world.run(safe)).summary.exitCode, 1)
  await world.host.change((state) => {
    for (const line of left) assert.is(callTool(state, line.split(' ')).exitCode, 0, line)
  })
}

test(
  'the empty partition table of a cut-off zpool create is nobody’s data; anybody else’s is',
  withWorld(async (world, fresh) => {
    const made = [`zpool create old mirror ${first} ${second}`, 'zpool destroy old', 'udevadm settle']
    const emptied = [first, second].flatMap((disk) => [`wipefs -a ${disk}-part1`, 'udevadm settle'])
    await cutOff(world, [...made, ...emptied])
    assert.is((await fresh().run(safe)).summary.exitCode, 3, 'whoever did not make it asks')
    const again = await world.run(safe)
    assert.is(again.summary.exitCode, 0)
    assert.equal(again.commands, [`zpool create quickOS mirror ${first} ${second}`])
    assert.equal((await world.run(safe)).commands, [])
  }),
)

test(
  'a pool that was made just before the cut, and is not imported, is imported by the run that goes on',
  withWorld(async (world, fresh) => {
    await cutOff(world, [`zpool create quickOS mirror ${first} ${second}`, 'zpool export quickOS'])
    assert.is((await fresh().run(safe)).summary.exitCode, 3)
    const again = await world.run(safe)
    assert.is(again.summary.exitCode, 0)
    assert.match(again.commands.join(), /^zpool import -d \/dev\/disk\/by-id \d+$/)
  }),
)

test(
  'a zpool create that udev was too late for is made once more, after udev has settled; another failure is not',
  withWorld(async (world, fresh) => {
    world.host.orders.add(['zpool', 'create'], { kind: 'fail', answer: answer(1, '', unavailable) })
    const run = await world.run(safe)
    assert.is(run.summary.exitCode, 0)
    const create = `zpool create quickOS mirror ${first} ${second}`
    assert.equal(run.commands, [create, 'udevadm settle', create])
    await world.host.mutate(['zpool', 'destroy', 'quickOS'])
    await world.host.mutate(['wipefs', '-a', `${first}-part1`])
    world.host.orders.add(['zpool', 'create'], { kind: 'fail', answer: answer(1, '', 'no space left\n') })
    const failed = await fresh().run({ mode: 'force-destructive', allow: [] })
    assert.is(failed.summary.exitCode, 1)
    assert.is(failed.commands.filter((line) => line === create).length, 1)
  }),
)

test(
  'a disk that can not be read is never taken for blank, whoever agrees',
  withWorld(async (world) => {
    await world.host.change((state) => callTool(state, ['sim', 'read-errors', first, 'on']))
    for (const mode of ['safe', 'force-destructive'] as const) {
      const { summary, commands } = await world.run({ mode, allow: [] })
      assert.is(summary.exitCode, 1)
      assert.equal(commands, [])
      assert.match(summary.tasks[0]?.why ?? '', /can't/)
    }
  }),
)

test.run()

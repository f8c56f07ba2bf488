import assert from 'node:assert/strict'
import { declare, nothingToDo, plan, run, type Scenario, usualHost } from '../scenario.ts'

export const scenario: Scenario = {
  shows: 'properties changed by hand are seen as drift and set back, with a zfs set each and nothing else',
  core: true,
  async run(vm) {
    await declare(vm, usualHost)
    await run(vm, 0)
    await vm.run(
      'zfs set compression=off quota=none quickOS/vm-disks; zpool set autotrim=off quickOS; zfs create quickOS/mine',
    )

    const planned = await plan(vm, 2)
    const quickOS = planned.tasks.find((task) => task.task === 'zfs:quickOS')
    assert.equal(quickOS?.reason.standing, 'drifted')
    const drift = quickOS.changes.flatMap((change) => change.fields.map((field) => `${change.resource} ${field.field}`))
    assert.deepEqual(drift.sort(), [
      'dataset:quickOS/vm-disks compression',
      'dataset:quickOS/vm-disks quota',
      'zpool:quickOS autotrim',
    ])

    const repaired = await run(vm, 0)
    const commands = repaired.events.flatMap((event) =>
      event.type === 'command-end' ? [event.argv.slice(0, 2).join(' ')] : [],
    )
    assert.deepEqual(commands.sort(), ['zfs set', 'zpool set'])
    assert.equal(await vm.run('zfs get -Hp -o value compression,quota quickOS/vm-disks'), 'lz4\n524288000')
    assert.equal(await vm.run('zpool get -H -o value autotrim quickOS'), 'on')
    await vm.run('zfs list quickOS/mine') // undeclared, so reported and left alone
    await nothingToDo(vm)
  },
}

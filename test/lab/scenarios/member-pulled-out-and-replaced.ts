import assert from 'node:assert/strict'
import { disks, spareDisk } from '../disks.ts'
import { commandSaid, declare, nothingToDo, oneMirror, pool, refused, run, type Scenario, says } from '../scenario.ts'

export const scenario: Scenario = {
  shows:
    'a member pulled out while running is degraded, not different; a new disk in the config: replace is written out',
  core: true,
  async run(vm) {
    await declare(vm, { ...oneMirror, datasets: [{ name: 'data', pool: 'quickOS', properties: 'compression=lz4' }] })
    await run(vm, 0)
    await vm.run('echo precious >/quickOS/data/file')
    await vm.unplug(disks.scsi3)
    await vm.run(
      'echo more >/quickOS/data/more; zpool sync; for i in 1 2 3 4 5 6 7 8; do zpool status quickOS | grep -q DEGRADED && exit; sleep 0.5; done; exit 1',
    )
    says(await nothingToDo(vm), 'quickOS is degraded', '5000c50015ea71a3')

    // A dataset is still converged on what is left of the pool.
    await vm.run('zfs set compression=off quickOS/data')
    await run(vm, 0)

    const fresh = spareDisk(6)
    await vm.plug(fresh)
    await declare(vm, {
      pools: [pool('quickOS', 'mirror', [disks.scsi2, fresh])],
      datasets: [{ name: 'data', pool: 'quickOS', properties: 'compression=lz4' }],
    })
    await vm.run(commandSaid(await refused(vm), 'zpool replace'))
    await vm.run('zpool wait -t resilver,replace quickOS')
    assert.match(await vm.run('zpool status quickOS'), /state: ONLINE/)
    await nothingToDo(vm)
    await vm.run('grep -q precious /quickOS/data/file')
  },
}

import assert from 'node:assert/strict'
import { byId, disks } from '../disks.ts'
import { declare, nothingToDo, oneMirror, pool, pools, refused, run, type Scenario, says } from '../scenario.ts'

const members = [disks.scsi2, disks.scsi3]

export const scenario: Scenario = {
  shows:
    'disks of an exported pool: never made into another one; one of the declared name is imported when the config says so',
  core: true,
  async run(vm) {
    await vm.run(
      `zpool create tank mirror ${members.map(byId).join(' ')}; zfs create tank/a; echo precious >/tank/a/file; zpool export tank`,
    )
    const intact = async () => {
      await vm.run('zpool import tank && grep -q precious /tank/a/file && zpool export tank')
      assert.deepEqual(await pools(vm), [])
    }

    await declare(vm, oneMirror)
    says(await refused(vm), 'tank')
    await intact()

    await declare(vm, { pools: [pool('tank', 'mirror', members)] })
    says(await refused(vm), 'zpool import', '"import": true')
    await refused(vm, ['--force-destructive'])
    await intact()

    await declare(vm, { pools: [pool('tank', 'mirror', [disks.scsi2, disks.scsi4], { import: true })] })
    await refused(vm) // not the declared members
    await intact()

    await declare(vm, {
      pools: [pool('tank', 'mirror', members, { import: true })],
      datasets: [{ name: 'a', pool: 'tank' }],
    })
    await run(vm, 0)
    await vm.run('grep -q precious /tank/a/file')
    await nothingToDo(vm)
  },
}

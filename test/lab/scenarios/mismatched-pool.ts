import assert from 'node:assert/strict'
import { byId, disks } from '../disks.ts'
import { commandSaid, declare, nothingToDo, oneMirror, refused, run, type Scenario, says } from '../scenario.ts'

export const scenario: Scenario = {
  shows:
    'a pool of the declared name with other members or another layout: refused, and the loss-free way is written out',
  core: true,
  async run(vm) {
    await declare(vm, oneMirror)
    await vm.run(`zpool create quickOS ${byId(disks.scsi2)}; echo precious >/quickOS/file`)
    const single = await refused(vm)
    says(single, 'mirror', 'LABSCSI3')
    const attach = commandSaid(single, 'zpool attach')
    await vm.run(attach)
    await vm.run('zpool wait -t resilver quickOS')
    await nothingToDo(vm)
    await vm.run('grep -q precious /quickOS/file')

    // The right name and level on the wrong disks: a pool is not accepted by its name.
    await vm.run(
      `zpool destroy quickOS; zpool create quickOS mirror ${byId(disks.scsi4)} ${byId(disks.scsi5)}; echo precious >/quickOS/file`,
    )
    await refused(vm)
    await refused(vm, ['--interactive'], { stdin: 'yes\n' })
    await vm.run('grep -q precious /quickOS/file')

    const guid = await vm.run('zpool get -H -o value guid quickOS')
    await run(vm, 0, ['--interactive'], { stdin: 'quickOS\n' })
    assert.notEqual(await vm.run('zpool get -H -o value guid quickOS'), guid)
    assert.match(await vm.run('zpool status quickOS'), /5000c50015ea71a2[^\n]*\n[^\n]*5000c50015ea71a3/)
    await nothingToDo(vm)
  },
}

import assert from 'node:assert/strict'
import { byId, disks } from '../disks.ts'
import { configFile, declare, nothingToDo, oneMirror, pools, run, type Scenario } from '../scenario.ts'
import { layTripwire, startUntil } from '../tripwire.ts'

export const scenario: Scenario = {
  shows:
    'the power is cut during zpool create, when the disks are partitioned and no pool is there; phx makes it after the boot',
  async run(vm) {
    await declare(vm, oneMirror)
    await layTripwire(vm)
    const partitioned = vm.start(`until test -e ${byId(disks.scsi3)}-part1; do sleep 0.01; done; echo partitioned`)
    await startUntil(vm, 'zpool create', ['run', 'setup', '-c', configFile, '--json'])
    await partitioned.saw('partitioned')
    await vm.powerCut()
    await vm.reboot()
    assert.deepEqual(await pools(vm), [], 'the cut came before the pool was there')
    await run(vm, 0) // what phx itself left half-made is nobody's data: no consent is needed
    assert.deepEqual(await pools(vm), ['quickOS'])
    await nothingToDo(vm)
  },
}

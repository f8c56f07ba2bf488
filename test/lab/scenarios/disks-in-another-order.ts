import assert from 'node:assert/strict'
import { declare, nothingToDo, run, type Scenario, usualHost } from '../scenario.ts'

export const scenario: Scenario = {
  shows: 'after a reboot the disks come in another order and on another controller: the same pools, nothing to do',
  async run(vm) {
    await declare(vm, usualHost)
    await run(vm, 0)
    const names = () => vm.run('lsblk -dn -o NAME,SERIAL | sort')
    const before = await names()
    await vm.reboot({ reorderDisks: true })
    assert.notEqual(await names(), before, 'the kernel gave the disks other names')
    await vm.run('test -e /dev/disk/by-id/ata-LAB_DISK_LABSCSI2 && ! test -e /dev/disk/by-id/scsi-35000c50015ea71a2')
    await nothingToDo(vm)
  },
}

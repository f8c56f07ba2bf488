import assert from 'node:assert/strict'
import { byId, disks } from '../disks.ts'
import { checksum, declare, nothingToDo, oneMirror, pools, run, type Scenario } from '../scenario.ts'

export const scenario: Scenario = {
  shows:
    'force-destructive and --allow-destroy wipe exactly the declared disks; a neighbour with data keeps every byte',
  async run(vm) {
    const neighbour = { ...disks.scsi4, size: '128M' }
    await vm.swap(neighbour)
    const withPartitions = (disk: string) => `sgdisk -n 1:0:+512M -n 2:0:0 ${disk} && udevadm settle &&
      mkfs.ext4 -q -F -L old-root ${disk}-part1 && mkswap -L old-swap ${disk}-part2 && udevadm settle`
    await vm.run(withPartitions(byId(disks.scsi2)))
    await vm.run(`mkfs.ext4 -q -F -L neighbour ${byId(neighbour)}; pvcreate -q ${byId(disks.scsi3)}; udevadm settle`)
    const before = await checksum(vm, neighbour)
    await declare(vm, oneMirror)
    await run(vm, 0, ['--force-destructive'])
    assert.deepEqual(await pools(vm), ['quickOS'])
    assert.equal(await checksum(vm, neighbour), before)
    await nothingToDo(vm)

    await vm.run(`zpool destroy quickOS; zpool labelclear ${byId(disks.scsi2)}-part1
      for disk in ${byId(disks.scsi2)} ${byId(disks.scsi3)}; do wipefs -qa $disk-part* $disk; done; udevadm settle
      ${withPartitions(byId(disks.scsi2))}`)
    await run(vm, 0, ['--allow-destroy', 'zpool:quickOS'])
    assert.deepEqual(await pools(vm), ['quickOS'])
    assert.equal(await checksum(vm, neighbour), before)
  },
}

import assert from 'node:assert/strict'
import { byId, disks } from '../disks.ts'
import { declare, pool, pools, refused, type Scenario, says } from '../scenario.ts'

export const scenario: Scenario = {
  shows:
    'the system disk, mounted, swapped-on, LVM and md disks, members of other pools: refused in force-destructive too',
  core: true,
  async run(vm) {
    const [mounted, swap, lvm, md, member] = [disks.scsi2, disks.scsi3, disks.scsi4, disks.scsi5, disks.blk0]
    await vm.run(`
      mkfs.ext4 -q -F ${byId(mounted)} && mount ${byId(mounted)} /mnt
      mkswap -q ${byId(swap)} && swapon ${byId(swap)}
      pvcreate -q ${byId(lvm)} && vgcreate -q vg ${byId(lvm)} && lvcreate -q -n data -L 100M vg
      mdadm --quiet --create /dev/md0 --run --level=1 --raid-devices=2 ${byId(md)} missing </dev/null
      zpool create other ${byId(member)}; udevadm settle`)
    const inUse = () =>
      vm.run(
        'findmnt -n -o SOURCE /mnt / | sort; swapon --noheadings --show=NAME; lvs --noheadings -o name; grep ^md /proc/mdstat',
      )
    const before = await inUse()
    const system = { ...disks.blk1, serial: 'LAB-SYSTEM' }
    const cases = [
      [system, 'is the system disk'],
      [mounted, 'is mounted on /mnt'],
      [swap, 'is swap in use'],
      [lvm, 'LVM volume'],
      [md, 'md array /dev/md0'],
      [member, 'member of pool other'],
    ] as const
    for (const [disk, why] of cases) {
      await declare(vm, { pools: [pool('quickOS', 'single', [disk])] })
      says(await refused(vm, ['--force-destructive']), why)
    }
    assert.equal(await inUse(), before, 'everything is still in use as before')
    assert.deepEqual(await pools(vm), ['other'])
  },
}

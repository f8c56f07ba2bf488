import assert from 'node:assert/strict'
import { byId, disks } from '../disks.ts'
import { checksum, declare, nothingToDo, oneMirror, pools, refused, run, type Scenario, says } from '../scenario.ts'

export const scenario: Scenario = {
  shows:
    'a disk with ext4 and a file: refused and byte for byte intact, also after a wrong answer; its serial is consent',
  core: true,
  async run(vm) {
    // Small ones: a checksum of 2 GiB takes half a minute without KVM.
    const [a, b] = [
      { ...disks.scsi2, size: '128M' },
      { ...disks.scsi3, size: '128M' },
    ]
    await vm.swap(a)
    await vm.swap(b)
    await vm.run(`mkfs.ext4 -q -F -L family-photos ${byId(b)}
      mount ${byId(b)} /mnt && echo precious >/mnt/file && umount /mnt && udevadm settle`)
    const before = [await checksum(vm, a), await checksum(vm, b)]
    const untouched = async (when: string) => {
      assert.deepEqual([await checksum(vm, a), await checksum(vm, b)], before, `both disks are as they were ${when}`)
      assert.deepEqual(await pools(vm), [])
    }
    await declare(vm, oneMirror)

    says(await refused(vm), 'ext4', 'family-photos', b.serial)
    await untouched('after a run in safe mode')
    says(await refused(vm, ['--interactive'], { stdin: 'y\n' }), 'family-photos', b.serial)
    await untouched('after the answer "y"')
    await refused(vm, ['--interactive'], { stdin: `${a.serial}\n` })
    await untouched('after the serial of the other disk')
    await refused(vm, ['--allow-destroy', 'zpool:fastData'])
    await untouched('after consent to the loss of something else')

    await run(vm, 0, ['--interactive'], { stdin: `${b.serial}\n` })
    assert.match(await vm.run('zpool status quickOS'), /mirror-0 +ONLINE/)
    await nothingToDo(vm)
  },
}

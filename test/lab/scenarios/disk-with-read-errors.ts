import assert from 'node:assert/strict'
import { byId, type Disk, disks } from '../disks.ts'
import {
  checksum,
  configFile,
  declare,
  nothingToDo,
  oneMirror,
  pool,
  pools,
  run,
  type Scenario,
  says,
} from '../scenario.ts'
import type { Vm } from '../vm.ts'

/**
 * What cannot be read is not there for wipefs and blkid: "no signatures", exit code 0. And zpool create without -f then
 * writes its partition table over the data (seen here with a bare zpool: sector 2 made an ext4 unmountable, rc 1;
 * the md superblock at the end was lost, rc 0).
 */
async function isNotTakenForBlank(vm: Vm, disk: Disk, sectors: readonly number[]): Promise<void> {
  const before = await checksum(vm, disk)
  await vm.replaceWithErrors(disk, sectors)
  assert.equal(JSON.parse(await vm.run(`wipefs --no-act --json ${byId(disk)}`)).signatures.length, 0)
  await declare(vm, { pools: [pool('quickOS', 'single', [disk])] })
  const result = await vm.phx(['run', 'setup', '-c', configFile, '--json'])
  assert.notEqual(result.exitCode, 0, 'a disk that cannot be shown to be empty does not become a pool')
  assert.deepEqual(await pools(vm), [])
  await vm.unplug(disk)
  await vm.plug(disk)
  assert.equal(await checksum(vm, disk), before, 'no byte of the disk was written')
}

export const scenario: Scenario = {
  shows:
    'sectors that cannot be read: a disk whose signatures lie there is not taken for blank; a member stays a member',
  async run(vm) {
    const [ext4, md] = [
      { ...disks.scsi4, size: '128M' },
      { ...disks.scsi5, size: '128M' },
    ]
    await vm.swap(ext4)
    await vm.swap(md)
    await vm.run(`mkfs.ext4 -q -F ${byId(ext4)}
      mdadm --quiet --create /dev/md0 --run --level=1 --metadata=1.0 --raid-devices=2 ${byId(md)} missing </dev/null
      mdadm --quiet --stop /dev/md0; udevadm settle`)
    await isNotTakenForBlank(vm, ext4, [2]) // the superblock of ext4 is at 1024 bytes, ext4(5)
    const superblock = Number(await vm.run(`wipefs --noheadings -O OFFSET ${byId(md)}`)) / 512
    await isNotTakenForBlank(vm, md, [superblock]) // that of md 1.0 is near the end, md(4)

    await declare(vm, oneMirror)
    await run(vm, 0)
    await vm.run('dd if=/dev/urandom of=/quickOS/file bs=1M count=64 status=none; zpool sync')
    const front = 2048 + 8192 // where the partition begins, and what ZFS keeps free of data there
    await vm.replaceWithErrors(
      disks.scsi3,
      Array.from({ length: 4096 }, (_, index) => front + index * 8),
    )
    await vm.run(`for i in $(seq 20); do zpool status quickOS | grep -q 'a3 .*ONLINE' && break; sleep 0.5; done
      zpool scrub -w quickOS`)
    // As reads that failed or as wrong checksums: which of the two depends on what ZFS repaired in between.
    const counted = /a3 +ONLINE +(?:[1-9]|\d+ +\d+ +[1-9])/
    assert.match(await vm.run('zpool status quickOS'), counted, 'ZFS counts errors of this member')
    says(await nothingToDo(vm), 'has failed to read, write or return what was written')
  },
}

import assert from 'node:assert/strict'
import { declare, nothingToDo, plan, run, type Scenario, usualHost } from '../scenario.ts'

export const scenario: Scenario = {
  shows: 'bare disks become pools, datasets and storages; planning changes nothing, a second run does nothing',
  core: true,
  async run(vm) {
    await declare(vm, usualHost)
    const planned = await plan(vm, 2)
    assert.ok(planned.summary.changes > 0)
    assert.equal(
      await vm.run('zpool list -H; ls -A /var/lib/phx 2>/dev/null || true'),
      '',
      'a plan leaves nothing behind',
    )

    const first = await run(vm, 0)
    assert.ok(first.summary.mutations > 0)
    const status = await vm.run('zpool status -P')
    assert.match(
      status,
      /mirror-0 +ONLINE[^\n]*\n[^\n]*wwn-0x5000c50015ea71a2-part1[^\n]*\n[^\n]*wwn-0x5000c50015ea71a3-part1/,
    )
    assert.match(status, /fastData +ONLINE[^\n]*\n[^\n]*virtio-LAB-BLK-0-part1/)
    const value = (dataset: string, property: string) => vm.run(`zfs get -Hp -o value ${property} ${dataset}`)
    assert.equal(await value('quickOS/vm-disks', 'recordsize,quota,compression'), '131072\n524288000\nlz4')
    assert.equal(
      await value('quickOS/shared-prod-data', 'recordsize,sync,compression,atime'),
      '16384\nalways\nlz4\noff',
    )
    assert.equal(await value('fastData/shared-backups', 'recordsize,compression,mounted'), '1048576\nzstd\nyes')
    assert.equal(await vm.run('zpool get -Hp -o value ashift,autotrim quickOS'), '12\non')
    const storages = await vm.run('cat /etc/pve/storage.cfg')
    assert.match(storages, /^zfspool: quickOS-vm-disks\n(\t.*\n)*\tpool quickOS\/vm-disks\n/m)
    assert.match(storages, /^dir: fastData-shared-backups\n(\t.*\n)*\tpath \/fastData\/shared-backups\n/m)
    assert.match(storages, /^dir: local\n/m, 'what the host had before is still there')
    assert.doesNotMatch(storages, /shared-prod-data/, 'shared without a type of storage is never registered')

    await nothingToDo(vm)
  },
}

/** VM 8101 on the simulated host: from an image to its final form, and what becomes of it afterwards. */
import { writeFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { dyingAt } from '../engine-scene.ts'
import { Scene, scene } from './scene.ts'

test('from an image to its final form, and the second run changes nothing', async () => {
  const one = await scene()
  await one.converge()
  assert.match(one.text('/etc/pve/qemu-server/9000.conf') ?? '', /^template: 1$/m)
  const conf = one.text('/etc/pve/qemu-server/8101.conf') ?? ''
  assert.match(conf, /^scsi0: tank-vm:vm-8101-disk-0,size=8G$/m)
  assert.match(conf, /^\[final-form-1\]$/m)
  assert.match(await one.inside('cat /proc/mounts'), /^10\.0\.0\.13:\/tank\/data \/mnt\/data nfs4 rw/m)
  assert.is(await one.inside('cat /etc/motd'), 'welcome\n')
  assert.is((await one.inside('stat -L -c %a:%U /etc/motd')).trim(), '640:root')
  assert.match(await one.inside('cat /home/ops/.ssh/authorized_keys'), 'admin@desk')
  await one.nothingToDo()
})

test('a file that was changed in the guest is put back, and a new final form takes the place of the old one', async () => {
  const one = await scene()
  await one.converge()
  await one.inside('install -m 0640 /dev/null /etc/motd')
  const [change] = await one.changes()
  assert.is(change?.resource, 'vm:8101/injection:/etc/motd')
  await one.converge()
  assert.is(await one.inside('cat /etc/motd'), 'welcome\n')
  const conf = one.text('/etc/pve/qemu-server/8101.conf') ?? ''
  assert.match(conf, /^\[final-form-2\]$/m)
  assert.not.match(conf, /^\[final-form-1\]$/m)
})

test('a share that was unmounted, and a line of fstab that was deleted, come back once', async () => {
  const one = await scene()
  await one.converge()
  await one.inside('umount /mnt/data')
  await one.inside('install -m 0644 /dev/null /etc/fstab')
  await one.converge()
  assert.match(await one.inside('cat /proc/mounts'), /\/mnt\/data nfs4 rw/)
  assert.is((await one.inside('cat /etc/fstab')).match(/\/mnt\/data/g)?.length, 1)
})

test('another declaration: the share, the file and the machine follow, and a new final form takes the place of the old one', async () => {
  const one = await scene()
  await one.converge()
  writeFileSync(one.source, 'welcome again\n')
  one.declare({
    cores: 3,
    nfs_shares: [{ host_path: '/tank/other', guest_path: '/mnt/data', options: 'rw,_netdev,nofail' }],
  })
  await one.converge()
  assert.match(await one.inside('cat /proc/mounts'), /^10\.0\.0\.13:\/tank\/other \/mnt\/data nfs4 rw/m)
  assert.is(await one.inside('cat /etc/motd'), 'welcome again\n')
  const conf = one.text('/etc/pve/qemu-server/8101.conf') ?? ''
  assert.match(conf, /^\[final-form-2\]$/m)
  assert.not.match(conf, /^\[final-form-1\]$/m)
})

test('an agent that is stopped: the run waits as long as declared, and says what it saw', async () => {
  const one = await scene({ agent_timeout_seconds: 1 })
  await one.converge()
  await one.sim('sim guest 8101 agent off')
  const { summary } = await one.run(1)
  const failed = summary.tasks.find(({ task }) => task === 'vm:8101:agent')
  assert.match(failed?.why ?? '', /within 1 s that the guest agent of VM 8101 answers/)
  assert.ok(failed?.failure?.mend.some((line) => line.includes('qm terminal 8101')))
  assert.is(summary.tasks.find(({ task }) => task === 'vm:8101:mounts')?.outcome, 'skipped')
})

test('what a running machine can not take waits for its next start, and brings one about only where that is agreed to', async () => {
  const one = await scene()
  await one.converge()
  one.declare({ cores: 3 })
  const first = await one.converge()
  assert.not.ok(first.commands.some((line) => line.startsWith('qm reboot')))
  assert.match(await one.notes(), 'cores of VM 8101 take effect when it is restarted: qm reboot 8101')
  assert.match(one.text('/etc/pve/qemu-server/8101.conf') ?? '', /^\[PENDING\]\ncores: 3$/m)
  one.declare({ cores: 4, restart: 'allowed' })
  const second = await one.converge()
  assert.is(second.commands.filter((line) => line.startsWith('qm reboot')).length, 1)
  const conf = one.text('/etc/pve/qemu-server/8101.conf') ?? ''
  assert.match(conf, /^cores: 4$/m)
  assert.not.match(conf, 'PENDING')
})

test('a machine that was destroyed by hand is made anew, also when the run that makes it is killed', async () => {
  const one = await scene()
  await one.converge()
  await one.sim('qm stop 8101')
  await one.sim('qm destroy 8101')
  const { host } = dyingAt(one.host, 1, true)
  await one.run(1, host).catch(() => undefined)
  await one.converge()
})

test('a guest that was rebooted is as declared', async () => {
  const one = await scene()
  await one.converge()
  await one.sim('qm reboot 8101')
  await one.nothingToDo()
})

test('killed at any command, before it or after it, the next run goes on to the same end', async () => {
  const before = await scene()
  before.targets = ['vm:9000']
  await before.run()
  for (const after of [false, true]) {
    for (let nth = 1; ; nth += 1) {
      const one = new Scene({}, structuredClone(before.state))
      const { host, hasDied } = dyingAt(one.host, nth, after)
      await one.run(1, host).catch(() => undefined)
      if (!hasDied()) {
        assert.ok(nth > 15, `${nth} commands are fewer than a machine takes`)
        break
      }
      await one.converge()
      assert.match(one.text('/etc/pve/qemu-server/8101.conf') ?? '', /^\[final-form-1\]$/m, `killed at ${nth}`)
    }
  }
})

test.run()

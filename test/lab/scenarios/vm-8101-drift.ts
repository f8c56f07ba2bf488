import assert from 'node:assert/strict'
import { type Scenario, says } from '../scenario.ts'
import type { Vm } from '../vm.ts'
import * as lab from '../vm-8101.ts'

/** Whoever is in there does this; the plan names it, and the next run mends it. */
async function mends(vm: Vm, drift: string, ...named: string[]): Promise<void> {
  await lab.inside(vm, drift)
  const plan = await lab.planned(vm, 2)
  for (const name of named) assert.ok(plan.includes(name), `the plan names ${name}`)
  const { summary } = await lab.make(vm)
  assert.ok(summary.mutations > 0)
  await lab.isAsDeclared(vm)
}

/** What is declared of it from now on. */
const other = {
  ...lab.machine,
  agent_timeout_seconds: 8,
  nfs_shares: [{ host_path: lab.exported, guest_path: '/srv/data' }],
  file_injections: [{ source: 'files/motd', destination: '/etc/motd', owner: 'root', mode: '0600' }],
}

async function asOtherwiseDeclared(vm: Vm): Promise<void> {
  await lab.declare(vm, other)
  await vm.write('/root/files/motd', 'another text\n')
  await vm.write('/root/scripts/docker.sh', lab.script('second'))
  await lab.make(vm)
  assert.equal(
    await lab.inside(vm, 'grep -c prod-data /etc/fstab; grep -c /mnt/prod-data /etc/fstab /proc/mounts | cat'),
    '1\n/etc/fstab:0\n/proc/mounts:0',
  )
  assert.match(
    await lab.inside(vm, 'grep " /srv/data " /proc/mounts'),
    /^10\.9\.0\.1:\/fastData\/prod-data \/srv\/data nfs4 rw,/,
  )
  assert.equal(await lab.inside(vm, 'cat /etc/motd; stat -c "%a %U:%G" /etc/motd'), 'another text\n600 root:root')
  assert.equal(await lab.inside(vm, 'cat /var/lib/feature-ran'), 'first\nsecond', 'the changed script ran once')
  await lab.isSettled(vm)
}

/** Not answering is told, within the limit that is declared; nothing is changed. */
async function agentStopped(vm: Vm): Promise<void> {
  await lab.inside(vm, 'systemctl stop qemu-guest-agent')
  const failed = await lab.make(vm, 1)
  assert.ok(failed.seconds < 60, `it took ${failed.seconds} s`)
  says(failed, 'the guest agent of VM 8101 answers', 'no answer to guest-sync-delimited', 'qm agent 8101 ping')
  assert.equal(failed.summary.mutations, 0)
  await lab.inside(vm, 'systemctl start qemu-guest-agent')
  await lab.planned(vm, 0)
}

export const scenario: Scenario = {
  shows:
    'what changes inside a machine is found and mended, so is its declaration; an agent that is gone is told in time',
  async run(vm) {
    await lab.prepare(vm)
    await lab.make(vm)
    await mends(
      vm,
      `printf X | dd of=/srv/app/binary conv=notrunc bs=1 seek=70000; chown root /etc/motd; umount /mnt/prod-data`,
      ...['/srv/app/binary', '/etc/motd', '/mnt/prod-data'],
    )
    await mends(vm, `sed -i /prod-data/d /etc/fstab`, 'fstab /mnt/prod-data')
    await mends(
      vm,
      `umount /mnt/prod-data; rm -r /srv/app /etc/motd; cp /etc/fstab /tmp/fstab; cat /tmp/fstab >>/etc/fstab`,
      'fstab',
    )
    await asOtherwiseDeclared(vm)
    await agentStopped(vm)
  },
}

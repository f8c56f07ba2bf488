import assert from 'node:assert/strict'
import { noSecretInProcesses, noSecretKept, watchProcesses } from '../processes.ts'
import { plan, run, type Scenario } from '../scenario.ts'
import * as lab from '../whole.ts'

const secrets = Object.values(lab.secrets)

export const scenario: Scenario = {
  shows:
    "from a bare host to the declared one in one run, packages of servers included; again with no trace; after a reboot too; an admin's lines and secrets kept",
  core: true,
  async run(vm) {
    await vm.run('dpkg --purge nfs-kernel-server samba')
    await lab.prepare(vm)
    await lab.writeTheirs(vm)
    const theirs = await vm.run(lab.theirs)
    const handling = ['chpasswd', 'smbpasswd']
    await watchProcesses(vm, secrets, handling)

    await plan(vm, 2)
    const first = await run(vm, 0, [], { timeoutSeconds: 900 })
    assert.equal(first.summary.changed, first.summary.tasks.length, 'every step had something to do')
    await lab.isSettled(vm)
    await noSecretInProcesses(vm, handling)

    await lab.plugClient(vm)
    const written = await lab.onExport(vm, 'echo written >/mnt/client/file && cat /mnt/client/file')
    assert.equal(written.stdout, 'written\n', written.stderr)
    const shared = await lab.onShare(vm, lab.secrets.ops, 'put /etc/hostname name; get name /run/name')
    assert.equal(shared.exitCode, 0, shared.stdout)
    assert.notEqual((await lab.onShare(vm, 'wrong', 'ls')).exitCode, 0)
    assert.match(await vm.run('ufw status'), /^Status: active/)
    assert.match(await vm.run(`LC_ALL=C date; ${lab.featureFolder}/docker.sh`), / CES?T .*\ndocker$/)

    await vm.reboot()
    const order = await vm.run(`systemctl show -p ActiveEnterTimestampMonotonic --value zfs-mount nfs-server`)
    const [mounted = 0, served = 0] = order.split(/\s+/).map(Number)
    assert.ok(0 < mounted && mounted < served, `mounted at ${mounted}, exported at ${served}`)
    await lab.plugClient(vm)
    assert.equal((await lab.onExport(vm, 'cat /mnt/client/file')).stdout, 'written\n')
    assert.equal((await lab.onShare(vm, lab.secrets.ops, 'ls name')).exitCode, 0)
    assert.match(await vm.run('ufw status; cat /proc/sys/vm/swappiness'), /^Status: active[\s\S]*\n10$/)
    await lab.isSettled(vm)

    assert.equal(await vm.run(lab.theirs), theirs)
    await noSecretKept(vm, secrets, lab.secretPlaces)
  },
}

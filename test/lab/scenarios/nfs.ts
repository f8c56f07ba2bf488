import assert from 'node:assert/strict'
import * as lab from '../nfs.ts'
import { plan, run, type Scenario } from '../scenario.ts'

/** What an admin may have written, with a blank at an end and no line break at the last line. */
const theirs = '\n# mine \t\n"/srv" 10.99.0.7(ro,sync,no_subtree_check)   # kept'

export const scenario: Scenario = {
  shows:
    'real NFS: a client in its own network mounts, writes, is refused; a storage on top; a second run does nothing',
  async run(vm) {
    await lab.connectClient(vm)
    await vm.run(['sh', '-c', 'printf %s "$1" >>/etc/exports; cp -p /etc/exports /root/', 'sh', theirs])
    await vm.run('exportfs -ra')
    await lab.declareNfs(vm, lab.usualExports)
    const before = await vm.run('exportfs -s; ls /etc/exports.d 2>/dev/null; true')
    assert.ok((await plan(vm, 2)).summary.changes > 0)
    assert.equal(await vm.run('exportfs -s; ls /etc/exports.d 2>/dev/null; true'), before, 'a plan exports nothing')
    await run(vm, 0)

    await lab.assertExported(vm, [...lab.allExported, '/srv  10.99.0.7'])
    await vm.run('cmp /etc/exports /root/exports')
    await lab.works(vm, '/fastData/data', 'echo written >/mnt/client/file && grep -q written /mnt/client/file')
    assert.equal(await vm.run('stat -c %U:%G /fastData/data/file'), 'nobody:nogroup')
    await lab.fails(vm, '/fastData/media', 'touch /mnt/client/file', /Read-only/)
    await lab.fails(vm, '/fastData/closed', 'true', /access denied|not permitted|No such file/)
    assert.match(await vm.run('cat /etc/pve/storage.cfg'), /^nfs: nfs-data\n(\t.*\n)*\tserver 10\.77\.0\.1\n/m)
    assert.match(await vm.run('cat /proc/mounts'), /10\.77\.0\.1:\/fastData\/data \/mnt\/pve\/nfs-data nfs4 /)
    await lab.nfsIsSettled(vm)

    // Not for another address of the same network either.
    await vm.run('ip -n client addr del 10.77.0.2/24 dev eth0; ip -n client addr add 10.77.0.3/24 dev eth0')
    await lab.fails(vm, '/fastData/data', 'true', /access denied|not permitted|No such file/)
    await lab.works(vm, '/fastData/media', 'ls /mnt/client')
  },
}

import assert from 'node:assert/strict'
import * as lab from '../nfs.ts'
import { run, type Scenario, says } from '../scenario.ts'

/**
 * exportfs, and once, when phx has it read the files anew, somebody stops the server. Not in the trial, which has a file of
 * its own there, and not when `zfs create` calls it.
 */
const stopper = `#!/bin/sh
/opt/exportfs "$@"
rc=$?
if [ "$1" = -ra ] && [ -e /etc/exports.d/phx.exports ] && [ ! -e /var/lib/nfs/exports ] && rm /run/stop-once 2>/dev/null; then systemctl stop nfs-server; fi
exit $rc
`

export const scenario: Scenario = {
  shows: 'the NFS server is stopped in the midst of a run: phx waits, then says why, and goes on the next time',
  async run(vm) {
    await lab.connectClient(vm)
    await lab.declareNfs(vm, lab.usualExports)
    await vm.run('mv /usr/sbin/exportfs /opt/exportfs; touch /run/stop-once')
    await vm.write('/usr/sbin/exportfs', stopper, '755')

    const began = Date.now()
    const stopped = await run(vm, 1)
    assert.ok(Date.now() - began > 60_000, 'it waits for a minute')
    says(
      stopped,
      'nfs-server.service is inactive',
      'within 60 s',
      'systemctl status nfs-server.service rpcbind.service',
    )
    assert.doesNotMatch(await vm.run('cat /etc/pve/storage.cfg'), /nfs-data/, 'no storage without a server')

    await run(vm, 0)
    await lab.assertExported(vm)
    await lab.works(vm, '/fastData/data', 'touch /mnt/client/file')
    await lab.nfsIsSettled(vm)
  },
}

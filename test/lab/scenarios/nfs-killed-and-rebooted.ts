import assert from 'node:assert/strict'
import * as lab from '../nfs.ts'
import { configFile, run, type Scenario } from '../scenario.ts'
import type { Vm } from '../vm.ts'

type Moment = 'before' | 'during' | 'after'

/** Kills phx once, when it calls the tool with this first word: before, during or after what that does. */
async function killAt(vm: Vm, tool: string, word: string, moment: Moment): Promise<void> {
  const real = await vm.run(`readlink -f "$(command -v ${tool})"`)
  const kill = 'kill -9 "$(cat /run/phx.pid)"'
  const body = { before: kill, during: `/opt/real "$@" & ${kill}; wait`, after: `/opt/real "$@"; ${kill}` }[moment]
  await vm.run(`mv ${real} /opt/real`)
  await vm.write(real, `#!/bin/sh\n[ "$1" = "${word}" ] || exec /opt/real "$@"\n${body}\n`, '755')
  const phx = `sh -c 'echo $$ >/run/phx.pid; exec phx run setup -c ${configFile}'; exit $?`
  assert.equal((await vm.attempt(phx)).exitCode, 137, `phx is killed ${moment} ${tool} ${word}`)
  await vm.run(`sleep 1; mv -f /opt/real ${real}`)
}

export const scenario: Scenario = {
  shows:
    'phx killed in the midst of chown, the trial of its file and exportfs goes on; after a reboot nothing is to do',
  async run(vm) {
    await lab.connectClient(vm)
    await lab.declareNfs(vm, lab.usualExports)
    await killAt(vm, 'chown', 'nobody:nogroup', 'during')
    await killAt(vm, 'unshare', '--mount', 'during')
    await killAt(vm, 'exportfs', '-ra', 'before')
    await run(vm, 0)
    await lab.works(vm, '/fastData/data', 'touch /mnt/client/file')
    assert.equal(await vm.run('ls -A /etc/exports.d'), 'phx.exports', 'nothing of the trial is left')

    // On the way to fewer exports: nothing may stay exported that stands in no file.
    await lab.declareNfs(vm, lab.usualExports.slice(0, 1))
    await killAt(vm, 'exportfs', '-u', 'after')
    await killAt(vm, 'exportfs', '-ra', 'before')
    await run(vm, 0)
    await lab.assertExported(vm, [`/fastData/data  ${lab.server}`, `/fastData/data  ${lab.client}`])

    await lab.declareNfs(vm, lab.usualExports)
    await run(vm, 0)
    await vm.run('touch /fastData/media/kept')
    await vm.reboot()
    await lab.connectClient(vm)
    await lab.assertExported(vm)
    await lab.works(vm, '/fastData/media', 'test -e /mnt/client/kept')
    await lab.nfsIsSettled(vm)
  },
}

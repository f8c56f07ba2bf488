import assert from 'node:assert/strict'
import * as lab from '../samba.ts'
import { configFile, run, type Scenario } from '../scenario.ts'
import type { Vm } from '../vm.ts'

const { heads, media } = lab.passwords

/** Kills phx once, when it calls the tool for the n-th time: before, during or after what that does. */
async function killAt(vm: Vm, tool: string, moment: 'before' | 'during' | 'after'): Promise<void> {
  const real = await vm.run(`readlink -f "$(command -v ${tool})"`)
  const kill = 'kill -9 "$(cat /run/phx.pid)"'
  const body = { before: kill, during: `/opt/real "$@" & ${kill}; wait`, after: `/opt/real "$@"; ${kill}` }[moment]
  await vm.run(`mv ${real} /opt/real`)
  await vm.write(real, `#!/bin/sh\n${body}\n`, '755')
  const phx = `sh -c 'echo $$ >/run/phx.pid; exec phx run setup -c ${configFile}'; exit $?`
  assert.equal((await vm.attempt(phx)).exitCode, 137, `phx is killed ${moment} ${tool}`)
  await vm.run(`sleep 1; mv -f /opt/real ${real}`)
}

export const scenario: Scenario = {
  shows:
    'phx killed in the midst of useradd, testparm, smbpasswd and smbcontrol goes on; after a reboot there is nothing to do',
  async run(vm) {
    await lab.setSecrets(vm)
    await vm.run('cp /etc/samba/smb.conf /root/smb.conf')
    await lab.declareSamba(vm, lab.usualShares)
    await killAt(vm, 'useradd', 'during')
    await killAt(vm, 'testparm', 'before')
    await killAt(vm, 'smbcontrol', 'before')
    await killAt(vm, 'smbpasswd', 'during')
    await run(vm, 0)
    await lab.works(vm, 'heads', heads)
    await lab.works(vm, 'media', media, 'Media')

    await lab.setSecret(vm, 'heads', lab.changedPassword)
    await killAt(vm, 'smbpasswd', 'after')
    await run(vm, 0)
    await lab.works(vm, 'heads', lab.changedPassword)
    await lab.sambaIsSettled(vm)
    await vm.run('cmp -n "$(stat -c %s /root/smb.conf)" /root/smb.conf /etc/samba/smb.conf')
    assert.equal(await vm.run('ls /etc/samba'), 'gdbcommands\nphx.conf\nsmb.conf')

    await vm.reboot()
    await lab.sambaIsSettled(vm)
    await lab.works(vm, 'heads', lab.changedPassword)
    await lab.works(vm, 'media', media, 'Media')
  },
}

import assert from 'node:assert/strict'
import * as lab from '../samba.ts'
import { plan, run, type Scenario } from '../scenario.ts'

const { heads, media } = lab.passwords
/** What an admin may have written, with a blank at an end, a tab, and no line break at the last line. */
const theirs = '\n; mine \t\n[attic]\n   path = /srv\n   comment = "kept"  \n   read only = yes'

export const scenario: Scenario = {
  shows:
    'shares on real Samba: put and get, wrong and changed passwords, valid users, a second run that changes nothing',
  async run(vm) {
    await lab.setSecrets(vm)
    await vm.run([
      'sh',
      '-c',
      'printf %s "$1" >>/etc/samba/smb.conf; cp /etc/samba/smb.conf /root/smb.conf',
      'sh',
      theirs,
    ])
    await lab.declareSamba(vm, lab.usualShares)
    const planned = await plan(vm, 2)
    await lab.watchProcesses(vm)
    const first = await run(vm, 0)
    await lab.noSecretSeen(vm, JSON.stringify(planned) + first.stdout + first.stderr, 'smbpasswd')

    assert.deepEqual((await lab.listed(vm)).sort(), ['Media', 'attic', 'nobody', 'prod-data', 'print$'].sort())
    const put = await lab.asUser(vm, 'heads', heads, 'prod-data', 'put /etc/hostname h; get h /root/back')
    assert.equal(put.exitCode, 0, `${put.stdout}${put.stderr}`)
    await vm.run('cmp /etc/hostname /root/back && cmp /etc/hostname /fastData/data/h')
    assert.equal(await vm.run('stat -c %U /fastData/data/h /fastData/data'), 'heads\nheads')
    await lab.fails(vm, 'NT_STATUS_LOGON_FAILURE', 'heads', 'wrong')
    await lab.fails(vm, 'NT_STATUS_ACCESS_DENIED', 'media', media)
    await lab.works(vm, 'media', media, 'Media')
    await lab.works(vm, 'heads', heads, 'hidden')
    await lab.fails(vm, 'NT_STATUS_ACCESS_DENIED', 'media', media, 'hidden')
    await lab.sambaIsSettled(vm)

    // Every byte of the admin's, and behind it phx's three lines.
    await vm.run('cmp -n "$(stat -c %s /root/smb.conf)" /root/smb.conf /etc/samba/smb.conf')
    const added = await vm.run('tail -c "+$(($(stat -c %s /root/smb.conf) + 1))" /etc/samba/smb.conf')
    assert.equal(added, '\n# phx begin samba\ninclude = /etc/samba/phx.conf\n# phx end samba')

    await lab.setSecret(vm, 'heads', lab.changedPassword)
    const changed = await run(vm, 0)
    const commands = changed.events.flatMap((event) => (event.type === 'command-start' ? [event.argv.join(' ')] : []))
    assert.deepEqual(commands, ['smbpasswd -s -a heads'])
    await lab.works(vm, 'heads', lab.changedPassword)
    await lab.fails(vm, 'NT_STATUS_LOGON_FAILURE', 'heads', heads)
    await lab.sambaIsSettled(vm)

    await vm.run('rm /etc/phx/secrets/heads')
    assert.match((await run(vm, 3)).stdout, /there is no file \/etc\/phx\/secrets\/heads/)
  },
}

import assert from 'node:assert/strict'
import * as lab from '../samba.ts'
import { plan, run, type Scenario, says } from '../scenario.ts'

const { heads, media } = lab.passwords

export const scenario: Scenario = {
  shows:
    'Samba changed behind phx: every drift is found and mended; a share in use is named before it goes; what is no longer declared goes',
  async run(vm) {
    await lab.setSecrets(vm)
    await vm.run('cp /etc/samba/smb.conf /root/smb.conf')
    await lab.declareSamba(vm, lab.usualShares)
    await run(vm, 0)

    await vm.run(`sed -i 's/valid users = heads/valid users = media/' /etc/samba/phx.conf; cp /root/smb.conf /etc/samba/smb.conf
      smbpasswd -d media; chown root /fastData/data; systemctl disable --now smbd`)
    await vm.run('smbpasswd -s -a heads', { stdin: 'by-hand\nby-hand\n' })
    const drift = (await plan(vm, 2)).tasks.flatMap((task) => task.changes.map(({ resource }) => resource))
    assert.deepEqual(drift, [
      'shared-folder:/fastData/data',
      'file:/etc/samba/phx.conf',
      'lines:/etc/samba/smb.conf',
      'samba-user:heads',
      'samba-user:media',
      'unit:smbd.service',
      'samba-shares',
    ])
    await run(vm, 0)
    await lab.works(vm, 'heads', heads)
    await lab.works(vm, 'media', media, 'Media')
    await lab.fails(vm, 'NT_STATUS_ACCESS_DENIED', 'media', media)
    await lab.sambaIsSettled(vm)

    await vm.run('smbpasswd -x media; rm /etc/samba/phx.conf; userdel heads')
    await run(vm, 0)
    await lab.works(vm, 'heads', heads, 'hidden')
    await lab.works(vm, 'media', media, 'Media')
    await lab.sambaIsSettled(vm)

    // A line behind the include would land in phx's last share: the include moves behind it.
    await vm.run(`printf '   comment = stray\\n' >>/etc/samba/smb.conf`)
    await run(vm, 0)
    assert.match(
      await vm.run('testparm -s --section-name=hidden 2>/dev/null'),
      /^\[hidden\][\s\S]*path = \/fastData\/media/m,
    )
    assert.match(await vm.run("testparm -s --section-name='print$' 2>/dev/null"), /comment = stray/)
    await vm.run(`sed -i '/comment = stray/d' /etc/samba/smb.conf`)

    await vm.write('/root/login', `username = heads\npassword = ${heads}\n`, '600')
    await vm.run(`mkfifo /run/typed; setsid sh -c 'smbclient //localhost/prod-data -A /root/login </run/typed' >/run/client 2>&1 &
      setsid sh -c 'sleep 600 >/run/typed' >/dev/null 2>&1 </dev/null &
      until smbstatus -S | grep -q prod-data; do sleep 0.2; done`)
    await lab.declareSamba(vm, { ...lab.usualShares, shares: lab.usualShares.shares?.slice(1) ?? [] })
    const planned = await plan(vm, 2)
    const change = planned.tasks.flatMap((task) => task.changes)[0]
    assert.equal(change?.risk, 'disruptive')
    assert.match(change.summary, /no more share prod-data, which cuts off heads from 127\.0\.0\.1 on prod-data/)
    await run(vm, 0)
    assert.doesNotMatch(await vm.run('smbstatus -S'), /prod-data/)
    assert.ok(!(await lab.listed(vm)).includes('prod-data'))
    await lab.works(vm, 'media', media, 'Media')

    await vm.run(`printf '\\n[media]\\n  path = /srv\\n' >>/etc/samba/smb.conf`)
    says(await run(vm, 3), 'the share Media is declared in samba.shares and stands in /etc/samba/smb.conf, line')
    await vm.run(`sed -i '/^\\[media\\]$/,$d' /etc/samba/smb.conf && sed -i '$ { /^$/d }' /etc/samba/smb.conf`)

    await lab.declareSamba(vm, null)
    await run(vm, 0)
    assert.equal(await vm.run('pdbedit -L'), '')
    await vm.run('test ! -e /etc/samba/phx.conf && cmp /etc/samba/smb.conf /root/smb.conf && getent passwd heads media')
    assert.deepEqual((await lab.listed(vm)).sort(), ['nobody', 'print$'])
    await lab.sambaIsSettled(vm)
  },
}

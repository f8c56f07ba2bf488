/** What went wrong with Samba in the shell scripts that phx replaces, one test an incident, each bearing its name. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { declaredSamba } from '../../lib/config/samba.ts'
import { otherPassword, passwordFile, phxConf, scene, smbConf, usual } from './scene.ts'

test('the Samba password was set once, and a changed one never applied', async () => {
  const one = scene()
  await one.converge()
  await one.write(passwordFile, otherPassword)
  assert.equal((await one.converge()).commands, ['smbpasswd -s -a heads'])
  await one.sim(`smbclient //localhost/prod-data -U heads%${otherPassword} -c ls`)
})

test('smb.conf was rewritten whole, and a .bak of the old one left at every run', async () => {
  const one = scene()
  const theirs = `; mine\t\n${one.text(smbConf)}\n[attic]\n   path = /srv\n   comment = "kept"  \n`
  await one.write(smbConf, theirs)
  await one.converge()
  assert.is(one.text(smbConf), `${theirs}# phx begin samba\ninclude = /etc/samba/phx.conf\n# phx end samba\n`)
  assert.equal(await one.host.listDir('/etc/samba'), ['phx.conf', 'smb.conf'])
  assert.match(one.stateTexts(), 'attic', 'the former text is in the journal')
  one.samba = undefined
  await one.converge()
  assert.is(one.text(smbConf), theirs)
})

test('options were a text that nothing read', () => {
  const [share] = declaredSamba({ samba: usual })?.shares ?? []
  assert.equal(share?.parameters, [
    { name: 'browseable', value: 'yes' },
    { name: 'guest ok', value: 'no' },
    { name: 'read only', value: 'no' },
  ])
})

test('browsable: false could not work, as // of jq takes false for missing', () => {
  const shares = [{ name: 's', path: 'tank/data', browsable: false, read_only: false, guest_ok: false }]
  assert.is(declaredSamba({ samba: { shares } })?.shares[0]?.isBrowseable, false)
})

test('a path without a slash in front was shared relative to nothing', async () => {
  const one = scene()
  await one.converge()
  assert.match(one.text(phxConf) ?? '', '\n  path = /tank/data\n')
})

test('chmod -R 777 and chown -R on what people had put there', async () => {
  const one = scene()
  await one.converge()
  await one.sim('mkdir /tank/data/theirs')
  await one.sim('chown www-data:www-data /tank/data/theirs')
  await one.sim('chmod 0700 /tank/data/theirs')
  await one.sim('chown root:root /tank/data')
  const { commands } = await one.converge()
  assert.equal(commands, ['chown heads /tank/data'])
  assert.is((await one.host.stat('/tank/data/theirs'))?.uid, 33)
  assert.is((await one.host.stat('/tank/data/theirs'))?.mode, 0o700)
})

test('NFS wants nobody, Samba heads, on one dataset: who says it gets it, and the other leaves it', async () => {
  const exports = [{ path: '/tank/data', clients: ['10.0.0.0/24'], owner: 'nobody', group: 'nogroup', mode: '0775' }]
  const one = scene(usual, { nfs: { exports } })
  assert.not.match((await one.summaries()).join('\n'), 'heads of /tank/data')
})

test('smbd was restarted at every run, under those who were connected', async () => {
  const one = scene()
  await one.converge()
  await one.sim('sim smb-connect heads prod-data 10.0.0.5')
  one.samba = { ...usual, shares: [...(usual.shares ?? []), { name: 'more', path: 'tank/media' }] }
  const { commands } = await one.converge()
  assert.not.match(commands.join('\n'), 'restart')
  assert.is(one.host.state.samba?.sessions.length, 1)
})

test('the account of the shares was asked for on the terminal, in the midst of the run', async () => {
  const one = scene()
  await one.sim(`rm ${passwordFile}`)
  assert.match(await one.refused(), `there is no file ${passwordFile}`)
})

test.run()

/** Shares and Samba users that are no longer declared. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { anonymous, phxConf, scene, smbConf, usual } from './scene.ts'

test('a share that is no longer declared goes, its data stays', async () => {
  const one = scene()
  await one.converge()
  one.samba = { ...usual, shares: usual.shares?.slice(0, 1) ?? [] }
  const [change] = await one.changes()
  assert.is(change?.risk, 'safe')
  assert.match(change?.summary ?? '', 'no more share Media')
  await one.converge()
  assert.not.match(await one.sim(anonymous), 'Media')
  assert.match(await one.sim('zfs list -H -o name'), 'tank/media')
})

test('a share in use: the plan names who uses it, and the run cuts them off', async () => {
  const one = scene()
  await one.converge()
  await one.sim('sim smb-connect heads Media 10.0.0.5')
  await one.sim('sim smb-connect heads prod-data 10.0.0.6')
  one.samba = { ...usual, shares: usual.shares?.slice(0, 1) ?? [] }
  const [change] = await one.changes()
  assert.is(change?.risk, 'disruptive')
  assert.match(change?.summary ?? '', 'heads from 10.0.0.5 on Media')
  assert.ok((await one.converge()).commands.includes('smbcontrol smbd close-share Media'))
  assert.equal(
    one.host.state.samba?.sessions.map(({ share }) => share),
    ['prod-data'],
  )
})

test('declared no more: shares, include and Samba users of phx go; accounts, packages and smbd stay', async () => {
  const one = scene()
  const conf = one.text(smbConf)
  await one.converge()
  one.samba = undefined
  await one.converge()
  assert.is(one.text(smbConf), conf)
  assert.is(one.text(phxConf), undefined)
  assert.is(await one.sim('pdbedit -L'), '')
  assert.match(await one.sim('getent passwd heads'), 'heads')
  assert.is((await one.sim('systemctl is-active smbd')).trim(), 'active')
  assert.ok(!(await one.plan()).tasks.some((task) => task.task === 'samba' && task.changes.length > 0))
})

test('a Samba user of somebody else stays, also when phx goes', async () => {
  const one = scene()
  await one.sim('apt-get -y install samba')
  await one.sim('useradd -M guest')
  await one.sim('smbpasswd -s -a guest', 'theirs\ntheirs\n')
  await one.converge()
  one.samba = undefined
  await one.converge()
  assert.match(await one.sim('pdbedit -L'), 'guest')
})

test('one whose Unix account is gone can be removed too', async () => {
  const one = scene()
  await one.converge()
  await one.sim('userdel heads')
  one.samba = undefined
  await one.converge()
  assert.is(await one.sim('pdbedit -L'), '')
})

test.run()

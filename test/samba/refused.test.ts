/** What the step `samba` refuses, and what it leaves as it is. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { passwordFile, phxConf, scene, smbConf, usual } from './scene.ts'

test('refused: a share whose name stands in smb.conf, both places named', async () => {
  const one = scene()
  const conf = `${one.text(smbConf)}\n[Prod-Data]\n  path = /srv\n`
  await one.write(smbConf, conf)
  const said = await one.refused()
  assert.match(said, 'samba.shares')
  assert.match(said, `${smbConf}, line ${conf.split('\n').indexOf('[Prod-Data]') + 1}`)
})

test('refused: the same in a file that smb.conf includes', async () => {
  const one = scene()
  await one.write(smbConf, `${one.text(smbConf)}\ninclude = /etc/samba/more.conf\n`)
  await one.write('/etc/samba/more.conf', '[media]\n  path = /srv\n')
  assert.match(await one.refused(), '/etc/samba/more.conf, line 1')
})

test('refused: a last line of smb.conf that would go on in phx’s', async () => {
  for (const text of ['[global]\n[mine]\n path = /srv \\\n', '[global]\n[mine]\n path = /srv \\']) {
    const one = scene()
    await one.write(smbConf, text)
    assert.match(await one.refused(), 'line 3 of /etc/samba/smb.conf ends with a backslash')
  }
})

test('refused: another service on port 445', async () => {
  const one = scene()
  await one.sim('sim listen 445')
  assert.match(await one.refused(), "ss -ltnp 'sport = :445'")
})

test('refused: a secret that is not there, and one that is too long for smbpasswd', async () => {
  const one = scene()
  await one.sim(`rm ${passwordFile}`)
  assert.match(await one.refused(), `there is no file ${passwordFile}`)
  const long = scene()
  await long.write(passwordFile, 'ä'.repeat(128))
  assert.match(await long.refused(), '255 bytes')
})

test('refused: a folder that is not there, on the pool and on the root disk', async () => {
  const one = scene({ ...usual, shares: [{ name: 's', path: 'tank/data/sub' }] })
  assert.match(await one.refused(), 'mkdir -p /tank/data/sub')
  one.samba = { ...usual, shares: [{ name: 's', path: '/srv/none' }] }
  assert.match(await one.refused(), 'there is no such folder')
})

test('refused: marks in smb.conf that do not pair', async () => {
  const one = scene()
  await one.write(smbConf, `# phx begin samba\n${one.text(smbConf)}`)
  assert.match(await one.refused(), 'do not pair')
})

test('a file of that name that phx did not write stays', async () => {
  const one = scene()
  await one.write(phxConf, '[mine]\n  path = /srv\n')
  assert.match(await one.refused(), 'was not written by phx')
})

test('what testparm complains of does not go live', async () => {
  const one = scene()
  await one.converge()
  const before = one.text(phxConf)
  one.samba = { ...usual, shares: [{ name: 's', path: 'tank/data', options: { 'create mask': '99' } }] }
  const { summary } = await one.run(1)
  assert.match(JSON.stringify(summary.tasks), 'Invalid octal number create mask')
  assert.is(one.text(phxConf), before)
})

test('a smb.conf of the admin that is broken is left as it is, and said', async () => {
  const one = scene()
  const broken = `${one.text(smbConf)}\n[x]\n  read only = perhaps\n  path = /srv\n`
  await one.write(smbConf, broken)
  const { summary } = await one.run(1)
  assert.match(JSON.stringify(summary.tasks), 'value is not boolean!')
  assert.is(one.text(smbConf), broken)
})

test('the dataset is mounted before it is shared, never the folder underneath', async () => {
  const one = scene()
  await one.converge()
  await one.sim('zfs unmount tank/data')
  const { commands } = await one.converge()
  assert.equal(commands, ['zfs mount tank/data'])
})

test('refused: a dataset that is not mounted and that nothing mounts', async () => {
  const one = scene()
  await one.converge()
  await one.sim('zfs set canmount=noauto tank/data')
  await one.sim('zfs unmount tank/data')
  assert.match(await one.refused(), 'canmount is noauto')
})

test('refused: a link that leads off the dataset', async () => {
  const one = scene()
  await one.converge()
  await one.host.change((state) => {
    state.symlinks = { ...state.symlinks, '/tank/data/link': '/srv' }
  })
  one.samba = { ...usual, shares: [{ name: 's', path: 'tank/data/link' }] }
  assert.match(await one.refused(), '/tank/data/link leads to /srv')
})

test.run()

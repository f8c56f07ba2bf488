/** What somebody changed behind phx is found by the plan and mended. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { anonymous, connect, password, phxConf, type Scene, scene, smbConf } from './scene.ts'

const drifts: Readonly<Record<string, (one: Scene) => Promise<unknown>>> = {
  'a share edited in phx.conf': (one) =>
    one.write(phxConf, (one.text(phxConf) ?? '').replace('read only = yes', 'read only = no')),
  'phx.conf taken away': (one) => one.sim(`rm ${phxConf}`),
  'the include taken out': (one) => one.write(smbConf, (one.text(smbConf) ?? '').replace(/# phx begin[\s\S]*/, '')),
  'smbd stopped': (one) => one.sim('systemctl stop smbd'),
  'smbd disabled': (one) => one.sim('systemctl disable smbd'),
  'nmbd started': (one) => one.sim('systemctl enable --now nmbd'),
  'the Samba user deleted': (one) => one.sim('smbpasswd -x heads'),
  'its password changed by hand': (one) => one.sim('smbpasswd -s -a heads', 'by-hand\nby-hand\n'),
  'its password taken away': (one) => one.sim('smbpasswd -n heads'),
  'the Samba user disabled': (one) => one.sim('smbpasswd -d heads'),
  'the Unix account deleted': (one) => one.sim('userdel heads'),
  'the owner of the folder changed': (one) => one.sim('chown root /tank/data'),
  'samba removed': (one) => one.sim('apt-get -y remove samba'),
}

for (const [name, drift] of Object.entries(drifts)) {
  test(`drift: ${name} is found by the plan and mended`, async () => {
    const one = scene()
    await one.converge()
    const before = [one.text(smbConf), one.text(phxConf)]
    await drift(one)
    assert.ok((await one.summaries()).length > 0, 'the plan finds it')
    await one.converge()
    assert.equal([one.text(smbConf), one.text(phxConf)], before)
    await one.sim(connect('heads', password))
    assert.match(await one.sim(anonymous), 'Disk|prod-data|')
  })
}

test('drift: the Unix account deleted, and another one in the place of its uid', async () => {
  const one = scene()
  await one.converge()
  await one.sim(connect('heads', password))
  await one.sim('userdel heads')
  await one.sim('useradd -M other')
  const { commands } = await one.converge()
  assert.equal(commands.slice(0, 2), ['net cache flush', 'useradd -M -s /usr/sbin/nologin heads'])
  await one.sim(connect('heads', password))
})

test('a reboot leaves nothing to do', async () => {
  const one = scene()
  await one.converge()
  await one.sim('sim reboot')
  assert.is((await one.run()).summary.mutations, 0)
  await one.sim(connect('heads', password))
})

test.run()

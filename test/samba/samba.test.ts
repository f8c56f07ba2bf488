/** The step `samba` on the simulated host: what it converges, and what its users get of it. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Host, readerOf } from '../../lib/host/host.ts'
import { anonymous, connect, otherPassword, password, passwordFile, scene, smbConf, usual } from './scene.ts'

test('from a bare host in one run; the second has nothing to do', async () => {
  const one = scene()
  const conf = one.text(smbConf)
  await one.converge()
  assert.ok(one.text(smbConf)?.startsWith(conf ?? '?'))
  const listed = await one.sim(anonymous)
  assert.match(listed, 'Disk|prod-data|')
  assert.match(listed, 'Disk|Media|')
  await one.sim(connect('heads', password))
  assert.match((await one.call(connect('heads', 'wrong'))).stdout, 'NT_STATUS_LOGON_FAILURE')
})

test('a second run looks by one process a kind of thing', async () => {
  const one = scene()
  await one.converge()
  const asked: string[] = []
  const host: Host = {
    ...readerOf(one.host),
    query: (argv) => {
      asked.push(argv.join(' '))
      return one.host.query(argv)
    },
    mutate: async () => {
      throw new Error('nothing is to be done')
    },
    writeFile: async () => assert.unreachable('nothing is to be done'),
    removeFile: async () => assert.unreachable('nothing is to be done'),
    close: async () => undefined,
  }
  await one.run(0, host)
  assert.equal(asked.filter((line) => /smb|pdbedit|testparm/.test(line.split(' ')[0] ?? '')).sort(), [
    'pdbedit -Lw',
    'smbclient -gNL localhost',
  ])
})

test('a changed password is applied, an unchanged one is not touched', async () => {
  const one = scene()
  await one.converge()
  await one.write(passwordFile, otherPassword)
  assert.equal(await one.summaries(), ['set the password of Samba user heads to the declared one'])
  assert.equal((await one.converge()).commands, ['smbpasswd -s -a heads'])
  await one.sim(connect('heads', otherPassword))
  assert.is((await one.call(connect('heads', password))).exitCode, 1)
})

test('a changed option reloads smbd and restarts nothing', async () => {
  const one = scene()
  await one.converge()
  one.samba = { ...usual, shares: usual.shares?.map((share) => ({ ...share, valid_users: ['heads'] })) ?? [] }
  const { commands } = await one.converge()
  assert.equal(commands, ['smbcontrol smbd reload-config'])
})

test('equivalent spellings change nothing', async () => {
  const one = scene()
  await one.converge()
  const [first, second] = usual.shares ?? []
  assert.ok(first && second)
  one.samba = {
    ...usual,
    shares: [
      {
        name: 'prod-data',
        path: '/tank//data/',
        options: { writeable: true, Browsable: 'TRUE' },
        valid_users: ['heads'],
      },
      { ...second, options: 'public=no' },
    ],
  }
  assert.equal(await one.summaries(), [])
})

test('valid users hold', async () => {
  const one = scene({ ...usual, users: [{ username: 'media', password: { file: passwordFile } }] })
  await one.converge()
  assert.match((await one.call(connect('media', password))).stdout, 'NT_STATUS_ACCESS_DENIED')
  await one.sim(connect('media', password, 'Media'))
})

test('a hidden share is served, though not listed', async () => {
  const one = scene({ ...usual, shares: [{ name: 'hidden', path: 'tank/data', browsable: false }] })
  await one.converge()
  assert.not.match(await one.sim(anonymous), 'hidden')
  await one.sim(connect('heads', password, 'hidden'))
})

test('an account that `users` declares is not made a second time', async () => {
  const one = scene(usual, { users: [{ username: 'heads' }] })
  const { commands } = await one.converge()
  assert.is(commands.filter((line) => line.startsWith('useradd')).length, 1)
  assert.not.match(commands.join('\n'), 'nologin')
})

test('the workgroup, only where one is declared', async () => {
  const one = scene(usual, { network: { workgroup: 'Phoenix' } })
  await one.converge()
  assert.match(await one.sim('testparm -s'), 'workgroup = PHOENIX')
  one.config = { ...one.config, network: {} }
  await one.converge()
  assert.not.match(await one.sim('testparm -s'), 'workgroup')
})

test('NetBIOS only where it is wanted', async () => {
  const one = scene()
  await one.converge()
  assert.is((await one.call('systemctl is-active nmbd')).stdout.trim(), 'inactive')
  one.samba = { ...usual, netbios: true }
  await one.converge()
  assert.is((await one.call('systemctl is-active nmbd')).stdout.trim(), 'active')
})

test('owner, group and mode of the folder itself, where they are declared', async () => {
  const shares = [{ name: 's', path: 'tank/data', owner: 'heads', group: 'heads', mode: '0770' }]
  const one = scene({ ...usual, shares })
  await one.converge()
  const { uid, mode } = (await one.host.stat('/tank/data')) ?? {}
  assert.equal({ uid, mode }, { uid: 1000, mode: 0o770 })
})

test('a folder that belongs to somebody already is not taken away from them', async () => {
  const one = scene()
  await one.converge()
  await one.sim('chown www-data:www-data /tank/data')
  assert.equal(await one.summaries(), [])
})

test('a writable share that only root may write to is told of', async () => {
  const one = scene({ ...usual, shares: [{ name: 's', path: 'tank/data', read_only: false, valid_users: ['@users'] }] })
  await one.converge()
  assert.match(await one.notes(), 'only root may write to /tank/data')
})

test('names that nobody has are told of', async () => {
  const one = scene({
    ...usual,
    shares: [{ name: 's', path: 'tank/data', valid_users: ['heads', 'nemo', '@nobodies', '@users'] }],
  })
  assert.match(await one.notes(), 'share s lets in nemo, @nobodies')
})

test.run()

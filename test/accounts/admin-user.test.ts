/** The step admin-user on the simulated host: account, password, sudo and the role in Proxmox VE. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { dyingAt } from '../engine-scene.ts'
import { ada, hash, hashFile, key, otherHash, type Scene, scene, type Users } from './scene.ts'

const dropIn = '/etc/sudoers.d/phx-ada'
const acl = (one: Scene): string =>
  (one.text('/etc/pve/user.cfg') ?? '')
    .split('\n')
    .filter((line) => line.startsWith('acl'))
    .join('\n')
const shadow = async (one: Scene): Promise<string> => (await one.sim('getent shadow ada')).split(':')[1] ?? ''

test('an administrator from nothing, then nothing to do', async () => {
  const one = scene()
  const { commands } = await one.converge()
  assert.equal(commands.slice(1), [
    'useradd --create-home --home-dir /home/ada --shell /bin/bash --user-group --groups adm ada',
    'chpasswd --encrypted',
    'install -d -m 0700 -o ada -g ada /home/ada/.ssh',
    'pveum user add ada@pam',
    'pveum acl modify / --users ada@pam --roles Administrator --propagate 1',
  ])
  assert.match(commands[0] ?? '', /apt-get .* install .*sudo$/)
  assert.is(await one.sim('id ada'), 'uid=1000(ada) gid=1000(ada) groups=1000(ada),4(adm)\n')
  assert.is(await shadow(one), hash)
  assert.match(await one.sim('visudo -c'), `${dropIn}: parsed OK`)
  assert.match(one.text(dropIn) ?? '', /\nada ALL=\(ALL:ALL\) ALL\n$/)
  assert.is(acl(one), 'acl:1:/:ada@pam:Administrator:')
  const { mode, uid } = one.host.state.files['/home/ada/.ssh/authorized_keys'] ?? {}
  assert.equal([mode, uid], [0o600, 1000])
})

test('one object and a list of one mean the same; several users each get their own task', async () => {
  const one = scene(ada)
  await one.converge()
  one.users = [ada]
  assert.is((await one.run()).summary.mutations, 0)
  one.users = [ada, { username: 'bob' }]
  const { commands } = await one.converge()
  assert.equal(commands, ['useradd --create-home --home-dir /home/bob --shell /bin/bash --user-group bob'])
  const { tasks } = await one.plan()
  assert.equal(
    tasks.map(({ task }) => task),
    ['admin-user:ada', 'admin-user:bob'],
  )
})

const drifts: Readonly<Record<string, (one: Scene) => Promise<unknown>>> = {
  'usermod --shell': (one) => one.sim('usermod -s /bin/sh ada'),
  'usermod --append': (one) => one.sim('gpasswd -d ada adm'),
  'chpasswd --encrypted': (one) => one.sim('chpasswd -e', `ada:${otherHash}\n`),
  'apt-get': (one) => one.sim('apt-get -y remove sudo'),
  'install -d': (one) => one.sim('chmod 0755 /home/ada/.ssh'),
  'mkhomedir_helper ada': (one) => one.sim('rm -rf /home/ada'),
  'pveum acl modify': (one) => one.sim('pveum acl delete / --users ada@pam --roles Administrator'),
  'pveum user add': (one) => one.sim('pveum user delete ada@pam'),
}
for (const [command, drift] of Object.entries(drifts)) {
  test(`drift of each kind is found by plan and mended: ${command}`, async () => {
    const one = scene([{ ...ada, shell: '/bin/bash' }])
    await one.converge()
    await drift(one)
    const { tasks } = await one.plan()
    assert.ok(tasks.some(({ reason }) => reason.standing === 'drifted'))
    const { commands } = await one.converge()
    assert.ok(
      commands.some((line) => line.includes(command)),
      commands.join('\n'),
    )
  })
}

test('drift of files: content, mode and owner of the drop-in and of authorized_keys', async () => {
  const one = scene()
  await one.converge()
  const keys = '/home/ada/.ssh/authorized_keys'
  const whole = [one.text(dropIn), one.text(keys)]
  const meddle = [
    () => one.sim(`chmod 0644 ${dropIn}`),
    () => one.sim(`rm ${dropIn}`),
    () => one.write(dropIn, `${one.text(dropIn)}ada ALL=(ALL) NOPASSWD: ALL\n`),
    () => one.sim(`chmod 0644 ${keys}`),
    () => one.sim(`chown root ${keys}`),
    () => one.sim(`rm ${keys}`),
  ]
  for (const drift of meddle) {
    await drift()
    assert.ok((await one.converge()).summary.mutations > 0)
    assert.equal([one.text(dropIn), one.text(keys)], whole)
    assert.is(one.host.state.files[dropIn]?.mode, 0o440)
    assert.equal([one.host.state.files[keys]?.mode, one.host.state.files[keys]?.uid], [0o600, 1000])
  }
})

test('an account that is there already keeps its home, its shell, its groups and its password unless declared', async () => {
  const one = scene([{ username: 'ada', groups: ['adm'], password_hash: 'NOT_SET' }])
  await one.sim('useradd -m -s /bin/sh -G video ada')
  await one.sim('chpasswd -e', `ada:${otherHash}\n`)
  assert.equal((await one.converge()).commands, ['usermod --append --groups adm ada'])
  assert.is(await one.sim('id -Gn ada'), 'ada adm video\n')
  assert.match(await one.sim('getent passwd ada'), ':/home/ada:/bin/sh\n')
  assert.is(await shadow(one), otherHash)
})

test('a shell that lets nobody in, or is not installed, is warned about', async () => {
  const one = scene([{ username: 'ada' }, { username: 'bob', shell: '/usr/bin/zsh' }])
  await one.sim('useradd -M -s /usr/sbin/nologin ada')
  assert.equal((await one.converge()).commands.slice(0, 1), ['mkhomedir_helper ada 0077'])
  const notes = (await one.plan()).tasks.flatMap((task) => task.notes.map(({ text }) => text)).join('\n')
  assert.match(notes, "ada can't log in with the shell /usr/sbin/nologin, which phx leaves as it is")
  assert.match(notes, 'there is no /usr/bin/zsh: bob')
})

test('empty and NOT_SET leave the password alone, and sudo without any password is warned about', async () => {
  for (const password_hash of ['', 'NOT_SET']) {
    const one = scene([{ username: 'ada', sudo_access: true, password_hash }])
    await one.converge()
    assert.is(await shadow(one), '!')
    const { tasks } = await one.plan()
    assert.match(
      tasks[0]?.notes.map(({ text }) => text).join() ?? '',
      'may use sudo, which asks for a password, and has none',
    )
  }
})

test('the role changes: the new one comes before the old one goes; roles that somebody else gave stay', async () => {
  const one = scene()
  await one.converge()
  await one.sim('pveum acl modify / --users ada@pam --roles PVEAuditor')
  await one.sim('pveum acl modify /vms --users ada@pam --roles PVEVMAdmin')
  one.users = [{ ...ada, proxmox_role: 'PVEAdmin' }]
  assert.equal((await one.converge()).commands, [
    'pveum acl modify / --users ada@pam --roles PVEAdmin --propagate 1',
    'pveum acl delete / --users ada@pam --roles Administrator',
  ])
  assert.is(acl(one), 'acl:1:/:ada@pam:PVEAdmin,PVEAuditor:\nacl:1:/vms:ada@pam:PVEVMAdmin:')
})

test('a role of one’s own is taken, an unknown one refused with those that there are', async () => {
  const one = scene([{ username: 'ada', proxmox_role: 'Operators' }])
  const said = await one.refused()
  assert.match(said, 'ada@pam is to have the role Operators, which Proxmox VE does not know')
  assert.match(said, /there are: Administrator, NoAccess, .*, PVEVMUser/)
  await one.sim('pveum role add Operators --privs VM.PowerMgmt')
  await one.converge()
  assert.is(acl(one), 'acl:1:/:ada@pam:Operators:')
})

test('a role that is not handed down is handed down; a disabled user is told of and stays disabled', async () => {
  const one = scene([{ username: 'ada', proxmox_role: 'PVEAdmin' }])
  await one.sim('pveum user add ada@pam --enable 0')
  await one.sim('pveum acl modify / --users ada@pam --roles PVEAdmin --propagate 0')
  await one.converge()
  assert.is(acl(one), 'acl:1:/:ada@pam:PVEAdmin:')
  assert.match(one.text('/etc/pve/user.cfg') ?? '', 'user:ada@pam:0:')
  assert.match(JSON.stringify((await one.plan()).tasks[0]?.notes), 'is disabled in Proxmox VE')
})

test('a host without Proxmox VE gets the account and no role; one whose /etc/pve is not mounted is not guessed about', async () => {
  const one = scene([{ username: 'ada', proxmox_role: 'PVEAdmin' }])
  const pve = (path: string): boolean => path === '/etc/pve' || path.startsWith('/etc/pve/')
  const kept = { ...one.host.state.files }
  await one.host.change((state) => {
    for (const path of Object.keys(state.files)) if (pve(path)) delete state.files[path]
  })
  assert.equal((await one.converge()).commands.length, 1)
  assert.match(JSON.stringify((await one.plan()).tasks[0]?.notes), 'there is no Proxmox VE here')
  await one.host.change((state) => {
    state.files['/etc/pve'] = kept['/etc/pve'] ?? { type: 'dir', content: '', mode: 0o755 }
  })
  assert.match((await one.plan()).tasks[0]?.unreadable ?? '', '/etc/pve is empty')
})

test('no longer declared: role, sudo and keys go; account, home and ada@pam stay, and a person is told', async () => {
  const one = scene()
  await one.sim('useradd -m -s /bin/bash mine')
  await one.converge()
  one.users = []
  const { summary, commands } = await one.converge()
  assert.is(summary.mutations, 3)
  assert.equal(commands, ['pveum acl delete / --users ada@pam --roles Administrator'])
  assert.equal([one.text(dropIn), one.text('/home/ada/.ssh/authorized_keys'), acl(one)], [undefined, undefined, ''])
  assert.match(one.text('/etc/pve/user.cfg') ?? '', 'user:ada@pam:1:')
  assert.match(await one.sim('getent passwd ada'), '/home/ada')
  assert.match(JSON.stringify((await one.plan()).tasks), 'it stays, and so does /home/ada; userdel --remove ada')
})

test('what cannot be an administrator is refused with nothing touched', async () => {
  const cases: [Users, (one: Scene) => Promise<unknown>, string][] = [
    [[{ username: 'www-data' }], async () => undefined, 'www-data is an account of the system (uid 33)'],
    [[{ username: 'ada', groups: ['docker'] }], async () => undefined, 'there is no such group\ngroupadd docker'],
    [[{ username: 'ada' }], (one) => one.sim('mkdir -p /home/ada'), 'yet a folder /home/ada, of uid 0'],
    [[ada], (one) => one.sim(`rm ${hashFile}`), `can't be read: there is no file ${hashFile}`],
    [[ada], (one) => one.sim(`chmod 0644 ${hashFile}`), 'can be read by others'],
    [[ada], (one) => one.write(hashFile, 'marker-in-clear\n'), 'is no hash that phx would put into /etc/shadow'],
    [[ada], (one) => one.write(dropIn, 'ada ALL=(ALL) ALL\n'), 'was not written by phx'],
  ]
  for (const [users, set, text] of cases) {
    const one = scene(users)
    await set(one)
    const said = await one.refused()
    assert.match(said, text)
    assert.not.match(`${said}${one.stateTexts()}`, 'marker-in-clear')
  }
})

test('the account that phx was started from keeps sudo, a key and a shell', async () => {
  const one = scene()
  await one.converge()
  await one.write('/proc/self/loginuid', '1000')
  for (const users of [[], [{ ...ada, sudo_access: false }]] satisfies Users[]) {
    one.users = users
    assert.match(await one.refused(), 'phx was started from a login of ada, whose sudo is to go')
  }
  const { ssh_public_key: _, ...keyless } = ada
  one.users = [keyless]
  assert.match(await one.refused(), 'whose last SSH key is to go')
  one.users = [{ ...ada, shell: '/usr/sbin/nologin' }]
  assert.match(await one.refused(), 'nobody could log in as ada again')
  one.users = [{ ...ada, ssh_public_key: key('B') }]
  await one.converge()
  await one.write('/proc/self/loginuid', '4294967295')
  one.users = []
  await one.converge()
})

test('killed before or after each change, the next run goes on and the one after has nothing to do', async () => {
  let points = 0
  for (const after of [false, true]) {
    for (let nth = 1; ; nth++) {
      const one = scene()
      const { host, hasDied } = dyingAt(one.host, nth, after)
      await one.run(nth > 8 ? 0 : 1, host)
      if (!hasDied()) break
      points += 1
      await one.converge()
      assert.equal([await shadow(one), acl(one)], [hash, 'acl:1:/:ada@pam:Administrator:'], `${nth} ${after}`)
      one.users = []
      await one.converge()
      assert.equal([one.text(dropIn), acl(one)], [undefined, ''], 'what phx made is still known as its own')
    }
  }
  assert.is(points, 16)
})

test('useradd cut off after it made the home: it is refused until a person says whose folder that is', async () => {
  const one = scene([{ username: 'ada' }])
  const { host } = dyingAt(one.host, 1, false)
  await one.run(1, host)
  await one.sim('mkdir -p /home/ada')
  assert.match(await one.refused(), 'yet a folder /home/ada, of uid 0')
  await one.sim('rm -r /home/ada')
  await one.converge()
  assert.is(one.host.state.files['/home/ada']?.uid, 1000)
})

test.run()

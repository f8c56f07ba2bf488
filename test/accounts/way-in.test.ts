/** The account that phx was started from keeps a way in: a shell that runs, and a key that opens it. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { User } from '../../lib/config/generated/types.ts'
import { hasWayIn } from '../../lib/resources/account/key-block.ts'
import { key, type Scene, scene, type Users } from './scene.ts'

const path = '/home/ada/.ssh/authorized_keys'
const keyed = (...letters: string[]): User[] => [{ username: 'ada', ssh_public_keys: letters.map((one) => key(one)) }]

async function startedByAda(users: Users = keyed('A')): Promise<Scene> {
  const one = scene(users)
  await one.converge()
  await one.write('/proc/self/loginuid', '1000')
  return one
}

const shells: readonly [string, (one: Scene) => Promise<unknown>, string][] = [
  ['/bin/nosuch', async () => undefined, 'there is no /bin/nosuch'],
  ['/etc/hostname', async () => undefined, "/etc/hostname can't be executed"],
  ['/etc', async () => undefined, '/etc is no program'],
  ['/usr/sbin/nologin', async () => undefined, '/usr/sbin/nologin lets nobody in'],
  ['/bin/true', async () => undefined, '/bin/true lets nobody in'],
  [
    '/bin/mine',
    (one) =>
      one.host.change((state) => {
        state.symlinks = { ...state.symlinks, '/bin/mine': '/usr/sbin/nologin' }
        state.files['/usr/sbin/nologin'] = { type: 'file', content: '', mode: 0o755 }
      }),
    '/bin/mine lets nobody in',
  ],
]
for (const [shell, set, said] of shells) {
  test(`a shell that sshd lets nobody in with is refused for it: ${shell}`, async () => {
    const one = await startedByAda()
    await set(one)
    one.users = keyed('A').map((user) => ({ ...user, shell }))
    const refusal = await one.refused()
    assert.match(refusal, 'nobody could log in as ada again')
    assert.ok(refusal.includes(said), refusal)
    assert.match(await one.sim('getent passwd ada'), ':/bin/bash\n')
  })
}

test('a shell that is there, and one that nobody asks to change, are not refused', async () => {
  const one = await startedByAda()
  one.users = keyed('A').map((user) => ({ ...user, shell: '/bin/sh' }))
  await one.converge()
  await one.sim('usermod -s /bin/nosuch ada')
  one.users = keyed('A').map((user) => ({ ...user, shell: '/bin/nosuch' }))
  await one.converge()
})

test('for others a shell that is not there is warned about', async () => {
  const one = scene([{ username: 'ada', shell: '/bin/nosuch' }])
  assert.match(JSON.stringify((await one.plan()).tasks[0]?.notes), 'there is no /bin/nosuch: ada')
  await one.converge()
})

const left = {
  nothing: '',
  'a command': `command="/usr/bin/rsync --server" ${key('X')}`,
  'a command among options': `no-X11-forwarding,Command="a,\\"b" ${key('X')}`,
  restrict: `restrict ${key('X')}`,
  'no-pty': `no-pty ${key('X')}`,
  'from elsewhere': `from="10.9.9.9" ${key('X')}`,
  expired: `expiry-time="20200101" ${key('X')}`,
  'certificates only': `cert-authority ${key('X')}`,
  'an option that sshd does not know, so passes over': `nonsense ${key('X')}`,
  'cut short': 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ8V6Ws1mZ0e6wMzXb1H0m9b7yC2W x',
  'of another type than it says': key('X').replace('ssh-ed25519', 'ssh-rsa'),
  'with something after the key': key('X').replace(' X@', '!AAAA X@'),
  'a comment': `# ${key('X')}`,
}
for (const [what, line] of Object.entries(left)) {
  test(`the last key that opens a shell stays when what is left is no way in: ${what}`, async () => {
    const one = await startedByAda()
    await one.write(path, `${line}\n${one.text(path)}`)
    const before = one.text(path)
    one.users = keyed()
    assert.match(await one.refused(), 'whose last SSH key is to go')
    assert.is(one.text(path), before)
  })
}

test('a plain key of one’s own that is left is a way in, also with options that keep the shell', async () => {
  for (const options of ['', 'no-agent-forwarding,environment="A=b, c",user-rc ']) {
    const one = await startedByAda()
    await one.write(path, `${options}${key('X')}\n${one.text(path)}`)
    one.users = keyed()
    await one.converge()
    assert.is(one.text(path), `${options}${key('X')}\n`)
  }
})

test('a forced command that somebody put before the declared key does not take its place', async () => {
  const one = await startedByAda()
  await one.write(path, `command="/bin/backup" ${key('A')}\n${one.text(path)}`)
  assert.match(await one.refused(), 'whose last SSH key is to go')
})

test('a whole key is a way in, and an empty file none', () => {
  assert.ok(hasWayIn(key('A')))
  assert.not(hasWayIn(''))
})

test.run()

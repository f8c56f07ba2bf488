/** Whose folder a home is: phx writes keys into an account's own, and takes nobody's away. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Host, readerOf } from '../../lib/host/host.ts'
import { LocalHost } from '../../lib/host/local.ts'
import { homeOf } from '../../lib/resources/account/home.ts'
import type { UnixAccount } from '../../lib/resources/probes/accounts.ts'
import { key, type Scene, scene, type Users } from './scene.ts'

const ada: Users = [{ username: 'ada', ssh_public_key: key('A') }]
const bobsKeys = '/home/bob/.ssh/authorized_keys'

/** Who owns what, and every text: what must be the same after a refusal. */
const everything = (one: Scene): string => JSON.stringify(one.host.state.files)

const link = (one: Scene, path: string, target: string): Promise<void> =>
  one.host.change((state) => {
    state.symlinks = { ...state.symlinks, [path]: target }
  })

/** Bob, whom phx does not know, and his key. */
async function withBob(one: Scene): Promise<Scene> {
  await one.sim('useradd -m -s /bin/bash bob')
  await one.sim('install -d -m 0700 -o bob -g bob /home/bob/.ssh')
  await one.write(bobsKeys, `${key('B')}\n`, 0o600)
  await one.sim(`chown bob:bob ${bobsKeys}`)
  return one
}

const notOwn: readonly [string, (one: Scene) => Promise<unknown>, RegExp][] = [
  [
    '/',
    (one) => one.sim('useradd -M -d / ada'),
    /the home of ada is \/, a folder of the system, which belongs to root/,
  ],
  ['/root', (one) => one.sim('useradd -M -d /root ada'), /is \/root, a folder of the system, which belongs to root/],
  ['/root/', (one) => one.sim('useradd -M -d //root/ ada'), /is \/root, a folder of the system/],
  ['/etc', (one) => one.sim('useradd -M -d /etc ada'), /is \/etc, a folder of the system, which belongs to root/],
  ['below /etc', (one) => one.sim('useradd -M -d /etc/ada ada'), /is \/etc\/ada, a folder of the system/],
  ['of bob', (one) => one.sim('useradd -M -d /home/bob ada'), /is \/home\/bob, which is the home of bob too/],
  [
    'of bob, who lives elsewhere now',
    async (one) => {
      await one.sim('usermod -d /srv/bob bob')
      await one.sim('useradd -M -d /home/bob ada')
    },
    /is \/home\/bob, which belongs to bob\b/,
  ],
  [
    'of nobody that is known',
    async (one) => {
      await one.sim('useradd -m ada')
      await one.sim('chown 4711 /home/ada')
    },
    /is \/home\/ada, which belongs to uid 4711\b/,
  ],
  [
    'a link to bob',
    async (one) => {
      await one.sim('useradd -M ada')
      await link(one, '/home/ada', '/home/bob')
    },
    /is \/home\/ada \(really \/home\/bob\), which is the home of bob too/,
  ],
  [
    'what the home of bob is a link to',
    async (one) => {
      await one.sim('usermod -d /home/b bob')
      await link(one, '/home/b', '/home/bob')
      await one.sim('useradd -M -d /home/bob ada')
    },
    /is \/home\/bob, which is the home of bob too/,
  ],
  [
    'a link to /etc',
    async (one) => {
      await one.sim('useradd -M ada')
      await link(one, '/home/ada', '/etc')
    },
    /is \/home\/ada \(really \/etc\), a folder of the system, which belongs to root/,
  ],
  [
    'a link to nothing',
    async (one) => {
      await one.sim('useradd -M ada')
      await link(one, '/home/ada', '/srv/gone')
    },
    /is \/home\/ada, a link that leads nowhere/,
  ],
  [
    'a file',
    async (one) => {
      await one.sim('useradd -M ada')
      await one.write('/home/ada', '')
      await one.sim('chown ada:ada /home/ada')
    },
    /is \/home\/ada, which is no folder/,
  ],
  ['none', (one) => one.sim('useradd -M -d /nonexistent ada'), /ada has no home: \/etc\/passwd says \/nonexistent/],
  ['relative', (one) => one.sim('useradd -M -d ada ada'), /ada has no home: \/etc\/passwd says "ada"/],
]
for (const [what, set, said] of notOwn) {
  test(`a home that is not the account's own gets no keys, and nothing there changes hands: ${what}`, async () => {
    const one = await withBob(scene(ada))
    await one.sim('install -d -m 0700 -o root -g root /root/.ssh')
    await one.write('/root/.ssh/authorized_keys', `${key('C')}\n`, 0o600)
    await set(one)
    const before = everything(one)
    const refusal = await one.refused()
    assert.match(refusal, said)
    assert.match(refusal, 'usermod -d ')
    assert.is(everything(one), before)
  })
}

test('the mend that is named does it: the new home is made, and bob keeps his', async () => {
  const one = await withBob(scene(ada))
  await one.sim('useradd -M -d /home/bob ada')
  assert.match(await one.refused(), 'usermod -d /home/ada ada')
  await one.sim('usermod -d /home/ada ada')
  const before = one.text(bobsKeys)
  await one.converge()
  assert.is(one.text(bobsKeys), before)
  assert.is(one.host.state.files[bobsKeys]?.uid, 1000)
  assert.match(one.text('/home/ada/.ssh/authorized_keys') ?? '', key('A'))
})

test('no mend gives away what is another’s: chown is named for a folder that somebody left, and for no other', async () => {
  for (const [what, set] of notOwn) {
    const one = await withBob(scene(ada))
    await set(one)
    const said = await one.refused()
    assert.is(said.includes('chown'), /lives elsewhere|nobody/.test(what), said)
    assert.is(said.includes('rm /home/ada'), what.startsWith('a link to') && !what.endsWith('bob'), said)
  }
})

test('two declared users with one home are both refused, and neither takes it from the other', async () => {
  const one = scene([...ada, { username: 'bob', ssh_public_key: key('B') }])
  await one.converge()
  await one.sim('usermod -d /home/ada bob')
  const before = everything(one)
  const said = await one.refused()
  assert.match(said, 'the home of ada is /home/ada, which is the home of bob too')
  assert.match(said, 'the home of bob is /home/ada, which is the home of ada too')
  assert.is(everything(one), before)
})

test('a new account is not given a home that another account is to live in', async () => {
  const one = scene([{ username: 'ada' }])
  await one.sim('useradd -M -d /home/ada bob')
  assert.match(await one.refused(), 'the home of ada is /home/ada, which is the home of bob too')
})

test('a missing home is made for an account without keys too, but not where it is somebody’s or none', async () => {
  const one = scene([{ username: 'ada' }])
  await one.sim('useradd -M -d /nonexistent ada')
  assert.equal((await one.converge()).commands, [])
  await one.sim('usermod -d /etc/ada ada')
  assert.match(await one.refused(), 'a folder of the system')
  await one.sim('usermod -d /srv//homes/ada/ ada')
  assert.equal((await one.converge()).commands, ['mkhomedir_helper ada 0077'])
  assert.is(one.host.state.files['/srv/homes/ada']?.uid, 1000)
})

test('a home that is there is never given another owner', async () => {
  const one = scene([{ username: 'ada' }])
  await one.converge()
  await one.sim('chown root:root /home/ada')
  assert.equal((await one.converge()).commands, [])
  one.users = ada
  assert.match(await one.refused(), 'which belongs to root')
  assert.is(one.host.state.files['/home/ada']?.uid, 0)
  await one.sim('chown ada:ada /home/ada')
  await one.converge()
})

test('a home behind a link is the account’s own: keys go where it leads, as sshd follows it', async () => {
  const one = scene(ada)
  await one.sim('useradd -M ada')
  await one.sim('mkdir -p /srv/ada')
  await one.sim('chown ada:ada /srv/ada')
  await link(one, '/home/ada', '/srv/ada')
  await one.converge()
  assert.match(one.text('/srv/ada/.ssh/authorized_keys') ?? '', key('A'))
  assert.is(one.host.state.files['/home/ada/.ssh'], undefined)
  one.users = [{ username: 'ada', ssh_public_key: key('B') }]
  await one.converge()
  assert.match(one.text('/srv/ada/.ssh/authorized_keys') ?? '', key('B'))
  await link(one, '/srv/ada/.ssh', '/root')
  await one.sim('rm -r /srv/ada/.ssh')
  await link(one, '/srv/ada/.ssh', '/root')
  assert.match(await one.refused(), '/srv/ada/.ssh is a link to /root')
})

test('/home itself behind a link, on a real file system', async () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'phx-home-')))
  try {
    mkdirSync(join(folder, 'homes/ada'), { recursive: true })
    symlinkSync('homes', join(folder, 'home'))
    const { uid } = statSync(folder)
    const account = (name: string, home: string): UnixAccount => ({ name, uid, gid: 0, home, shell: '/bin/sh' })
    const [one, other] = [account('ada', `${folder}/home/ada`), account('bob', `${folder}/homes/ada`)]
    const looked = (...all: UnixAccount[]) => homeOf(new LocalHost(), new Map(all.map((row) => [row.name, row])), one)
    assert.equal(await looked(one), { path: `${folder}/homes/ada`, isThere: true, isNone: false, fault: undefined })
    assert.match((await looked(one, other)).fault?.why ?? '', 'which is the home of bob too')
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('no longer declared, with a home that is another’s by now: bob’s lines and rights stay', async () => {
  const one = await withBob(scene(ada))
  await one.converge()
  await one.sim('usermod -d /home/bob ada')
  one.users = []
  const before = everything(one)
  await one.converge()
  assert.is(everything(one), before)
  const [note] = (await one.plan()).tasks.flatMap(({ notes }) => notes)
  assert.not.match(note?.text ?? '', '--remove')
})

test('a home, or its .ssh, that changes hands after the plan stops the run before anything is touched', async () => {
  const swaps: ((one: Scene) => Promise<unknown>)[] = [
    (one) => link(one, '/home/ada/.ssh', '/root/.ssh'),
    (one) => one.sim('usermod -d /home/bob ada'),
    (one) => one.sim('chown bob:bob /home/ada'),
  ]
  for (const swap of swaps) {
    const one = await withBob(scene([{ ...ada[0], username: 'ada', groups: ['adm'] }]))
    await one.sim('useradd -m -s /bin/bash ada')
    await one.sim('install -d -m 0755 -o root -g root /root/.ssh')
    let before = ''
    const swapped: Host = {
      ...readerOf(one.host),
      mutate: async (argv, options) => {
        const done = await one.host.mutate(argv, options)
        if (argv[0] === 'usermod') {
          await swap(one)
          before = everything(one)
        }
        return done
      },
      writeFile: (file) => one.host.writeFile(file),
      removeFile: (path) => one.host.removeFile(path),
      close: () => one.host.close(),
    }
    await one.run(1, swapped)
    assert.ok(before !== '')
    assert.is(everything(one), before)
  }
})

test.run()

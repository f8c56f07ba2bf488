/** SSH keys: phx's block and nothing else in a file that others write too. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { keyOf } from '../../lib/config/public-key.ts'
import { type Host, readerOf } from '../../lib/host/host.ts'
import { keyBlock } from '../../lib/resources/account/key-block.ts'
import { key, Scene, type Users } from './scene.ts'

const path = '/home/ada/.ssh/authorized_keys'
const keys = (...letters: string[]): Users => [{ username: 'ada', ssh_public_keys: letters.map((one) => key(one)) }]
const block = (...letters: string[]): string =>
  `# phx begin keys\n${letters.map((one) => `${key(one)}\n`).join('')}# phx end keys\n`

/** A host with the account and this file of its own. */
async function scene(users: Users, text?: string): Promise<Scene> {
  const made = new Scene(users)
  await made.sim('useradd -m -s /bin/bash ada')
  if (text === undefined) return made
  await made.sim('install -d -m 0700 -o ada -g ada /home/ada/.ssh')
  await made.write(path, text, 0o600)
  await made.sim(`chown ada:ada ${path}`)
  return made
}

test('the key of a line, with options before it, with blanks in them, as a comment', () => {
  const bare = key('A').split(' ').slice(0, 2).join(' ')
  assert.is(keyOf(key('A')), bare)
  assert.is(keyOf(`  ${bare}`), bare)
  assert.is(keyOf(`from="10.0.0.0/8,::1",command="echo \\"hi there\\"" ${key('A')}`), bare)
  assert.is(keyOf(`restrict,pty ${key('A')}`), bare)
  assert.is(keyOf(`# ${key('A')}`), undefined)
  assert.is(keyOf(''), undefined)
  assert.is(keyOf('ssh-dss nothing!'), undefined)
  assert.is(keyOf('sk-ssh-ed25519@openssh.com AAAAGnNr key'), 'sk-ssh-ed25519@openssh.com AAAAGnNr')
})

test('every byte outside the block stays, whatever stands there, when keys come, change and go', async () => {
  const theirs = [
    `${key('X')}\n`,
    key('X'),
    `\n\n# mine\r\n${key('X')}\r\n\t\n`,
    `from="10.0.0.0/8" ${key('X', 'ä ö')}\n`,
    '# phx is great\n',
  ]
  for (const text of theirs) {
    const one = await scene(keys('A', 'B'), text)
    const whole = text.endsWith('\n') ? text : `${text}\n`
    await one.converge()
    assert.is(one.text(path), whole + block('A', 'B'))
    one.users = keys('B')
    await one.converge()
    assert.is(one.text(path), whole + block('B'))
    one.users = keys()
    await one.converge()
    assert.is(one.text(path), whole)
  }
})

test('lines of others after the block stay where they are', async () => {
  const one = await scene(keys('A'))
  await one.converge()
  await one.write(path, `${one.text(path)}${key('X')}\n`)
  one.users = keys('A', 'B')
  await one.converge()
  assert.is(one.text(path), `${block('A', 'B')}${key('X')}\n`)
})

test('a key that stands outside already is not doubled, also under another comment', async () => {
  const one = await scene(keys('A', 'B'), `${key('A', 'put there by hand')}\n`)
  await one.converge()
  assert.is(one.text(path), `${key('A', 'put there by hand')}\n${block('B')}`)
  await one.write(path, block('B'))
  await one.converge()
  assert.is(one.text(path), block('A', 'B'))
})

test('a key that stands outside with options of its own is told of: those hold', async () => {
  const one = await scene(keys('A'), `command="/bin/backup" ${key('A')}\n`)
  await one.converge()
  assert.is(one.text(path), `command="/bin/backup" ${key('A')}\n`)
  assert.match(JSON.stringify((await one.plan()).tasks[0]?.notes), 'stands outside phx')
  const plain = keyBlock(`${key('A')}\n`, [key('A')])
  assert.equal(plain.ok && plain.restricted, [])
})

test('a key that somebody put into the block, or took out of it, is drift', async () => {
  const one = await scene(keys('A'))
  await one.converge()
  for (const text of [block('A', 'X'), block('X'), block(), block('A').replace('@desk', '@else')]) {
    await one.write(path, text)
    assert.is((await one.plan()).tasks[0]?.reason.standing, 'drifted')
    await one.converge()
    assert.is(one.text(path), block('A'))
  }
})

test('marks that do not pair, and bytes that are no text, are refused', async () => {
  for (const text of [block('A').replace('# phx end keys\n', ''), 'caf\ufffd\n']) {
    const one = await scene(keys('A'), text)
    const said = await one.refused()
    assert.ok(said.includes('do not pair') || said.includes('is not UTF-8 text'), said)
  }
})

test('a link that leads out of the home is refused: phx writes there as root', async () => {
  for (const link of ['/home/ada/.ssh', path]) {
    const one = await scene(keys('A'))
    await one.sim('install -d -m 0700 -o root -g root /root/.ssh')
    await one.write('/root/.ssh/authorized_keys', `${key('X')}\n`)
    if (link === path) await one.sim('install -d -m 0700 -o ada -g ada /home/ada/.ssh')
    await one.host.change((state) => {
      const target = link === path ? '/root/.ssh/authorized_keys' : '/root/.ssh'
      state.symlinks = { ...state.symlinks, [link]: target }
    })
    assert.match(await one.refused(), `${link} is a link to /root/.ssh`)
  }
})

test('a link that appears after the plan stops the run before anything is written', async () => {
  const one = await scene(keys('A'))
  await one.sim('install -d -m 0700 -o root -g root /root/.ssh')
  const swapped: Host = {
    ...readerOf(one.host),
    mutate: async (argv, options) => {
      const done = await one.host.mutate(argv, options)
      await one.host.change((state) => {
        delete state.files['/home/ada/.ssh']
        state.symlinks = { ...state.symlinks, '/home/ada/.ssh': '/root/.ssh' }
      })
      return done
    },
    writeFile: (file) => one.host.writeFile(file),
    removeFile: (path) => one.host.removeFile(path),
    close: () => one.host.close(),
  }
  const { summary } = await one.run(1, swapped)
  assert.match(JSON.stringify(summary.tasks), '/home/ada/.ssh is a link to /root/.ssh')
  assert.is(one.text('/root/.ssh/authorized_keys'), undefined)
})

test('nothing declared and nothing of phx’s there: the file and its modes are nobody’s business', async () => {
  const one = await scene(keys(), `${key('X')}\n`)
  await one.sim('chmod 0755 /home/ada/.ssh')
  assert.is((await one.converge()).summary.mutations, 0)
})

test.run()

/** Secrets in wrong places are refused without being shown; so are control characters. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { assertProblems, problemsOf, withPool } from './problems.ts'

/** Split, so that no scanner takes this file for a leak. */
const KEY = ['-----BEGIN OPENSSH ', 'PRIVATE KEY-----\nhunter2\n-----END'].join('')
const WITH_PASSWORD = 'https://root:hunter2@keys.example.com/a'

function dataset(properties: unknown, more: Record<string, unknown> = {}): unknown {
  return withPool({ datasets: [{ name: 'a', pool: 'tank', properties, ...more }] })
}

/** The place of each problem; nothing of it, in text or JSON, holds what was given as the secret. */
function refusedUnseen(config: unknown, ...messages: string[]): void {
  const problems = problemsOf(config)
  assert.not.match(JSON.stringify(problems), /hunter2/)
  assert.equal(
    problems.map(({ severity, path, message }) => `${severity} ${path}: ${message}`),
    messages.map((message) => `error ${message}`),
  )
}

test('a private key, wherever it stands', () => {
  refusedUnseen({ users: { username: 'a', ssh_public_key: KEY } }, '$.users.ssh_public_key: this text is a private key')
  refusedUnseen({ users: { username: KEY } }, '$.users.username: this text is a private key')
  refusedUnseen({ timezone: KEY }, '$.timezone: this text is a private key')
  refusedUnseen(dataset({ 'org:note': KEY }), "$.zfs.datasets[0].properties['org:note']: this text is a private key")
  refusedUnseen(dataset(`quota=1G,org:note=${KEY},x`), '$.zfs.datasets[0].properties: this text is a private key')
  refusedUnseen({ [KEY]: 1 }, '$: the name of a field here is a private key')
  const volume = withPool({ datasets: [{ name: KEY, pool: 'tank', type: 'volume' }] })
  assert.not.match(JSON.stringify(problemsOf(volume)), /hunter2/)
})

test("a user's names and keys are not quoted", () => {
  for (const user of [
    { username: 'Hunter2 hunter2' },
    { username: 'a', ssh_public_key: 'hunter2' },
    { username: 'a', ssh_public_keys: ['hunter2'] },
  ]) {
    const problems = problemsOf({ users: user })
    assert.is(problems.length, 1)
    assert.not.match(JSON.stringify(problems), /hunter2/)
  }
  refusedUnseen(
    { users: [{ username: 'hunter2' }, { username: 'hunter2' }] },
    '$.users[1].username: this user is declared a second time',
  )
})

test('user properties that are named like secrets', () => {
  const message = 'a user property that is named like a secret: everybody could read it with zfs get'
  for (const name of ['org:password', 'my.passwd:a', 'org:smb-secret', 'org:api_token', 'org:apikey']) {
    refusedUnseen(dataset({ [name]: 'hunter2' }), `$.zfs.datasets[0].properties['${name}']: ${message}`)
    refusedUnseen(dataset(`${name}=a,hunter2`), `$.zfs.datasets[0].properties: ${message}`)
  }
  assert.equal(problemsOf(dataset({ 'org:note': 'x' })), [])
})

test('credentials in the parameters of a URL', () => {
  const message = 'this text has a URL with credentials in it'
  for (const parameter of ['token=hunter2', 'v=1&access_token=hunter2', 'X-Amz-Signature=hunter2', 'apikey=hunter2'])
    refusedUnseen(
      dataset({ 'org:from': `https://x.org/a.run?${parameter}` }),
      `$.zfs.datasets[0].properties['org:from']: ${message}`,
    )
  assert.equal(problemsOf(dataset({ 'org:from': 'https://x.org/?design=1&monkey=2' })), [])
})

test('a line break in a setting would become a second one', () => {
  const problems = problemsOf({ host: { sysctl: { 'vm.swappiness': '10\nnet.ipv4.ip_forward = 1' } } })
  assert.match(JSON.stringify(problems), 'a control character (U+000A) stands in this text')
})

test('credentials in a URL', () => {
  const message = 'this text has a URL with credentials in it'
  refusedUnseen(
    dataset({ encryption: 'on', keyformat: 'raw', keylocation: WITH_PASSWORD }),
    `$.zfs.datasets[0].properties.keylocation: ${message}`,
  )
  refusedUnseen(dataset(`org:from=${WITH_PASSWORD}`), `$.zfs.datasets[0].properties: ${message}`)
  refusedUnseen(
    dataset({ 'org:from': 'https://hunter2@x.org' }),
    `$.zfs.datasets[0].properties['org:from']: ${message}`,
  )
  for (const url of [
    'https://keys.example.com:8443/a@b',
    'file:///root/a:b@c',
    'ssh://root@pve1',
    'https://x.org/?a=b@c',
  ])
    assert.equal(problemsOf(dataset({ 'org:from': url })), [], url)
})

test('control characters in names and values of the zfs section', () => {
  const mend = 'remove it'
  assertProblems(dataset({ 'org:note': 'a\u001b[2Jb' }), [
    { path: "$.zfs.datasets[0].properties['org:note']", message: 'a control character (U+001B)', mend },
  ])
  assertProblems(dataset('quota=1G\n,atime=off'), [
    { path: '$.zfs.datasets[0].properties', message: 'a control character (U+000A)', mend },
  ])
  assertProblems(withPool({ datasets: [{ name: 'a\u0000b', pool: 'tank' }] }), [
    { path: '$.zfs.datasets[0].name', message: 'a control character (U+0000)', mend },
  ])
  const told = problemsOf(dataset({ 'org:\u0007': 'x' }))[0]
  assert.match(told?.message ?? '', 'a control character (U+0007)')
})

test('no problem carries a control character to the terminal', () => {
  const strange = '\u001b]0;x\u0007\u202e'
  const problems = problemsOf({ [strange]: 1, timezone: strange, zfs: { pools: [{ [strange]: strange }] } })
  assert.ok(problems.length >= 3)
  for (const { path, message, mend } of problems) assert.not.match(path + message + mend, /[\p{Cc}\u202e]/u)
})

test.run()

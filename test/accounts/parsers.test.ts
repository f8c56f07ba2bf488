/** What the step admin-user reads, in the forms that the tools wrote: user.cfg and the lists of pveum, passwd, shadow, group. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { PhxConfig } from '../../lib/config/generated/types.ts'
import { declaredUsers } from '../../lib/config/users.ts'
import { isReadOnly } from '../../lib/host/readonly.ts'
import { parseGroup, parsePasswd, parseShadow } from '../../lib/resources/probes/accounts.ts'
import { builtinRoles, parseRoles, parseUserConfig } from '../../lib/resources/probes/user-config.ts'
import { adminUser } from '../../tasks/admin-user.ts'

interface Recorded {
  readonly n: number
  readonly argv?: readonly string[]
  readonly stdout: string
  readonly before: Readonly<Record<string, string>>
  readonly calls?: readonly { readonly argv?: readonly string[]; readonly files_before?: Record<string, string> }[]
}

const lines = (file: string): Recorded[] =>
  readFileSync(join(import.meta.dirname, '../transcripts', file), 'utf8')
    .split('\n')
    .flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Recorded]))
const pveum = lines('pveum.jsonl')
const call = (n: number): Recorded => pveum.find((one) => one.n === n) ?? (assert.unreachable(`no call ${n}`) as never)

test('permissions read from user.cfg are those that pveum acl list tells', () => {
  const { stdout, before } = call(60)
  const told = JSON.parse(stdout) as { path: string; ugid: string; type: string; roleid: string; propagate: number }[]
  const asLine = (path: string, member: string, role: string, propagate: boolean): string =>
    [path, member, role, propagate].join(' ')
  const { grants } = parseUserConfig(before['/etc/pve/user.cfg'] ?? '')
  assert.is(told.length, 8)
  assert.equal(
    grants.map(({ path, member, role, propagate }) => asLine(path, member, role, propagate)).sort(),
    told
      .map(({ path, ugid, type, roleid, propagate }) =>
        asLine(path, type === 'group' ? `@${ugid}` : ugid, roleid, propagate === 1),
      )
      .sort(),
  )
})

test('users read from user.cfg are those that pveum user list tells, disabled ones too', () => {
  const { stdout, before } = call(26)
  const told = JSON.parse(stdout) as { userid: string; enable: number }[]
  assert.equal(
    [...parseUserConfig(before['/etc/pve/user.cfg'] ?? '').users].sort(),
    told.map(({ userid, enable }) => [userid, enable === 1]).sort(),
  )
})

test('the built-in roles are those that pveum role list tells as such', () => {
  const { stdout, before } = call(36)
  assert.equal(parseRoles(stdout), [...builtinRoles].sort())
  assert.is(parseUserConfig(before['/etc/pve/user.cfg'] ?? '').roles.size, 0)
  assert.equal([...parseUserConfig(call(42).before['/etc/pve/user.cfg'] ?? '').roles], ['R1', 'R3'])
  assert.ok(isReadOnly(['pveum', 'role', 'list', '--output-format', 'json']))
  assert.not(isReadOnly(['pveum', 'role', 'add', 'R1']))
})

test('what somebody wrote by hand: blanks, a path without a slash, two lines for one thing, noise', () => {
  const { users, grants } = parseUserConfig(
    ' user:a@pam:1:0:\n\nacl:1:vms/:a@pam b@pam;c@pam:R1, R2\nacl:0:/vms:a@pam:R1:\nwhat\nuser::1\n',
  )
  assert.equal([...users], [['a@pam', true]])
  const found = grants.map(({ path, member, role, propagate }) => `${path} ${member} ${role} ${propagate}`)
  assert.ok(found.includes('/vms a@pam R1 false'))
  assert.is(found.length, 6)
})

test('passwd and group as Debian has them (services.jsonl 40), with NIS lines and an empty shell', () => {
  const scene = lines('services.jsonl').find(({ n }) => n === 40)
  const files = scene?.calls?.find(({ files_before }) => files_before)?.files_before ?? {}
  const accounts = parsePasswd(`${files['/etc/passwd']}+::::::\n-x::1:1:::\nshort:x:1\nada:x:1000:1000::/home/ada:\n`)
  assert.is(accounts.size, 25)
  assert.equal(accounts.get('ada'), { name: 'ada', uid: 1000, gid: 1000, home: '/home/ada', shell: '/bin/sh' })
  assert.is(accounts.get('www-data')?.uid, 33)
  const groups = parseGroup(`${files['/etc/group']}media:x:2000:ada,bob\n`)
  assert.equal(groups.get('media'), { name: 'media', gid: 2000, members: ['ada', 'bob'] })
  assert.equal(groups.get('sudo')?.members, [])
  const shadow = parseShadow('root:*:1:0:99999:7:::\nada:$y$j9T$x/.$y:20454:0:99999:7:::\nbob::1::::::\n')
  assert.equal([...shadow.values()], ['*', '$y$j9T$x/.$y', ''])
})

const key = `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${'A'.repeat(43)} a@desk`

test('one user or a list; both fields of keys; each key and group once', () => {
  const [one] = declaredUsers({
    users: {
      username: 'ada',
      ssh_public_key: key,
      ssh_public_keys: [key, '', ` ${key.replace('a@', 'b@')}`],
      groups: ['b', 'a', 'b'],
    },
  })
  assert.equal(one, {
    name: 'ada',
    shell: null,
    groups: ['a', 'b'],
    sudo: false,
    passwordHash: null,
    keys: [key.replace('a@', 'b@')],
    role: null,
  })
  assert.equal(declaredUsers({}), [])
})

test('inputs are of meaning: the order of keys and groups is none, where the hash is kept is one', () => {
  const other = key.replace('AAAA a', 'BBBB a')
  const inputs = (users: PhxConfig['users']) => JSON.stringify(adminUser.expand(users ? { users } : {}, [])[0]?.inputs)
  const base = { username: 'ada', groups: ['a', 'b'], ssh_public_keys: [key, other] }
  assert.is(inputs([base]), inputs({ ...base, groups: ['b', 'a'], ssh_public_keys: [other, key] }))
  assert.is.not(inputs([base]), inputs([{ ...base, password_hash: { file: '/etc/x' } }]))
  assert.is(inputs([base]), inputs([{ ...base, password_hash: 'NOT_SET' }]))
})

test.run()

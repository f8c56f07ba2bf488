/** The simulated pveum's rules, one by one. The recordings themselves are replayed by the conformance harness. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { blankHost } from '../../lib/host/simulated/blank.ts'
import { callTool } from '../../lib/host/simulated/tools.ts'

const root = 'user:root@pam:1:0:::root@lab.test:::\n'

function host(text = `${root}\n\n\n\n`) {
  const state = blankHost([])
  state.files['/etc/pve/user.cfg'] = { type: 'file', content: text, mode: 0o640 }
  return {
    call: (...args: string[]) => callTool(state, ['pveum', ...args]),
    ask: (stdin: string, ...args: string[]) => callTool(state, ['pveum', ...args], stdin),
    cfg: () => state.files['/etc/pve/user.cfg']?.content ?? '',
    shadow: () => state.files['/etc/pve/priv/shadow.cfg']?.content ?? '',
  }
}

test('a user with a role on /, twice: the second time the file stays byte for byte', () => {
  const { call, cfg } = host()
  assert.is(call('user', 'add', 'ada@pam').exitCode, 0)
  const grant = ['acl', 'modify', '/', '--users', 'ada@pam', '--roles', 'Administrator']
  assert.is(call(...grant).exitCode, 0)
  assert.is(cfg(), `user:ada@pam:1:0::::::\n${root}\n\n\n\nacl:1:/:ada@pam:Administrator:\n`)
  const before = cfg()
  assert.is(call(...grant).exitCode, 0)
  assert.is(cfg(), before)
  assert.is(call('acl', 'delete', '/', '--users', 'ada@pam', '--roles', 'Administrator').exitCode, 0)
  assert.is(cfg(), `user:ada@pam:1:0::::::\n${root}\n\n\n\n`)
})

const refusals: [string[], string][] = [
  [['user', 'add', 'root@pam'], "create user failed: user 'root@pam' already exists\n"],
  [['user', 'add'], '400 not enough arguments\npveum user add <userid> [OPTIONS]\n'],
  [['user', 'modify', 'root@pam', '--append', '1'], "groups: missing property - 'append' requires this property\n"],
  [['group', 'delete', 'g9'], "delete group failed: group 'g9' does not exist\n"],
  [['role', 'add', 'R1', '--privs', 'VM.Monitor'], "privs: invalid format - invalid privilege 'VM.Monitor'\n\n"],
  [['role', 'modify', 'R9', '--privs', 'VM.Audit'], "update role failed: role 'R9' does not exist\n"],
  [['acl', 'modify', '/bogus', '--users', 'root@pam', '--roles', 'PVEAdmin'], "path: invalid ACL path '/bogus'\n"],
  [['acl', 'modify', '/', '--users', 'root@pam'], 'roles: property is missing and it is not optional\n'],
  [['acl', 'modify', '/', '--groups', 'g9', '--roles', 'PVEAdmin'], "ACL update failed: group 'g9' does not exist\n"],
  [['pool', 'delete', 'p9'], "delete pool failed: pool 'p9' does not exist\n"],
  [['pool', 'add', '1p'], 'create pool failed: pool name must start with a letter\n'],
]
for (const [args, text] of refusals) {
  test(`refused, and nothing written: ${args.join(' ')}`, () => {
    const { call, cfg } = host()
    const before = cfg()
    const { exitCode, stderr } = call(...args)
    assert.is(exitCode, 255)
    assert.ok(stderr.includes(text), stderr)
    assert.is(cfg(), before)
  })
}

test('reading forgives with a warning; an unknown role is dropped at the next write, an unknown user is kept', () => {
  const { call, cfg } = host(
    `${root}\n\n\n\nacl:1:/:gone@pam,root@pam:PVEAdmin:\nacl:1:/vms:root@pam:Nope:\nwhat:is:this\n`,
  )
  const { exitCode, stderr } = call('user', 'add', 'b@pve')
  assert.is(exitCode, 0)
  assert.is(
    stderr,
    "user config - ignore invalid acl member 'gone@pam'\nuser config - ignore invalid acl role 'Nope'\n" +
      'user config - ignore config line: what:is:this\n',
  )
  assert.is(cfg(), `user:b@pve:1:0::::::\n${root}\n\n\n\nacl:1:/:gone@pam:PVEAdmin:\n`)
})

test('root@pam comes back with the next write after it was deleted, without its address', () => {
  const { call, cfg } = host()
  call('user', 'delete', 'root@pam')
  assert.is(cfg(), '\n\n\n\n')
  call('group', 'add', 'g1')
  assert.is(cfg(), 'user:root@pam:1:0::::::\n\ngroup:g1:::\n\n\n\n')
})

test('entries that are not handed down stand before those that are, and paths come as in a tree', () => {
  const { call, cfg } = host()
  call('acl', 'modify', '/vms/100', '--groups', 'x', '--roles', 'PVEAdmin')
  call('user', 'add', 'b@pve')
  for (const path of ['/storage', '/pool/p1', '/pool'])
    call('acl', 'modify', path, '--users', 'b@pve', '--roles', 'PVEAdmin')
  call('acl', 'modify', '/pool', '--users', 'b@pve', '--roles', 'NoAccess', '--propagate', '0')
  assert.is(
    cfg().slice(cfg().indexOf('acl')),
    'acl:0:/pool:b@pve:NoAccess:\nacl:1:/pool:b@pve:PVEAdmin:\n' +
      'acl:1:/pool/p1:b@pve:PVEAdmin:\nacl:1:/storage:b@pve:PVEAdmin:\n',
  )
})

test('a password of the pve realm is read twice and never kept', () => {
  const { call, ask, shadow } = host()
  call('user', 'add', 'b@pve')
  assert.is(ask('longenough\nother\n', 'passwd', 'b@pve').stderr, 'passwords do not match\n')
  assert.is(ask('longenough\nlongenough\n', 'passwd', 'b@pve').exitCode, 0)
  assert.match(shadow(), /^b:\$5\$simulated\$\S+:\n$/)
  assert.not.match(shadow(), 'longenough')
})

test('what is not known is refused loudly', () => {
  const { call } = host()
  assert.is(call('user', 'tfa', 'list').exitCode, 127)
  assert.is(call('ticket', 'root@pam').exitCode, 127)
})

test.run()

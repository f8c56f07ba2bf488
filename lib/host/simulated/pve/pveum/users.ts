/** `pveum user …` and `pveum passwd`. */
import { createHash } from 'node:crypto'
import { NotSimulated } from '../../tool.ts'
import { listOf, splitList } from '../formats.ts'
import { parameterErrors } from '../options.ts'
import type { Property } from '../types.ts'
import { newUser, saveUserConfig, type User, type UserConfig } from './config.ts'
import { email, groupId, realmOf, userId } from './names.ts'
import type { Row } from './print.ts'
import { type Call, type Command, flag, question, refuse, text, verb } from './verbs.ts'

export const userid: Property = { kind: 'string', check: userId }
const password: Property = { kind: 'string', minimumLength: 8 }

const account = {
  userid,
  enable: flag,
  expire: { kind: 'integer', minimum: 0 },
  firstname: text,
  lastname: text,
  email: { kind: 'string', check: email },
  comment: text,
  keys: { kind: 'string', pattern: /^[0-9a-zA-Z!=]{0,4096}$/ },
  groups: { kind: 'string', list: true, check: listOf(groupId) },
} satisfies Record<string, Property>

export const userCommands: Readonly<Record<string, Command>> = {
  'user add': verb('user add <userid> [OPTIONS]', { ...account, password }, add, { failed: 'create user failed' }),
  'user modify': verb('user modify <userid> [OPTIONS]', { ...account, append: flag }, modify, {
    failed: 'update user failed',
    requires: { append: 'groups' },
  }),
  'user delete': verb('user delete <userid>', { userid }, remove, { failed: 'delete user failed' }),
  'user list': question('user list  [OPTIONS] [FORMAT_OPTIONS]', { enabled: flag, full: flag }, list),
  passwd: verb('passwd <userid> [OPTIONS]', { userid, 'confirmation-password': text, password }, changePassword),
}

/** The realms that are there from the start; a domains.cfg with others is not simulated. */
const realms: readonly string[] = ['pam', 'pve']

export function userNamed(config: UserConfig, name: string): User {
  return config.users.get(name) ?? refuse(`no such user ('${name}')`)
}

function add({ machine, config, given }: Call): undefined {
  const name = given.get('userid') ?? ''
  if (config.users.has(name)) refuse(`user '${name}' already exists`)
  const secret = given.get('password')
  const user = newUser(given.get('enable') !== '0')
  config.users.set(name, user)
  joinGroups(config, name, given.get('groups'))
  fill(user, given)
  if (secret !== undefined) storePassword(machine, name, secret)
  saveUserConfig(machine, config)
}

function modify({ machine, config, given }: Call): undefined {
  const name = given.get('userid') ?? ''
  const user = userNamed(config, name)
  const enable = given.get('enable')
  if (enable !== undefined) user.enable = enable === '1'
  const groups = given.get('groups')
  if (groups !== undefined && given.get('append') !== '1') leaveGroups(config, name)
  joinGroups(config, name, groups)
  fill(user, given)
  saveUserConfig(machine, config)
}

function fill(user: User, given: Call['given']): void {
  const expire = given.get('expire')
  if (expire !== undefined) user.expire = Number(expire)
  for (const field of ['firstname', 'lastname', 'email', 'comment', 'keys'] as const) {
    const value = given.get(field)
    if (value !== undefined) user[field] = value
  }
}

function joinGroups(config: UserConfig, name: string, groups = ''): void {
  for (const group of splitList(groups)) {
    const found = config.groups.get(group) ?? refuse(`no such group '${group}'`)
    found.members.add(name)
  }
}

function leaveGroups(config: UserConfig, name: string): void {
  for (const { members } of config.groups.values()) members.delete(name)
}

/** An unknown user is no error, and root@pam goes too: the next write puts a default one back (facts, proxmox-tools.md). */
function remove({ machine, config, given }: Call): undefined {
  const name = given.get('userid') ?? ''
  config.users.delete(name)
  leaveGroups(config, name)
  for (const node of config.acl.values()) node.delete(name)
  if (realmOf(name) === 'pve') {
    const kept = shadowLines(machine).filter((line) => !line.startsWith(`${name.replace(/@.*$/, '')}:`))
    machine.writeFile(shadowCfg, kept.join(''), 0o600)
  }
  saveUserConfig(machine, config)
}

function list({ config, given }: Call) {
  const full = given.get('full') === '1'
  const enabled = given.get('enabled')
  const chosen = [...config.users].filter(([, user]) => enabled === undefined || user.enable === (enabled === '1'))
  return {
    rows: chosen.sort().map(([name, user]) => rowOf(config, name, user, full)),
    columns: [
      ...['userid', 'comment', 'email', 'enable', 'expire', 'firstname', 'groups', 'keys', 'lastname', 'realm-type'],
      ...['tfa-locked-until', 'tokens', 'totp-locked'],
    ],
    numbers: ['expire', 'tfa-locked-until'],
  }
}

function rowOf(config: UserConfig, name: string, user: User, full: boolean): Row {
  const groups = [...config.groups].flatMap(([group, { members }]) => (members.has(name) ? [group] : [])).sort()
  if (full && user.tokens.size > 0) throw new NotSimulated('pveum user list --full with tokens')
  return {
    userid: name,
    enable: user.enable ? 1 : 0,
    expire: user.expire,
    firstname: user.firstname || undefined,
    lastname: user.lastname || undefined,
    email: user.email,
    comment: user.comment || undefined,
    keys: user.keys || undefined,
    'realm-type': realms.includes(realmOf(name)) ? realmOf(name) : undefined,
    groups: full ? groups.join(',') : undefined,
  }
}

const shadowCfg = '/etc/pve/priv/shadow.cfg'
const shadowLines = (machine: Call['machine']): string[] =>
  (machine.readFile(shadowCfg) ?? '').split('\n').flatMap((line) => (line === '' ? [] : [`${line}\n`]))

function changePassword({ machine, config, given, verb: own, ask }: Call): undefined {
  const name = given.get('userid') ?? ''
  const secret = given.get('password') ?? askTwice(ask)
  if (secret.length < 8) {
    throw parameterErrors(own, new Map([['password', 'value must be at least 8 characters long']]))
  }
  userNamed(config, name)
  storePassword(machine, name, secret)
}

function askTwice(ask: () => string | null): string {
  const secret = ask() ?? refuse('EOF while reading password')
  if (secret !== ask()) refuse('passwords do not match')
  return secret
}

/** Only the pve realm keeps passwords in Proxmox; the hash is one that no login of the simulation looks at. */
function storePassword(machine: Call['machine'], name: string, secret: string): void {
  const realm = realmOf(name)
  if (realm === 'pam') throw new NotSimulated('pveum with a password in realm pam')
  if (!realms.includes(realm)) refuse(`auth domain '${realm}' does not exist`)
  const user = name.replace(/@.*$/, '')
  const others = shadowLines(machine).filter((line) => !line.startsWith(`${user}:`))
  const hash = createHash('sha256').update(secret).digest('base64url')
  machine.writeFile(shadowCfg, [...others, `${user}:$5$simulated$${hash}:\n`].sort().join(''), 0o600)
}

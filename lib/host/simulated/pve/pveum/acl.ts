/** `pveum acl …`. */
import { listOf, splitList } from '../formats.ts'
import { parameterErrors } from '../options.ts'
import { grant, saveUserConfig } from './config.ts'
import { aclPath, groupId, isKnownPath, roleId, splitToken, tokenId, userId } from './names.ts'
import { aclPaths } from './text.ts'
import { userNamed } from './users.ts'
import { type Call, type Command, flag, question, refuse, text, verb } from './verbs.ts'

const parameters = {
  path: text,
  users: { kind: 'string', list: true, check: listOf(userId) },
  groups: { kind: 'string', list: true, check: listOf(groupId) },
  tokens: { kind: 'string', list: true, check: listOf(tokenId) },
  roles: { kind: 'string', list: true, check: listOf(roleId) },
  propagate: flag,
} satisfies Command['parameters']
const extra = { required: ['roles'], failed: 'ACL update failed' }
const usage = '<path> --roles <string> [OPTIONS]'

export const aclCommands: Readonly<Record<string, Command>> = {
  'acl modify': verb(`acl modify ${usage}`, parameters, (call) => update(call, false), extra),
  'acl delete': verb(`acl delete ${usage}`, parameters, (call) => update(call, true), extra),
  'acl list': question('acl list  [FORMAT_OPTIONS]', {}, list),
}

function update(call: Call, isRemoval: boolean): undefined {
  const { machine, config, given, verb: own } = call
  const kinds = ['users', 'groups', 'tokens']
  if (kinds.every((kind) => (given.get(kind) ?? '') === '')) {
    const why = "either 'users', 'groups' or 'tokens' is required."
    throw parameterErrors(own, new Map(kinds.map((kind) => [kind, why])))
  }
  const typed = given.get('path') ?? ''
  const path = aclPath(typed)
  if (path === null || (!isRemoval && !isKnownPath(path))) {
    throw parameterErrors(own, new Map([['path', `invalid ACL path '${typed}'`]]))
  }
  for (const role of splitList(given.get('roles') ?? '')) {
    if (!config.roles.has(role)) refuse(`role '${role}' does not exist`)
    for (const member of membersOf(call)) {
      if (isRemoval) config.acl.get(path)?.get(member)?.delete(role)
      else grant(config, path, member, role, given.get('propagate') !== '0')
    }
  }
  saveUserConfig(machine, config)
}

function membersOf({ config, given }: Call): string[] {
  const groups = splitList(given.get('groups') ?? '').map((group) => {
    if (!config.groups.has(group)) refuse(`group '${group}' does not exist`)
    return `@${group}`
  })
  const users = splitList(given.get('users') ?? '').map((user) => {
    if (!config.users.has(user)) refuse(`user '${user}' does not exist`)
    return user
  })
  const tokens = splitList(given.get('tokens') ?? '').map((id) => {
    const { user, token } = splitToken(id) ?? { user: '', token: '' }
    if (!userNamed(config, user).tokens.has(token)) refuse(`no such token '${token}' for user '${user}'`)
    return id
  })
  return [...groups, ...users, ...tokens]
}

function list({ config }: Call) {
  const rows = aclPaths(config).flatMap((path) =>
    [...(config.acl.get(path) ?? [])].flatMap(([member, roles]) =>
      [...roles].map(([roleid, propagate]) => ({
        path,
        propagate: propagate ? 1 : 0,
        roleid,
        type: member.startsWith('@') ? 'group' : member.includes('!') ? 'token' : 'user',
        ugid: member.replace(/^@/, ''),
      })),
    ),
  )
  return { rows, columns: ['path', 'roleid', 'type', 'ugid', 'propagate'] }
}

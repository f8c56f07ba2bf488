/**
 * user.cfg as Proxmox reads and writes it. Reading forgives with a warning, and what was warned about is missing from
 * the next write (pveum.jsonl n=73: the ACL of a token that is gone).
 */
import { splitList } from '../formats.ts'
import type { Surroundings, Voice } from '../surroundings.ts'
import { aclPath, groupId, isStorageId, poolId, roleId, splitToken, userId } from './names.ts'
import { builtinRoles, privileges } from './roles.ts'
import { decodeText, writeUserConfig } from './text.ts'

export const userCfg = '/etc/pve/user.cfg'

export interface Token {
  expire: number
  privsep: boolean
  comment: string
}

export interface User {
  enable: boolean
  /** Undefined for the root@pam that Proxmox puts in where the file has none. */
  expire?: number
  firstname: string
  lastname: string
  /** Undefined where the line ends before it. */
  email?: string
  comment: string
  keys: string
  tokens: Map<string, Token>
}

export interface Group {
  comment: string
  members: Set<string>
}

export interface Pool {
  comment: string
  vms: Set<string>
  storages: Set<string>
}

/** By member (`USER`, `@GROUP`, `USER!TOKEN`), then by role: whether it is handed down. */
export type AclNode = Map<string, Map<string, boolean>>

export interface UserConfig {
  readonly users: Map<string, User>
  readonly groups: Map<string, Group>
  readonly roles: Map<string, ReadonlySet<string>>
  readonly pools: Map<string, Pool>
  readonly acl: Map<string, AclNode>
}

export const newUser = (enable: boolean): User => ({
  enable,
  firstname: '',
  lastname: '',
  comment: '',
  keys: '',
  tokens: new Map(),
})

export function readUserConfig(machine: Surroundings, voice: Voice): UserConfig {
  const config: UserConfig = {
    users: new Map(),
    groups: new Map(),
    roles: new Map(builtinRoles),
    pools: new Map(),
    acl: new Map(),
  }
  for (const raw of (machine.readFile(userCfg) ?? '').split('\n')) {
    const line = raw.trim()
    if (line === '') continue
    const [kind = '', ...fields] = line.split(':').map((field) => field.trim())
    const complaint = Object.hasOwn(readers, kind)
      ? readers[kind]?.(config, fieldsOf(fields), voice)
      : `ignore config line: ${line}`
    if (typeof complaint === 'string') voice.warn(`user config - ${complaint}\n`)
  }
  if (!config.users.has('root@pam')) config.users.set('root@pam', newUser(true))
  return config
}

export function saveUserConfig(machine: Surroundings, config: UserConfig): void {
  machine.writeFile(userCfg, writeUserConfig(config), 0o640)
}

/** Perl's split drops empty fields at the end, so the reader can't tell them from absent ones. */
function fieldsOf(fields: string[]): (string | undefined)[] {
  const last = fields.findLastIndex((field) => field !== '')
  return fields.slice(0, last + 1)
}

/** Whether Perl takes the field for true. */
const isSet = (field: string | undefined): boolean => field !== undefined && field !== '' && field !== '0'

type LineReader = (config: UserConfig, fields: readonly (string | undefined)[], voice: Voice) => string | undefined

const readers: Readonly<Record<string, LineReader>> = {
  user: (config, [name = '', enable, expire = '0', firstname = '', lastname = '', email, comment = '', keys = '']) => {
    if (userId(name) !== null) return `ignore user '${name}' - invalid user name`
    if (!/^\d*$/.test(expire)) return `ignore user '${name}' - (illegal characters in expire '${expire}')`
    config.users.set(name, {
      ...newUser(isSet(enable)),
      expire: Number(expire),
      firstname: decodeText(firstname),
      lastname: decodeText(lastname),
      ...(email === undefined ? {} : { email }),
      comment: decodeText(comment),
      keys,
    })
    return undefined
  },
  token: (config, [id = '', expire = '0', privsep, comment = '']) => {
    const split = splitToken(id)
    if (split === null) return `ignore invalid tokenid '${id}'`
    if (!/^\d*$/.test(expire)) return `ignore token '${id}' - (illegal characters in expire '${expire}')`
    const user = config.users.get(split.user)
    if (user === undefined) return `ignore token '${id}' - user does not exist`
    user.tokens.set(split.token, {
      expire: Number(expire),
      privsep: isSet(privsep),
      comment: decodeText(comment),
    })
    return undefined
  },
  group: (config, [name = '', members = '', comment = ''], voice) => {
    if (groupId(name) !== null) return `ignore group '${name}' - invalid characters in group name`
    const group = config.groups.get(name) ?? { comment: '', members: new Set() }
    if (comment !== '') group.comment = decodeText(comment)
    config.groups.set(name, group)
    for (const member of splitList(members)) {
      if (!config.users.has(member)) voice.warn(`user config - ignore invalid group member '${member}'\n`)
      if (userId(member) === null) group.members.add(member)
    }
    return undefined
  },
  role: (config, [name = '', privs = ''], voice) => {
    if (roleId(name) !== null) return `ignore role '${name}' - invalid characters in role name`
    const known = new Set(config.roles.get(name))
    for (const priv of splitList(privs)) {
      if (privileges.has(priv)) known.add(priv)
      else voice.warn(`user config - ignore invalid privilege '${priv}'\n`)
    }
    config.roles.set(name, known)
    return undefined
  },
  pool: (config, [name = '', comment = '', vms = '', storages = ''], voice) => {
    if (poolId(name) !== null) return `ignore pool '${name}' - invalid characters in pool name`
    const pool = config.pools.get(name) ?? { comment: '', vms: new Set(), storages: new Set() }
    if (comment !== '') pool.comment = decodeText(comment)
    config.pools.set(name, pool)
    for (const vm of splitList(vms)) {
      const taken = [...config.pools.values()].some((other) => other.vms.has(vm))
      if (!/^\d+$/.test(vm)) voice.warn(`user config - ignore invalid vmid '${vm}' in pool '${name}'\n`)
      else if (taken) voice.warn(`user config - ignore duplicate vmid '${vm}' in pool '${name}'\n`)
      else pool.vms.add(vm)
    }
    for (const storage of splitList(storages)) {
      if (isStorageId(storage)) pool.storages.add(storage)
      else voice.warn(`user config - ignore invalid storage '${storage}' in pool '${name}'\n`)
    }
    return undefined
  },
  acl: (config, [propagate, pathText = '', members = '', roles = ''], voice) => {
    const path = aclPath(pathText)
    if (path === null) return `ignore invalid path in acl '${pathText}'`
    for (const role of splitList(roles)) {
      if (!config.roles.has(role)) {
        const what = roleId(role) === null ? `acl role '${role}'` : `role name '${role}' in acl`
        voice.warn(`user config - ignore invalid ${what}\n`)
        continue
      }
      for (const member of splitList(members)) readMember(config, path, member, role, isSet(propagate), voice)
    }
    return undefined
  },
}

/** An unknown user or group is warned about and kept all the same; an unknown token is dropped (n=73). */
function readMember(
  config: UserConfig,
  path: string,
  member: string,
  role: string,
  propagate: boolean,
  voice: Voice,
): void {
  const complaint = memberComplaint(config, member)
  if (complaint !== null) voice.warn(`user config - ${complaint}\n`)
  const isNamed = userId(member) === null || (member.startsWith('@') && groupId(member.slice(1)) === null)
  if (isNamed || complaint === null) grant(config, path, member, role, propagate)
}

function memberComplaint(config: UserConfig, member: string): string | null {
  const group = member.slice(1)
  const token = splitToken(member)
  if (member.startsWith('@') && groupId(group) === null)
    return config.groups.has(group) ? null : `ignore invalid acl group '${group}'`
  if (userId(member) === null) return config.users.has(member) ? null : `ignore invalid acl member '${member}'`
  if (token === null) return `invalid user/group '${member}' in acl`
  return config.users.get(token.user)?.tokens.has(token.token) ? null : `ignore invalid acl token '${member}'`
}

export function grant(config: UserConfig, path: string, member: string, role: string, propagate: boolean): void {
  const node: AclNode = config.acl.get(path) ?? new Map()
  const roles = node.get(member) ?? new Map<string, boolean>()
  config.acl.set(path, node.set(member, roles.set(role, propagate)))
}

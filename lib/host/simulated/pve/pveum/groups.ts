/** `pveum group …`, `role …`, `pool …` and `realm list`. */
import { listOf, splitList, storageId, vmid } from '../formats.ts'
import { parameterErrors } from '../options.ts'
import type { Property } from '../types.ts'
import { type Pool, saveUserConfig, type UserConfig } from './config.ts'
import { groupId, poolId, roleId } from './names.ts'
import { builtinRoles, privileges } from './roles.ts'
import { type Call, type Command, flag, question, refuse, text, verb } from './verbs.ts'

const groupid: Property = { kind: 'string', check: groupId }
const roleid: Property = { kind: 'string', check: roleId }
const poolid: Property = { kind: 'string', check: poolId }
const privs: Property = {
  kind: 'string',
  list: true,
  check: listOf((name) => (privileges.has(name) ? null : `invalid privilege '${name}'`)),
}

export const groupCommands: Readonly<Record<string, Command>> = {
  'group add': verb('group add <groupid> [OPTIONS]', { groupid, comment: text }, addGroup, {
    failed: 'create group failed',
  }),
  'group modify': verb('group modify <groupid> [OPTIONS]', { groupid, comment: text }, modifyGroup, {
    failed: 'update group failed',
  }),
  'group delete': verb('group delete <groupid>', { groupid }, deleteGroup, { failed: 'delete group failed' }),
  'group list': question('group list  [FORMAT_OPTIONS]', {}, ({ config }) => ({
    rows: [...config.groups].sort().map(([name, { comment, members }]) => ({
      groupid: name,
      comment: comment || undefined,
      users: [...members].sort().join(','),
    })),
    columns: ['groupid', 'comment', 'users'],
  })),
  'role add': verb('role add <roleid> [OPTIONS]', { roleid, privs }, addRole, { failed: 'create role failed' }),
  'role modify': verb('role modify <roleid> [OPTIONS]', { roleid, privs, append: flag }, modifyRole, {
    failed: 'update role failed',
    first: refuseBuiltin('modified'),
    requires: { append: 'privs' },
  }),
  'role delete': verb('role delete <roleid>', { roleid }, deleteRole, {
    failed: 'delete role failed',
    first: refuseBuiltin('deleted'),
  }),
  'role list': question('role list  [FORMAT_OPTIONS]', {}, ({ config }) => ({
    rows: [...config.roles].sort().map(([name, held]) => ({
      roleid: name,
      privs: [...held].sort().join(','),
      special: builtinRoles.has(name) ? 1 : 0,
    })),
    columns: ['roleid', 'privs', 'special'],
  })),
  'pool add': verb('pool add <poolid> [OPTIONS]', { poolid, comment: text }, addPool, { failed: 'create pool failed' }),
  'pool modify': verb(
    'pool modify <poolid> [OPTIONS]',
    {
      poolid,
      comment: text,
      vms: { kind: 'string', list: true, check: listOf(vmid) },
      storage: { kind: 'string', list: true, check: listOf(storageId) },
      'allow-move': flag,
      delete: flag,
    },
    modifyPool,
    { failed: 'update pools failed' },
  ),
  'pool delete': verb('pool delete <poolid>', { poolid }, deletePool, { failed: 'delete pool failed' }),
  'pool list': question('pool list  [OPTIONS] [FORMAT_OPTIONS]', {}, ({ config }) => ({
    rows: [...config.pools].sort().map(([name, { comment }]) => ({ poolid: name, comment: comment || undefined })),
    columns: ['poolid', 'comment', 'members'],
  })),
  'realm list': question('realm list  [FORMAT_OPTIONS]', {}, () => ({
    rows: [
      { realm: 'pam', type: 'pam', comment: 'Linux PAM standard authentication' },
      { realm: 'pve', type: 'pve', comment: 'Proxmox VE authentication server' },
    ],
    columns: ['realm', 'type', 'comment', 'tfa'],
  })),
}

function refuseBuiltin(done: string): (call: Call) => void {
  return ({ given }) => {
    const name = given.get('roleid') ?? ''
    if (builtinRoles.has(name)) refuse(`auto-generated role '${name}' cannot be ${done}`)
  }
}

function addGroup({ machine, config, given }: Call): undefined {
  const name = given.get('groupid') ?? ''
  if (config.groups.has(name)) refuse(`group '${name}' already exists`)
  config.groups.set(name, { comment: given.get('comment') ?? '', members: new Set() })
  saveUserConfig(machine, config)
}

function modifyGroup({ machine, config, given }: Call): undefined {
  const name = given.get('groupid') ?? ''
  const group = config.groups.get(name) ?? refuse(`group '${name}' does not exist`)
  group.comment = given.get('comment') ?? group.comment
  saveUserConfig(machine, config)
}

function deleteGroup({ machine, config, given }: Call): undefined {
  const name = given.get('groupid') ?? ''
  if (!config.groups.delete(name)) refuse(`group '${name}' does not exist`)
  for (const node of config.acl.values()) node.delete(`@${name}`)
  saveUserConfig(machine, config)
}

function addRole({ machine, config, given, verb: own }: Call): undefined {
  const name = given.get('roleid') ?? ''
  if (/^PVE/i.test(name)) {
    const why = "cannot use role ID starting with the (case-insensitive) 'PVE' namespace"
    throw parameterErrors(own, new Map([['roleid', why]]))
  }
  if (config.roles.has(name)) refuse(`role '${name}' already exists`)
  config.roles.set(name, new Set(splitList(given.get('privs') ?? '')))
  saveUserConfig(machine, config)
}

function modifyRole({ machine, config, given }: Call): undefined {
  const name = given.get('roleid') ?? ''
  const before = config.roles.get(name) ?? refuse(`role '${name}' does not exist`)
  const kept = given.get('append') === '1' ? before : []
  config.roles.set(name, new Set([...kept, ...splitList(given.get('privs') ?? '')]))
  saveUserConfig(machine, config)
}

/** What grants the role stays in the file, and is warned about from then on (pveum.jsonl n=88, 89). */
function deleteRole({ machine, config, given }: Call): undefined {
  const name = given.get('roleid') ?? ''
  if (!config.roles.delete(name)) refuse(`role '${name}' does not exist`)
  saveUserConfig(machine, config)
}

function addPool({ machine, config, given }: Call): undefined {
  const name = given.get('poolid') ?? ''
  if (config.pools.has(name)) refuse(`pool '${name}' already exists`)
  const parent = name.includes('/') ? name.slice(0, name.lastIndexOf('/')) : undefined
  if (parent !== undefined && !config.pools.has(parent)) refuse(`parent '${parent}' of pool '${name}' does not exist`)
  if (!/(^|\/)[A-Za-z][^/]*$/.test(name)) refuse('pool name must start with a letter')
  config.pools.set(name, { comment: given.get('comment') ?? '', vms: new Set(), storages: new Set() })
  saveUserConfig(machine, config)
}

function poolOf(config: UserConfig, name: string): Pool {
  return config.pools.get(name) ?? refuse(`pool '${name}' does not exist`)
}

function modifyPool({ machine, config, given }: Call): undefined {
  const pool = poolOf(config, given.get('poolid') ?? '')
  pool.comment = given.get('comment') ?? pool.comment
  const isRemoval = given.get('delete') === '1'
  const enter = (members: Set<string>, member: string, shown: string): void => {
    if (members.has(member) !== isRemoval) refuse(`${shown} is ${isRemoval ? 'not' : 'already'} a pool member`)
    if (isRemoval) members.delete(member)
    else members.add(member)
  }
  for (const vm of splitList(given.get('vms') ?? '')) {
    const other = [...config.pools].find(([, { vms }]) => vms !== pool.vms && vms.has(vm))
    if (!isRemoval && other !== undefined) {
      if (given.get('allow-move') !== '1')
        refuse(`VM ${vm} belongs already to pool '${other[0]}' and 'allow-move' is not set`)
      other[1].vms.delete(vm)
    }
    enter(pool.vms, vm, `VM ${vm}`)
  }
  for (const storage of splitList(given.get('storage') ?? '')) enter(pool.storages, storage, `Storage '${storage}'`)
  saveUserConfig(machine, config)
}

/** Members that are no more don't count (pveum.jsonl n=81: VM 999 never was). */
function deletePool({ machine, config, given }: Call): undefined {
  const name = given.get('poolid') ?? ''
  const pool = poolOf(config, name)
  const notEmpty = (what: string): never => refuse(`pool '${name}' is not empty (contains ${what})`)
  const below = [...config.pools.keys()].sort().find((other) => other.startsWith(`${name}/`))
  if (below !== undefined) notEmpty(`pool '${below}'`)
  const hasGuest = (vm: string): boolean =>
    ['lxc', 'qemu-server'].some((kind) => machine.exists(`/etc/pve/${kind}/${vm}.conf`))
  const guest = [...pool.vms].sort().find(hasGuest)
  if (guest !== undefined) notEmpty(`VM ${guest}`)
  const storageIds = `local\n${machine.readFile('/etc/pve/storage.cfg') ?? ''}`.matchAll(/^(?:\w+: *)?(\S+)\s*$/gm)
  const known = new Set([...storageIds].map(([, id]) => id))
  const storage = [...pool.storages].sort().find((id) => known.has(id))
  if (storage !== undefined) notEmpty(`storage '${storage}'`)
  config.pools.delete(name)
  for (const path of [...config.acl.keys()]) {
    if (path === `/pool/${name}` || path.startsWith(`/pool/${name}/`)) config.acl.delete(path)
  }
  saveUserConfig(machine, config)
}

/**
 * NAME@pam in Proxmox VE, with its role on /. Roles that somebody else gave it stay; of those that phx gave, only the
 * declared one does. The user itself stays when it is no longer declared, since others may have built on it.
 */
import { CannotLook } from '../../engine/cannot-look.ts'
import type { Change, Comparison, Lock, Look, Note, Owned, Refusal, Resource } from '../../engine/resource.ts'
import { allRolesProbe, builtinRoles, type UserConfig, userConfigProbe } from '../probes/user-config.ts'

/** Everyone who writes user.cfg through phx takes it: pveum's own lock only orders single calls. */
const userCfgLock: Lock = { name: 'user.cfg', mode: 'exclusive' }

const userId = (user: string): string => `proxmox-user:${user}`
/** What is recorded as phx's, so that a role that somebody else gave is never taken for one. */
const grantPrefix = (user: string): string => `proxmox-role:${user}:`

export class ProxmoxAccess implements Resource {
  readonly id: string
  readonly locks: readonly Lock[] = [userCfgLock]
  readonly #user: string
  readonly #role: string | null

  constructor(name: string, role: string | null) {
    this.#user = `${name}@pam`
    this.#role = role
    this.id = userId(this.#user)
  }

  async compare(look: Look, _: unknown, owned: Owned): Promise<Comparison> {
    const config = await look.at(userConfigProbe)
    if (config === undefined) return { changes: [], refusals: [], notes: this.#withoutProxmox(), live: {} }
    if (this.#role !== null) {
      const refusal = await this.#unknownRole(look, this.#role, config)
      if (refusal) return { changes: [], refusals: [refusal], notes: [], live: {} }
    }
    // The new role first, so that the user is never without one in between.
    const changes = [...this.#additions(config), ...this.#removals(config, owned)]
    if (changes.length > 0) await assertPveum(look, changes[0]?.summary ?? '')
    const enabled = config.users.get(this.#user)
    const grant = config.grants.find((one) => this.#isRoot(one) && one.role === this.#role)
    const live = enabled === undefined ? null : { role: grant?.role ?? null, propagate: grant?.propagate ?? null }
    return { changes, refusals: [], notes: this.#role !== null && enabled === false ? [this.#disabled()] : [], live }
  }

  #isRoot = ({ path, member }: { path: string; member: string }): boolean => path === '/' && member === this.#user

  #additions(config: UserConfig): Change[] {
    const [user, role] = [this.#user, this.#role]
    if (role === null) return []
    const made: Change[] = config.users.has(user) ? [] : [this.#add()]
    const grant = config.grants.find((one) => this.#isRoot(one) && one.role === role)
    if (grant?.propagate === true) return made
    const change: Change = {
      resource: `${grantPrefix(user)}${role}`,
      action: grant === undefined ? 'create' : 'update',
      risk: 'safe',
      summary: `give ${user} the role ${role} on /`,
      fields: [
        grant === undefined ? { field: 'role', from: null, to: role } : { field: 'propagate', from: false, to: true },
      ],
      steps: [{ kind: 'command', argv: acl('modify', user, role) }],
      undo: { commands: [acl('delete', user, role)] },
    }
    return [...made, change]
  }

  #add(): Change {
    const user = this.#user
    return {
      resource: this.id,
      action: 'create',
      risk: 'safe',
      summary: `make ${user} known to Proxmox VE`,
      fields: [{ field: 'user', from: null, to: user }],
      steps: [{ kind: 'command', argv: ['pveum', 'user', 'add', user] }],
      undo: { commands: [['pveum', 'user', 'delete', user]] },
    }
  }

  #removals(config: UserConfig, owned: Owned): Change[] {
    const user = this.#user
    const ours = owned.all.flatMap((id) =>
      id.startsWith(grantPrefix(user)) ? [id.slice(grantPrefix(user).length)] : [],
    )
    const stale = ours.filter(
      (role) => role !== this.#role && config.grants.some((one) => this.#isRoot(one) && one.role === role),
    )
    return stale.map((role) => ({
      resource: `${grantPrefix(user)}${role}`,
      action: 'remove',
      risk: 'safe',
      summary: `take the role ${role} on / from ${user}`,
      fields: [{ field: 'role', from: role, to: null }],
      steps: [{ kind: 'command', argv: acl('delete', user, role) }],
      undo: { commands: [acl('modify', user, role)] },
    }))
  }

  async #unknownRole(look: Look, role: string, config: UserConfig): Promise<Refusal | undefined> {
    if (builtinRoles.has(role) || config.roles.has(role)) return undefined
    await assertPveum(look, `look whether there is a role ${role}`)
    const asked = await look.at(allRolesProbe)
    if (asked.includes(role)) return undefined
    const known = [...new Set([...builtinRoles, ...config.roles, ...asked])].sort()
    return {
      resource: this.id,
      why: `${this.#user} is to have the role ${role}, which Proxmox VE does not know`,
      fields: [],
      mend: [`there are: ${known.join(', ')}`, `or make it first: pveum role add ${role} --privs …`],
    }
  }

  #withoutProxmox(): Note[] {
    if (this.#role === null) return []
    const text = `there is no Proxmox VE here, so ${this.#user} is given no role`
    return [{ resource: this.id, level: 'info', text }]
  }

  #disabled(): Note {
    const text = `${this.#user} is disabled in Proxmox VE and can't log in there: pveum user modify ${this.#user} --enable 1`
    return { resource: this.id, level: 'warning', text }
  }
}

const acl = (verb: 'modify' | 'delete', user: string, role: string): string[] => [
  ...['pveum', 'acl', verb, '/', '--users', user, '--roles', role],
  ...(verb === 'modify' ? ['--propagate', '1'] : []),
]

/** user.cfg is changed by pveum alone; where that isn't, the plan says so rather than the run. `what` completes "can't …". */
async function assertPveum(look: Look, what: string): Promise<void> {
  if (await look.reader.hasTool('pveum')) return
  throw new CannotLook(`can't ${what}: there is an /etc/pve, but pveum is not installed (or not on the PATH)`, [
    'apt-get install libpve-access-control',
    'on a host without Proxmox VE: leave proxmox_role out of the users',
  ])
}

/** The samba section as plain data, with every spelling that the config allows made one. */
import type { PhxConfig, SambaShare, SecretReference } from './generated/types.ts'
import { plainPath } from './plain-path.ts'
import { canonicalParameter, type Parameter } from './smb-parameters.ts'
import { declaredUsers } from './users.ts'

export interface DeclaredSambaUser {
  readonly name: string
  /** Where the password is kept; null: none is declared, and the one that it has stays. */
  readonly password: SecretReference | null
  /** Whether `users` declares the account too; otherwise it is made for Samba alone. */
  readonly isAdminUser: boolean
}

export interface DeclaredShare {
  readonly name: string
  /** Absolute. */
  readonly path: string
  /** By their first names, in the order in which they are written; without the path and the valid users. */
  readonly parameters: readonly Parameter[]
  /** As smb.conf(5) writes them: names, @group. */
  readonly validUsers: readonly string[]
  /** Listed for those who look what there is. */
  readonly isBrowseable: boolean
  /** Who is let in may write, as far as the folder lets them: `force user` writes as somebody else. */
  readonly isWritable: boolean
  readonly folder: DeclaredFolder
}

/** Of the shared folder itself, never of what is in it; null: left as it is. */
export interface DeclaredFolder {
  readonly owner: string | null
  readonly group: string | null
  /** Permission bits. */
  readonly mode: number | null
  /** Who gets the folder as long as it belongs to root:root. */
  readonly heir: string | null
}

export interface DeclaredSamba {
  readonly users: readonly DeclaredSambaUser[]
  readonly shares: readonly DeclaredShare[]
  readonly workgroup: string | null
  readonly netbios: boolean
}

/** Null when the config declares nothing for Samba. */
export function declaredSamba(config: PhxConfig): DeclaredSamba | null {
  const samba = config.samba ?? {}
  const users = sambaUsers(config)
  const shares = (samba.shares ?? []).map((share) => declaredShare(share, config))
  if (users.length === 0 && shares.length === 0) return null
  return { users, shares, workgroup: config.network?.workgroup ?? null, netbios: samba.netbios ?? false }
}

function sambaUsers(config: PhxConfig): DeclaredSambaUser[] {
  const { user, password, users = [] } = config.samba ?? {}
  const all = [
    ...(user === undefined ? [] : [{ name: user, password: password ?? null }]),
    ...users.map((one) => ({ name: one.username, password: one.password })),
  ]
  const admins = declaredUsers(config).map(({ name }) => name)
  return all.map((one) => ({ ...one, isAdminUser: admins.includes(one.name) }))
}

/** Those that every share says of itself, so that no default of the admin's [global] section reaches it unseen. */
const alwaysSaid = { 'read only': 'yes', browseable: 'yes', 'guest ok': 'no' } as const

function declaredShare(share: SambaShare, config: PhxConfig): DeclaredShare {
  const given = new Map(optionsOf(share).map(({ name, value }) => [name, value]))
  const fields = { 'read only': share.read_only, browseable: share.browsable, 'guest ok': share.guest_ok }
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) given.set(name, value ? 'yes' : 'no')
  }
  for (const [name, value] of Object.entries(alwaysSaid)) if (!given.has(name)) given.set(name, value)
  const validUsers = [...(share.valid_users ?? []), ...namesIn(given.get('valid users') ?? '')]
  given.delete('valid users')
  given.delete('path')
  const parameters = [...given].map(([name, value]) => ({ name, value })).sort((a, b) => (a.name < b.name ? -1 : 1))
  const path = plainPath(share.path.startsWith('/') ? share.path : `/${share.path}`)
  const isWritable = given.get('read only') === 'no' && !given.has('force user')
  return {
    name: share.name.trim(),
    path,
    parameters,
    validUsers: [...new Set(validUsers)],
    isBrowseable: given.get('browseable') === 'yes',
    isWritable,
    folder: {
      owner: share.owner ?? null,
      group: share.group ?? null,
      mode: share.mode === undefined ? null : Number.parseInt(share.mode, 8),
      heir: isWritable ? heirOf(path, validUsers, config) : null,
    },
  }
}

/** `samba.user` owns the shares; not where an export says whose the folder is, nor where that user may not connect. */
function heirOf(path: string, validUsers: readonly string[], config: PhxConfig): string | null {
  const user = config.samba?.user
  if (user === undefined || (validUsers.length > 0 && !validUsers.includes(user))) return null
  const exported = (config.nfs?.exports ?? []).find((one) => plainPath(one.path) === path)
  const isSaid = exported?.owner ?? exported?.group ?? exported?.mode
  return isSaid === undefined ? user : null
}

function optionsOf({ options = '' }: SambaShare): Parameter[] {
  if (typeof options !== 'string') {
    return Object.entries(options).map(([name, value]) => canonicalParameter(name, textOf(value)))
  }
  const parts = options.split(/\s+/).filter((part) => part !== '')
  return parts.map((part) => {
    const equals = part.indexOf('=')
    return canonicalParameter(part.slice(0, equals), part.slice(equals + 1))
  })
}

const textOf = (value: string | number | boolean): string =>
  typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value)

/** A list of names has commas or blanks between them; one with a blank in it is quoted (smb.conf(5), valid users). */
const namesIn = (text: string): string[] =>
  [...text.matchAll(/"([^"]*)"|[^\s,"]+/g)].map(([word, quoted]) => quoted ?? word)

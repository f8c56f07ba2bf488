/**
 * Users, roles and permissions of Proxmox VE from /etc/pve/user.cfg, read as pve-access-control reads it: `pveum … list`
 * costs 0.7 s, the file a hundredth of it (facts: proxmox-tools, "Cost").
 */
import { CannotLook } from '../../engine/cannot-look.ts'
import type { Probe } from '../../engine/resource.ts'

export interface UserConfig {
  /** By NAME@REALM: whether the user is enabled. */
  readonly users: ReadonlyMap<string, boolean>
  /** Those that somebody made; the built-in ones are never in the file. */
  readonly roles: ReadonlySet<string>
  readonly grants: readonly Grant[]
}

export interface Grant {
  readonly path: string
  /** `NAME@REALM`, `@GROUP` or `NAME@REALM!TOKEN`. */
  readonly member: string
  readonly role: string
  /** Whether it holds below the path too. */
  readonly propagate: boolean
}

const list = (text = ''): string[] => text.split(/[,;\s]+/).filter((word) => word !== '')

/** `vms/` is `/vms` (pveum.jsonl n=56). */
const normalPath = (path: string): string => `/${path}`.replace(/\/+/g, '/').replace(/(.)\/$/, '$1')

export function parseUserConfig(text: string): UserConfig {
  const users = new Map<string, boolean>()
  const roles = new Set<string>()
  const grants = new Map<string, Grant>()
  for (const line of text.split('\n')) {
    const [kind, name = '', ...fields] = line.split(':').map((field) => field.trim())
    if (kind === 'user' && name !== '') users.set(name, fields[0] === '1')
    if (kind === 'role' && name !== '') roles.add(name)
    if (kind !== 'acl') continue
    const [path = '', members, held] = fields
    for (const role of list(held)) {
      for (const member of list(members)) {
        const grant = { path: normalPath(path), member, role, propagate: name === '1' }
        // Of two lines for one thing the later counts.
        grants.set([grant.path, member, role].join(' '), grant)
      }
    }
  }
  return { users, roles, grants: [...grants.values()] }
}

/** Undefined on a host without Proxmox VE. */
export const userConfigProbe: Probe<UserConfig | undefined> = {
  id: '/etc/pve/user.cfg',
  async read({ reader }) {
    const names = await reader.listDir('/etc/pve')
    if (names === undefined) return undefined
    if (names.length === 0) {
      throw new CannotLook('/etc/pve is empty: the cluster file system of Proxmox VE is not mounted', [
        'systemctl status pve-cluster',
      ])
    }
    return parseUserConfig((await reader.readFile('/etc/pve/user.cfg')) ?? '')
  },
}

/** Roles that every Proxmox VE 9 has (pveum.jsonl n=36). */
export const builtinRoles: ReadonlySet<string> = new Set(
  (
    'Administrator NoAccess PVEAdmin PVEAuditor PVEDatastoreAdmin PVEDatastoreUser PVEMappingAdmin PVEMappingUser ' +
    'PVEPoolAdmin PVEPoolUser PVESDNAdmin PVESDNUser PVESysAdmin PVETemplateUser PVEUserAdmin PVEVMAdmin PVEVMUser'
  ).split(' '),
)

/** Asked only about a role that neither the file nor the list above knows: a newer Proxmox VE may have more. */
export const allRolesProbe: Probe<readonly string[]> = {
  id: 'pveum role list',
  async read({ reader }) {
    const { exitCode, stdout } = await reader.query(['pveum', 'role', 'list', '--output-format', 'json'])
    return exitCode === 0 ? parseRoles(stdout) : []
  },
}

/** The list comes in another order with each call (facts: proxmox-tools, "Output formats"). */
export function parseRoles(json: string): string[] {
  const rows: unknown = JSON.parse(json)
  if (!Array.isArray(rows)) return []
  return rows.flatMap((row: { roleid?: unknown }) => (typeof row.roleid === 'string' ? [row.roleid] : [])).sort()
}

/** What users, groups, roles, tokens, pools and ACL paths may be called (pve-access-control 9.1.1; pveum.jsonl). */
import { type Check, storageId, vmid } from '../formats.ts'

const realm = /[A-Za-z][A-Za-z0-9.\-_]+/.source
const isUser = new RegExp(`^[^\\s:/]+@${realm}$`)
const isToken = new RegExp(`^([^\\s:/]+@${realm})!(${realm})$`)
export const tokenPattern = new RegExp(`^${realm}$`)

export const userId: Check = (value) => {
  if (value.length < 3) return `user name '${value}' is too short`
  if (value.length > 64) return `user name '${value}' is too long (${value.length} > 64)`
  return isUser.test(value) ? null : `value '${value}' does not look like a valid user name`
}

export const realmOf = (user: string): string => user.slice(user.lastIndexOf('@') + 1)

/** User and token of `USER@REALM!TOKEN`, or null. */
export function splitToken(id: string): { user: string; token: string } | null {
  const [, user, token] = isToken.exec(id) ?? []
  return user === undefined || token === undefined ? null : { user, token }
}

export const tokenId: Check = (value) =>
  splitToken(value) === null ? `value '${value}' does not look like a valid token ID` : null

export const groupId: Check = (value) =>
  /^[A-Za-z0-9.\-_]+$/.test(value) ? null : `group name '${value}' contains invalid characters`

export const roleId: Check = (value) =>
  /^[A-Za-z0-9.\-_]+$/.test(value) ? null : `role name '${value}' contains invalid characters`

export const poolId: Check = (value) => {
  if (value.split('/').length > 3) return `pool name '${value}' nested too deeply (max levels = 3)`
  return /^[A-Za-z0-9.\-_]+(\/[A-Za-z0-9.\-_]+){0,2}$/.test(value)
    ? null
    : `pool name '${value}' contains invalid characters`
}

export const email: Check = (value) =>
  value === '' || /^[\w+\-~]+(\.[\w+\-~]+)*@[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)*$/.test(value)
    ? null
    : 'value does not look like a valid email address'

export const isVmid = (value: string): boolean => vmid(value) === null
export const isStorageId = (value: string): boolean => storageId(value) === null

/** `vms` is `/vms` (pveum.jsonl n=56); null for what can't be a path. */
export function aclPath(value: string): string | null {
  if (value === '' || value === '0') return null
  const tidy = `/${value}`.replace(/\/+/g, '/').replace(/(.)\/$/, '$1')
  return /^[A-Za-z0-9.\-_/]+$/.test(tidy) ? tidy : null
}

const word = '[A-Za-z0-9.\\-_]+'
const knownPaths = new RegExp(
  `^(/|/access|/access/(groups|realm)(/${word})?|/nodes(/${word})?|/pool(/${word}){0,3}|/sdn|/sdn/controllers(/\\w+)?` +
    `|/sdn/(dns|fabrics|ipams|prefix-lists|route-maps)(/[A-Za-z0-9]+)?|/sdn/zones(/${word}(/${word}(/[1-9]\\d{0,3})?)?)?` +
    `|/storage(/${word})?|/vms(/[1-9]\\d{2,})?|/mapping(/${word}(/${word})?)?)$`,
)

/** Whether an ACL may be made there; removing one asks for less. */
export const isKnownPath = (path: string): boolean => knownPaths.test(path)

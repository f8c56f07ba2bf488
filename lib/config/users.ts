/** The administrators that a config declares, normalised: one or a list, keys from both fields, defaults filled in. */
import type { PhxConfig, SecretReference, User } from './generated/types.ts'

export interface DeclaredUser {
  readonly name: string
  /** Null: that of an existing account stays, a new one gets /bin/bash. */
  readonly shell: string | null
  /** Sorted. */
  readonly groups: readonly string[]
  readonly sudo: boolean
  /** Null: phx leaves the password alone. */
  readonly passwordHash: SecretReference | null
  /** Lines of authorized_keys, each key once, in the order of the config. */
  readonly keys: readonly string[]
  /** Role of NAME@pam on / in Proxmox VE. */
  readonly role: string | null
}

/** Type and key of a line of authorized_keys: what makes two of them the same. Undefined for any other line. */
export function keyOf(line: string): string | undefined {
  // Options stand first, and may hold blanks in quotes (sshd(8), AUTHORIZED_KEYS FILE FORMAT). A key begins with the length
  // of its type's name, which is AAAA in base64.
  const found =
    /^\s*(?!#)(?:(?:[^\s"]|"(?:\\.|[^"\\])*")+\s+)?((?:sk-)?(?:ssh|ecdsa)-[\w@.-]+)\s+(AAAA[A-Za-z0-9+/]+=*)/.exec(line)
  return found ? `${found[1]} ${found[2]}` : undefined
}

export function declaredUsers(config: PhxConfig): readonly DeclaredUser[] {
  const { users = [] } = config
  return (Array.isArray(users) ? users : [users]).map(declaredUser)
}

function declaredUser(user: User): DeclaredUser {
  const { username, password_hash, shell, groups = [], sudo_access = false, proxmox_role } = user
  const keys = [user.ssh_public_key ?? '', ...(user.ssh_public_keys ?? [])].map((key) => key.trim())
  const byKey = new Map(keys.filter((key) => key !== '').map((key) => [keyOf(key) ?? key, key]))
  return {
    name: username,
    shell: shell ?? null,
    groups: [...new Set(groups)].sort(),
    sudo: sudo_access,
    passwordHash: typeof password_hash === 'object' ? password_hash : null,
    keys: [...byKey.values()],
    role: proxmox_role ?? null,
  }
}

/** The administrators that a config declares, normalised: one or a list, keys from both fields, defaults filled in. */
import type { PhxConfig, SecretReference, User } from './generated/types.ts'
import { keyOf } from './public-key.ts'

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

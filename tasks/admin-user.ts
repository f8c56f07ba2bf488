/** Module `admin-user`: one task an administrator, with account, password, sudo, SSH keys and the role in Proxmox VE. */
import type { PhxConfig } from '../lib/config/generated/types.ts'
import { describeSecret } from '../lib/config/secrets.ts'
import { initialSetup } from '../lib/config/steps.ts'
import { type DeclaredUser, declaredUsers } from '../lib/config/users.ts'
import type { Task, TaskModule, Value } from '../lib/engine/resource.ts'
import { Account } from '../lib/resources/account/account.ts'
import { AuthorizedKeys } from '../lib/resources/account/authorized-keys.ts'
import { LeftAccount } from '../lib/resources/account/left-behind.ts'
import { Password } from '../lib/resources/account/password.ts'
import { ProxmoxAccess } from '../lib/resources/account/proxmox.ts'
import { SudoAccess } from '../lib/resources/account/sudo.ts'
import { Packages } from '../lib/resources/package/packages.ts'

const prefix = 'admin-user:'

/** Where the hash is kept is an input; the hash itself is none. */
function inputsOf({ shell, groups, sudo, passwordHash, keys, role }: DeclaredUser): Record<string, Value> {
  return {
    shell,
    groups,
    sudo,
    password: passwordHash === null ? null : describeSecret(passwordHash),
    keys: [...keys].sort(),
    'Proxmox role': role,
  }
}

function taskOf(user: DeclaredUser, needs: readonly string[]): Task {
  const { name, passwordHash, keys, role } = user
  return {
    id: `${prefix}${name}`,
    title: `administrator ${name}`,
    version: 1,
    groups: ['admin-user', 'setup'],
    needs,
    inputs: inputsOf(user),
    resources: [
      ...(user.sudo ? [new Packages(`${prefix}${name}`, ['sudo'])] : []),
      new Account(user),
      ...(passwordHash === null ? [] : [new Password(name, passwordHash)]),
      new SudoAccess(user),
      new AuthorizedKeys(name, keys),
      new ProxmoxAccess(name, role),
    ],
  }
}

/** What phx made for somebody who is no longer declared goes, but for the account and its home. */
function leftOver(name: string): Task {
  return {
    id: `${prefix}${name}`,
    title: `${name}, no longer an administrator`,
    version: 1,
    groups: ['admin-user', 'setup'],
    needs: [],
    inputs: {},
    resources: [
      new ProxmoxAccess(name, null),
      new SudoAccess({ name, sudo: false, passwordHash: null }),
      new AuthorizedKeys(name, []),
      new LeftAccount(name),
    ],
  }
}

export const adminUser: TaskModule<PhxConfig> = {
  name: 'admin-user',
  expand(config, orphans) {
    const users = declaredUsers(config)
    const declared = new Set(users.map(({ name }) => name))
    const gone = orphans.filter((id) => id.startsWith(prefix)).map((id) => id.slice(prefix.length))
    return [
      ...users.map((user) => taskOf(user, initialSetup(config))),
      ...gone.filter((name) => !declared.has(name)).map(leftOver),
    ]
  },
}

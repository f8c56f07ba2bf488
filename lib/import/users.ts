/** Users: one object under a plural name became a list, and a hash became the place where it is kept. */
import type { Old } from './old.ts'
import type { Fields, OldReader } from './read.ts'

export function readUsers(reader: OldReader, old: Old): unknown {
  const users = reader.list(old, (user) => readUser(reader, user))
  const isSingle = old.isObject
  if (isSingle && users.length > 0) {
    reader.report.normalised(old, 'one user', 'a list of users')
    addRole(reader, old, users[0] as Fields)
  }
  return users
}

function readUser(reader: OldReader, user: Old): Fields | undefined {
  const name = user.get('username').text ?? 'phoenix_admin'
  const made = reader.fields(user, 'users[]', {
    password_hash: (old) => readHash(reader, old, name),
    ssh_public_key: (old) => {
      if (old.text?.trim() !== '') return reader.value(old, 'users[].ssh_public_key')
      reader.report.dropped(old, 'empty: no key')
      return undefined
    },
  })
  if (made !== undefined && !user.get('username').isPresent) {
    made.username = name
    reader.report.normalised(user, 'no username', name, 'the name that the script took then')
  }
  return made
}

function readHash(reader: OldReader, old: Old, name: string): unknown {
  if (old.text === undefined) return reader.value(old, 'users[].password_hash')
  if (old.text.trim() === '') {
    reader.report.dropped(old, 'empty: no password')
    return undefined
  }
  if (old.text === 'NOT_SET') return reader.value(old, 'users[].password_hash')
  return reader.report.secrets.reference(old, `${name}.hash`)
}

/** The script made everyone it created an Administrator of Proxmox VE, without a field that said so. */
function addRole(reader: OldReader, old: Old, user: Fields): void {
  if (user.proxmox_role !== undefined) return
  user.proxmox_role = 'Administrator'
  reader.report.normalised(
    old,
    'no role',
    'proxmox_role: Administrator',
    'the script gave that role without being told',
  )
}

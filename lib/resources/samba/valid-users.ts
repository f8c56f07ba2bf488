/** Names in `valid users` that nobody has: a slip there locks people out, or lets in whoever takes that name later. */
import type { DeclaredSamba } from '../../config/samba.ts'
import type { Look } from '../../engine/resource.ts'
import { accountsProbe, groupsProbe } from '../probes/accounts.ts'
import { sambaUsersProbe } from '../probes/samba-users.ts'

/** A name with @, + or & before it is a group, a name of another domain has a backslash, `%S` and the like are filled in later. */
const isGroup = (name: string): boolean => /^[@+&]/.test(name)
const isOpen = (name: string): boolean => /[\\%]/.test(name)

export async function strangers(
  look: Look,
  samba: DeclaredSamba | null,
): Promise<readonly { readonly share: string; readonly names: readonly string[] }[]> {
  const [accounts, users, groups] = await Promise.all([
    look.at(sambaUsersProbe),
    look.at(accountsProbe),
    look.at(groupsProbe),
  ])
  const declared = (samba?.users ?? []).map((user) => user.name)
  const isKnown = (name: string): boolean => {
    if (isGroup(name)) return groups.has(name.replace(/^[@+&]+/, ''))
    return isOpen(name) || declared.includes(name) || accounts.has(name) || users.has(name)
  }
  return (samba?.shares ?? []).flatMap(({ name, validUsers }) => {
    const names = validUsers.filter((user) => !isKnown(user))
    return names.length === 0 ? [] : [{ share: name, names }]
  })
}

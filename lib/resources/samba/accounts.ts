/** The Unix accounts of Samba users that `users` doesn't declare: Samba's database needs one for each (services.jsonl scene 24). */
import type { Change, Comparison, Lock, Look, Resource } from '../../engine/resource.ts'
import { accountId, accountsLock } from '../account/account.ts'
import { accountsProbe, groupsProbe } from '../probes/accounts.ts'
import { sambaUsersProbe } from '../probes/samba-users.ts'

/** Its home and group are the account's own affair; it can't log in, neither by a shell nor by a password. */
export class SambaUnixAccount implements Resource {
  readonly id: string
  readonly locks: readonly Lock[] = [accountsLock]
  readonly #name: string

  constructor(name: string) {
    this.id = accountId(name)
    this.#name = name
  }

  async compare(look: Look): Promise<Comparison> {
    const account = (await look.at(accountsProbe)).get(this.#name)
    if (account) return { changes: [], refusals: [], notes: [], live: { uid: account.uid } }
    const [groups, sambaUsers] = await Promise.all([look.at(groupsProbe), look.at(sambaUsersProbe)])
    const change = this.#make(groups.has(this.#name), sambaUsers.has(this.#name))
    return { changes: [change], refusals: [], notes: [], live: null }
  }

  /** A group of its name that is there already is taken: useradd would refuse to make it (useradd(8), exit code 9). */
  #make(hasGroup: boolean, isKnownToSamba: boolean): Change {
    const name = this.#name
    const group = hasGroup ? ['-g', name] : []
    return {
      resource: this.id,
      action: 'create',
      risk: 'safe',
      summary: `add the account ${name} for Samba, with neither login shell nor password`,
      fields: [{ field: 'shell', from: null, to: '/usr/sbin/nologin' }],
      steps: [
        // smbd remembers for a week which uid a user had, and refuses whoever comes back with another one (seen: the lab's
        // samba-drift). Before useradd, since a run that is killed in between would not know of it.
        ...(isKnownToSamba ? [{ kind: 'command' as const, argv: ['net', 'cache', 'flush'] }] : []),
        { kind: 'command', argv: ['useradd', '-M', '-s', '/usr/sbin/nologin', ...group, name] },
      ],
      undo: { commands: [['userdel', name]] },
    }
  }
}

/** Samba users that phx made and that are no longer declared. They go from Samba; the Unix account and all files stay. */
import type { Change, Comparison, Foreseen, Lock, Look, Owned, Resource } from '../../engine/resource.ts'
import { sambaUsersProbe } from '../probes/samba-users.ts'
import { type SmbSession, sessionText, smbSessionsProbe } from '../probes/smb-sessions.ts'
import { isRunning } from './served.ts'
import { sambaUserId, sambaUserPrefix, sambaUsersLock } from './user.ts'

export class StaleSambaUsers implements Resource {
  readonly id = 'stale-samba-users'
  readonly locks: readonly Lock[] = [sambaUsersLock]
  readonly #declared: ReadonlySet<string>

  constructor(declared: readonly string[]) {
    this.#declared = new Set(declared)
  }

  ahead(look: Look): Promise<unknown> {
    return look.at(sambaUsersProbe)
  }

  async compare(look: Look, _: Foreseen, owned: Owned): Promise<Comparison> {
    const names = owned.all
      .filter((id) => id.startsWith(sambaUserPrefix))
      .map((id) => id.slice(sambaUserPrefix.length))
      .filter((name) => !this.#declared.has(name))
    if (names.length === 0) return { changes: [], refusals: [], notes: [], live: {} }
    const accounts = await look.at(sambaUsersProbe)
    const stale = names.filter((name) => accounts.has(name))
    const sessions = stale.length > 0 && (await isRunning(look)) ? await look.at(smbSessionsProbe) : []
    const changes = stale.map((name) =>
      removal(
        name,
        sessions.filter(({ user }) => user === name),
      ),
    )
    return { changes, refusals: [], notes: [], live: {} }
  }
}

/** Not by `smbpasswd -x`, which can't once the Unix account is gone (services.jsonl scene 25); pdbedit can (seen: 4.22.11). */
function removal(name: string, sessions: readonly SmbSession[]): Change {
  const who = sessions.length > 0 ? `; in use: ${sessions.map(sessionText).join(', ')}` : ''
  return {
    resource: sambaUserId(name),
    action: 'remove',
    risk: sessions.length > 0 ? 'disruptive' : 'safe',
    summary: `remove Samba user ${name}, which is no longer declared (the Unix account stays)${who}`,
    fields: [{ field: 'password', from: 'as declared before', to: null }],
    steps: [{ kind: 'command', argv: ['pdbedit', '-x', name] }],
    undo: { impossible: 'its password is kept nowhere else: declare the user again' },
  }
}

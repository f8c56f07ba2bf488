/** Samba's own users, with their NT hashes: as secret as passwords, so no text of pdbedit's goes anywhere else. */
import { CannotLook } from '../../engine/cannot-look.ts'
import type { Probe } from '../../engine/resource.ts'
import { Secret } from '../../engine/secret.ts'

export interface SambaAccount {
  /** Upper case; null when it has no password. */
  readonly hash: Secret | null
  readonly isDisabled: boolean
}

const argv = ['pdbedit', '-Lw']

/** Opened, Debian's database is made where there is none (seen: services.jsonl scene 26): so it is not even asked for. */
const database = '/var/lib/samba/private/passdb.tdb'

/** `NAME:UID:LM HASH:NT HASH:[FLAGS      ]:LCT-TIME:` (smbpasswd(5)). */
export function parseSambaUsers(stdout: string): Map<string, SambaAccount> {
  const accounts = new Map<string, SambaAccount>()
  for (const line of stdout.split('\n')) {
    const [, name, hash, flags] = /^([^:]+):\d+:[^:]*:([^:]*):\[([A-Z ]*)\]:/.exec(line) ?? []
    if (name === undefined || hash === undefined || flags === undefined) continue
    const hasPassword = /^[0-9A-F]{32}$/.test(hash) && !flags.includes('N')
    accounts.set(name, { hash: hasPassword ? new Secret(hash) : null, isDisabled: flags.includes('D') })
  }
  return accounts
}

/** By name. */
export const sambaUsersProbe: Probe<ReadonlyMap<string, SambaAccount>> = {
  id: argv.join(' '),
  async read({ reader }) {
    if (!(await reader.hasTool('pdbedit')) || (await reader.stat(database)) === undefined) return new Map()
    const { exitCode, stdout, timedOut } = await reader.query(argv)
    if (exitCode === 0) return parseSambaUsers(stdout)
    const how = timedOut ? 'did not come back' : `ended with exit code ${exitCode ?? 'none'}`
    throw new CannotLook(
      `can't look which users Samba has: pdbedit -Lw ${how} (what it said may hold password hashes)`,
      ['look at it by hand: pdbedit -L', 'testparm -s says whether smb.conf can be read at all'],
    )
  },
}

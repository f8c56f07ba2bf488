/** Who is connected to which share (smbstatus(1), -j). */
import { CannotLook } from '../../engine/cannot-look.ts'
import type { Probe } from '../../engine/resource.ts'

export interface SmbSession {
  readonly share: string
  readonly user: string
  readonly machine: string
}

const argv = ['smbstatus', '-j']

interface Status {
  readonly sessions?: Readonly<Record<string, { readonly username?: string; readonly remote_machine?: string }>>
  readonly tcons?: Readonly<
    Record<string, { readonly service?: string; readonly session_id?: string; readonly machine?: string }>
  >
}

/** A connection to a share (`tcons`) names its session, which knows the user. */
export function parseSessions(stdout: string): SmbSession[] {
  const { sessions = {}, tcons = {} } = JSON.parse(stdout) as Status
  return Object.values(tcons).map(({ service, session_id, machine }) => {
    const session = sessions[session_id ?? '']
    return {
      share: service ?? '',
      user: session?.username ?? 'somebody',
      machine: machine ?? session?.remote_machine ?? '',
    }
  })
}

export const smbSessionsProbe: Probe<readonly SmbSession[]> = {
  id: argv.join(' '),
  async read({ reader }) {
    const { exitCode, stdout, notFound } = await reader.query(argv)
    if (notFound) return []
    try {
      return parseSessions(stdout)
    } catch {
      throw new CannotLook(`can't look who uses the shares: smbstatus -j ended with exit code ${exitCode ?? 'none'}`, [
        'run it by hand: smbstatus -j',
      ])
    }
  },
}

export const sessionText = ({ share, user, machine }: SmbSession): string =>
  `${user}${machine === '' ? '' : ` from ${machine}`} on ${share}`

/** What smbd serves right now, as a client without a password sees it. */
import type { Probe } from '../../engine/resource.ts'
import type { CommandResult, Reader } from '../../host/host.ts'
import { unitIn, unitsProbe } from './units.ts'

export interface Served {
  /** Whether an SMB server answers on port 445. */
  readonly answers: boolean
  /** The shares that are listed; null when the server lists them to nobody without a password (`restrict anonymous`). */
  readonly shares: readonly string[] | null
  /** What the client said when there was no list. */
  readonly said: string
}

const argv = ['smbclient', '-gNL', 'localhost']

/** `Disk|prod-data|comment`, one a line. */
export function parseServed({ exitCode, stdout, stderr }: CommandResult): Served {
  const said = `${stdout}\n${stderr}`.trim().replace(/\s*\n\s*/g, '; ')
  if (exitCode === 0) {
    const rows = stdout.split('\n').map((line) => line.split('|'))
    return { answers: true, shares: rows.flatMap(([type, name]) => (type === 'Disk' && name ? [name] : [])), said }
  }
  // It came as far as a logon or a share: somebody speaks SMB there.
  const answers = /NT_STATUS_(ACCESS_DENIED|LOGON_FAILURE|ACCOUNT_RESTRICTION)/.test(said)
  return { answers, shares: null, said: said || 'smbclient did not come back' }
}

export const servedNow = async (reader: Reader): Promise<Served> => parseServed(await reader.query(argv))

/** Why a share that is not listed can't be there, or undefined: without a password it is refused, or unknown. */
export async function unknownShare(reader: Reader, name: string): Promise<string | undefined> {
  const { stdout, stderr } = await reader.query(['smbclient', `//localhost/${name}`, '-N', '-c', 'exit'])
  // A share that is there says NT_STATUS_ACCESS_DENIED to one without a password (seen: services.jsonl scene 29).
  const said = `${stdout}\n${stderr}`
  return said.includes('NT_STATUS_BAD_NETWORK_NAME') ? `smbd knows no share ${name}` : undefined
}

/** Null when smbd does not run, or there is nothing to ask it with. */
export const servedProbe: Probe<Served | null> = {
  id: argv.join(' '),
  async read(look) {
    const runs = unitIn(await look.at(unitsProbe), 'smbd.service').active === 'active'
    return runs && (await look.reader.hasTool('smbclient')) ? servedNow(look.reader) : null
  },
}

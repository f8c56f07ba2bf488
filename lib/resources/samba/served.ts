/** Whether smbd serves what is declared: port 445 answers, and every share is there. Nothing is done but waiting for it. */
import type { DeclaredShare } from '../../config/samba.ts'
import type { Change, Comparison, Lock, Look, Resource, Step } from '../../engine/resource.ts'
import type { Reader } from '../../host/host.ts'
import { type Served, servedNow, servedProbe, unknownShare } from '../probes/smb-shares.ts'
import { unitIn, unitsProbe } from '../probes/units.ts'
import { sameName } from './smb-conf.ts'

const mend = [
  'systemctl status smbd; journalctl -u smbd -n 50',
  'testparm -s',
  'smbclient -gNL localhost',
  'tail /var/log/samba/log.smbd',
]

/** smbd loads its configuration anew for every new connection, and those that there are at most a minute later: this only makes it now. */
export const reload: Step = { kind: 'command', argv: ['smbcontrol', 'smbd', 'reload-config'] }

export const isRunning = async (look: Look): Promise<boolean> =>
  unitIn(await look.at(unitsProbe), 'smbd.service').active === 'active'

function notListed({ shares }: Served, declared: readonly DeclaredShare[]): string[] {
  if (shares === null) return []
  const wanted = declared.filter(({ isBrowseable }) => isBrowseable)
  return wanted.flatMap(({ name }) => (shares.some((one) => sameName(one, name)) ? [] : [name]))
}

async function missing(reader: Reader, declared: readonly DeclaredShare[]): Promise<string | undefined> {
  const served = await servedNow(reader)
  if (!served.answers) return `no SMB server answers on port 445: ${served.said}`
  const absent = notListed(served, declared)
  if (absent.length > 0) return `smbd does not list ${absent.join(', ')}`
  for (const { name, isBrowseable } of declared) {
    const unknown = isBrowseable ? undefined : await unknownShare(reader, name)
    if (unknown !== undefined) return unknown
  }
  return undefined
}

/** A step that waits until all of them are served. */
export function areServed(shares: readonly DeclaredShare[]): Step {
  return {
    kind: 'verify',
    what: `Samba serves ${shares.map(({ name }) => name).join(', ')}`,
    withinMs: 30_000,
    mend,
    check: (reader) => missing(reader, shares),
  }
}

/** A step that waits until none of them is listed any more. */
export function areGone(names: readonly string[]): Step {
  return {
    kind: 'verify',
    what: `Samba no longer lists ${names.join(', ')}`,
    withinMs: 30_000,
    mend,
    async check(reader) {
      const { shares } = await servedNow(reader)
      const left = names.filter((name) => shares?.some((one) => sameName(one, name)))
      return left.length === 0 ? undefined : `smbd still lists ${left.join(', ')}`
    },
  }
}

export class ServedShares implements Resource {
  readonly id = 'samba-shares'
  readonly locks: readonly Lock[] = [{ name: 'samba', mode: 'exclusive' }]
  readonly #shares: readonly DeclaredShare[]

  constructor(shares: readonly DeclaredShare[]) {
    this.#shares = shares
  }

  ahead(look: Look): Promise<unknown> {
    return look.at(servedProbe)
  }

  async compare(look: Look): Promise<Comparison> {
    const served = await look.at(servedProbe)
    const absent = served?.answers ? notListed(served, this.#shares) : this.#shares.map(({ name }) => name)
    const changes = absent.length === 0 ? [] : [this.#wait(absent)]
    return { changes, refusals: [], notes: [], live: served ? { 'not served': absent } : null }
  }

  #wait(absent: readonly string[]): Change {
    return {
      resource: this.id,
      action: 'run',
      risk: 'safe',
      summary: `have Samba serve ${absent.join(', ')}`,
      fields: [{ field: 'not served', from: [...absent], to: [] }],
      steps: [reload, areServed(this.#shares)],
      undo: { impossible: 'there is nothing to undo: smbd only reads its configuration' },
    }
  }
}

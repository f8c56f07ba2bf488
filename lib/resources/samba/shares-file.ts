/** phx's file of shares. It is a file like others of phx's, but for who may be using a share that goes. */
import type { DeclaredSamba } from '../../config/samba.ts'
import type { Change, Comparison, Lock, Look, Note, Refusal, Resource, Step } from '../../engine/resource.ts'
import { fileId, OwnedFile } from '../file/owned-file.ts'
import { smbConfProbe } from '../probes/smb-conf.ts'
import { type SmbSession, sessionText, smbSessionsProbe } from '../probes/smb-sessions.ts'
import { areGone, areServed, isRunning, reload } from './served.ts'
import { shareLines, sharesIn } from './share-lines.ts'
import { includeBlock, sameName, sharesPath } from './smb-conf.ts'
import { isWhole, sharesCheck } from './testparm.ts'
import { strangers } from './valid-users.ts'

export class SharesFile implements Resource {
  readonly id: string = fileId(sharesPath)
  readonly locks: readonly Lock[] = [
    { name: this.id, mode: 'exclusive' },
    { name: 'samba', mode: 'exclusive' },
  ]
  readonly #samba: DeclaredSamba | null

  constructor(samba: DeclaredSamba | null) {
    this.#samba = samba
  }

  async compare(look: Look): Promise<Comparison> {
    const before = await look.reader.readFile(sharesPath)
    const shares = this.#samba?.shares ?? []
    const gone = sharesIn(before ?? '').filter((name) => !shares.some((share) => sameName(share.name, name)))
    const runs = await isRunning(look)
    const sessions = gone.length > 0 && runs ? await look.at(smbSessionsProbe) : []
    const inUse = sessions.filter(({ share }) => gone.some((name) => sameName(name, share)))

    const file = new OwnedFile({
      path: sharesPath,
      lines: shareLines(this.#samba),
      section: 'samba',
      mode: 0o644,
      check: sharesCheck,
      after: runs && (await isIncluded(look)) ? this.#takeEffect(gone, inUse) : [],
      ...(inUse.length > 0 ? { risk: 'disruptive' as const } : {}),
    })
    const compared = await file.compare(look)
    const refusals = [...compared.refusals, ...(await this.#collisions(look))]
    return {
      ...compared,
      changes: refusals.length > 0 ? [] : compared.changes.map((change) => told(change, gone, inUse)),
      refusals,
      notes: this.#samba === null ? compared.notes : [...compared.notes, ...(await this.#unknownUsers(look))],
    }
  }

  /** Who is on a share that goes keeps it until told otherwise: reloading only keeps new ones out (seen: smbd 4.22.11). */
  #takeEffect(gone: readonly string[], inUse: readonly SmbSession[]): Step[] {
    const shares = this.#samba?.shares ?? []
    const close = [...new Set(inUse.map(({ share }) => share))]
    return [
      ...(shares.length > 0 ? [isWhole(shares)] : []),
      reload,
      ...close.map((name): Step => ({ kind: 'command', argv: ['smbcontrol', 'smbd', 'close-share', name] })),
      ...(gone.length > 0 ? [areGone(gone)] : []),
      ...(shares.length > 0 ? [areServed(shares)] : []),
    ]
  }

  /** Of two sections of one name smbd makes one, the later value wins, and testparm says nothing (services.jsonl scene 57). */
  async #collisions(look: Look): Promise<Refusal[]> {
    const { sections } = await look.at(smbConfProbe)
    return (this.#samba?.shares ?? []).flatMap((share): Refusal[] => {
      const other = sections.find(({ name }) => sameName(name, share.name))
      if (!other) return []
      const why = `the share ${share.name} is declared in samba.shares and stands in ${other.file}, line ${other.line}, too: Samba would make one of the two`
      const mend = [
        `take the section [${other.name}] out of ${other.file}, when the declared share is to take its place`,
        'or give the declared share another name',
      ]
      return [{ resource: this.id, why, fields: [], mend }]
    })
  }

  async #unknownUsers(look: Look): Promise<Note[]> {
    const unknown = await strangers(look, this.#samba)
    return unknown.map(({ share, names }) => ({
      resource: this.id,
      level: 'warning',
      text: `share ${share} lets in ${names.join(', ')}, but Samba knows nobody of that name`,
    }))
  }
}

/** Without it, nothing of the file is read yet: the include comes later, and with it the reload. */
async function isIncluded(look: Look): Promise<boolean> {
  const { text } = await look.at(smbConfProbe)
  const block = includeBlock(text ?? '')
  return block.ok && block.lines !== null
}

function told(change: Change, gone: readonly string[], inUse: readonly SmbSession[]): Change {
  if (gone.length === 0) return change
  const cuts = inUse.length === 0 ? '' : `, which cuts off ${inUse.map(sessionText).join(', ')}`
  const what = gone.length === 1 ? 'share' : 'shares'
  return { ...change, summary: `${change.summary}: no more ${what} ${gone.join(', ')}${cuts} (the data stays)` }
}

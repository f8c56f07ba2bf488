/** phx's line in smb.conf, which brings its shares in. Every byte outside its marks stays. */
import type { DeclaredSamba } from '../../config/samba.ts'
import type { Change, Comparison, Lock, Look, Resource } from '../../engine/resource.ts'
import { lineChanges } from '../file/owned-file.ts'
import { type SmbConf, smbConfProbe } from '../probes/smb-conf.ts'
import { isRunning, reload } from './served.ts'
import { shareLines } from './share-lines.ts'
import { includeBlock, lineBeforeInclude, smbConfPath, withInclude } from './smb-conf.ts'
import { wholeCheck } from './testparm.ts'

export class SharesInclude implements Resource {
  readonly id = `lines:${smbConfPath}`
  readonly locks: readonly Lock[] = [
    { name: this.id, mode: 'exclusive' },
    { name: 'samba', mode: 'exclusive' },
  ]
  readonly #samba: DeclaredSamba | null

  constructor(samba: DeclaredSamba | null) {
    this.#samba = samba
  }

  async compare(look: Look): Promise<Comparison> {
    const conf = await look.at(smbConfProbe)
    const wanted = shareLines(this.#samba) !== null
    const before = conf.text ?? ''
    const block = includeBlock(before)
    if (!block.ok) {
      const mend = [`mend the marks in ${smbConfPath} by hand: two lines, with phx's lines between them`]
      return { changes: [], refusals: [{ resource: this.id, why: block.why, fields: [], mend }], notes: [], live: null }
    }
    const open = wanted ? lineBeforeInclude(before) : undefined
    if (open !== undefined) {
      const why = `line ${open} of ${smbConfPath} ends with a backslash, which takes the next line with it: phx's would become part of it`
      const mend = [`take the backslash out: sed -n ${open}p ${smbConfPath}`]
      return { changes: [], refusals: [{ resource: this.id, why, fields: [], mend }], notes: [], live: null }
    }
    const live = block.lines === null ? null : { lines: [...block.lines] }
    const after = withInclude(before, wanted)
    if (after === before) return { changes: [], refusals: [], notes: [], live }
    const hasBlock = block.lines !== null
    return { changes: [await this.#write(look, conf, after, hasBlock)], refusals: [], notes: [], live }
  }

  async #write(look: Look, { path, text, stat }: SmbConf, content: string, hadBlock: boolean): Promise<Change> {
    const wanted = shareLines(this.#samba) !== null
    const check = wanted ? { check: wholeCheck(this.#samba?.shares ?? []) } : {}
    const owner = stat ? { owner: `${stat.uid}:${stat.gid}` } : {}
    const verb = wanted ? (hadBlock ? 'mend' : 'add') : 'remove'
    return {
      resource: this.id,
      action: wanted ? (hadBlock ? 'update' : 'create') : 'remove',
      risk: 'safe',
      summary: `${verb} phx's lines in ${smbConfPath}; the rest of it stays as it is`,
      fields: lineChanges(text ?? '', content),
      steps: [
        {
          kind: 'write',
          file: { path, content, mode: stat?.mode ?? 0o644, ...owner, ...check },
          replaces: text ?? null,
        },
        ...((await isRunning(look)) ? [reload] : []),
      ],
      undo: { impossible: "take phx's lines out by hand; the journal has the former text" },
    }
  }
}

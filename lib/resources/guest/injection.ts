/** A file of the machine that runs phx, or a secret, put somewhere: compared by its SHA-256, with owner and mode. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { DeclaredInjection } from '../../config/guests/files.ts'
import { describeSecret } from '../../config/secrets.ts'
import { CannotLook } from '../../engine/cannot-look.ts'
import type { Change, Comparison, FieldChange, Lock, Look, Refusal, Resource } from '../../engine/resource.ts'
import { revealed, type Secret } from '../../engine/secret.ts'
import { sha256Of } from '../file/download.ts'
import { accountsProbe, groupsProbe } from '../probes/accounts.ts'
import { octal, writeSteps } from './write.ts'

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/'

export class Injection implements Resource {
  readonly id: string
  readonly locks: readonly Lock[] = []
  readonly #declared: DeclaredInjection

  constructor(declared: DeclaredInjection) {
    this.id = `injection:${declared.destination}`
    this.#declared = declared
  }

  async ready(look: Look): Promise<readonly Refusal[]> {
    const { source, destination } = this.#declared
    const resolved = 'secret' in source ? await look.secrets.resolve(source.secret) : null
    if (resolved === null || resolved.ok) return []
    const why = `${this.#from()}, which is to be put at ${destination}, can't be read: ${resolved.why}`
    return [{ resource: this.id, why, fields: [], mend: resolved.mend }]
  }

  async compare(look: Look): Promise<Comparison> {
    const { destination, source } = this.#declared
    const nothing = { changes: [], refusals: [], notes: [] }
    const refusals = await this.ready(look)
    if (refusals.length > 0) return { ...nothing, refusals, live: undefined }
    const content = await this.#content(look)
    const isSecret = 'secret' in source
    const wanted = createHash('sha256').update(revealed(content)).digest('hex')
    const stat = await look.reader.stat(destination)
    if (stat === undefined) {
      const makesFolder = (await look.reader.stat(parentOf(destination))) === undefined
      return { ...nothing, changes: [this.#put(content, null, [], makesFolder)], live: null }
    }
    if (stat.type !== 'file') {
      const why = `${destination} is no file, so ${this.#from()} can't be put there`
      const mend = ['declare another destination', `or look what it is: ls -ld ${destination}`]
      return { ...nothing, refusals: [{ resource: this.id, why, fields: [], mend }], live: null }
    }
    const found = await sha256Of(look.reader, destination)
    if ('why' in found) throw new CannotLook(`can't compare ${destination}: ${found.why}`, [`sha256sum ${destination}`])
    const [users, groups] = await Promise.all([look.at(accountsProbe), look.at(groupsProbe)])
    const owner = [...users.values()].find(({ uid }) => uid === stat.uid)?.name ?? String(stat.uid)
    const group = [...groups.values()].find(({ gid }) => gid === stat.gid)?.name ?? String(stat.gid)
    const owned = { owner: `${owner}:${group}`, mode: octal(stat.mode) }
    const declared = { owner: `${this.#declared.owner}:${this.#declared.group}`, mode: octal(this.#declared.mode) }
    const fields: FieldChange[] = [
      // A secret's fingerprint could be tried against a list of guesses.
      ...(found.sum === wanted ? [] : [isSecret ? other : { field: 'sha256', from: found.sum, to: wanted }]),
      ...(owned.owner === declared.owner ? [] : [{ field: 'owner', from: owned.owner, to: declared.owner }]),
      ...(owned.mode === declared.mode ? [] : [{ field: 'mode', from: owned.mode, to: declared.mode }]),
    ]
    const live = { ...owned, content: isSecret ? found.sum === wanted : found.sum }
    return { ...nothing, changes: fields.length > 0 ? [this.#put(content, found.sum, fields)] : [], live }
  }

  async #content(look: Look): Promise<Buffer | Secret> {
    const { source } = this.#declared
    if ('file' in source) {
      return readFile(source.file).catch((error: NodeJS.ErrnoException) => {
        throw new CannotLook(`can't read ${source.file}: ${error.message}`, ['see that it is there, and readable'])
      })
    }
    const resolved = await look.secrets.resolve(source.secret)
    if (resolved.ok) return resolved.secret
    throw new CannotLook(`${describeSecret(source.secret)} can't be read: ${resolved.why}`, resolved.mend)
  }

  #from(): string {
    const { source } = this.#declared
    return 'file' in source ? source.file : describeSecret(source.secret)
  }

  #put(content: Buffer | Secret, before: string | null, fields: readonly FieldChange[], makesFolder = false): Change {
    const { destination, mode, owner, group } = this.#declared
    return {
      resource: this.id,
      action: before === null ? 'create' : 'update',
      risk: 'safe',
      summary: `put ${this.#from()} at ${destination}`,
      fields: before === null ? [{ field: 'content', from: null, to: this.#from() }] : fields,
      steps: [
        ...(makesFolder ? [{ kind: 'command' as const, argv: ['mkdir', '-p', '--', parentOf(destination)] }] : []),
        ...writeSteps({ path: destination, mode, owner: `${owner}:${group}`, content }),
      ],
      undo:
        before === null ? { commands: [['rm', destination]] } : { impossible: 'phx keeps no copy of what was there' },
    }
  }
}

const other: FieldChange = { field: 'content', from: 'another one', to: 'the secret' }

/** Folders and snippets that phx made for a machine and that are no longer declared. */
import type { Change, Comparison, Foreseen, Lock, Look, Note, Owned, Resource, Step } from '../../engine/resource.ts'
import { fileId, OwnedFile } from '../file/owned-file.ts'
import { carrierOf, mountsProbe } from '../probes/mounts.ts'
import { folderOfId } from './folder.ts'
import { isManifest, manifestFile } from './manifest.ts'
import { section, snippetMode } from './snippet.ts'

interface Found {
  readonly changes: readonly Change[]
  readonly notes: readonly Note[]
}

const nothing: Found = { changes: [], notes: [] }

export class StaleFeatures implements Resource {
  readonly id: string
  readonly locks: readonly Lock[]
  readonly #vmid: number
  readonly #declared: readonly string[]

  /** `declared` are the ids of what stays. */
  constructor(vmid: number, declared: readonly string[]) {
    this.id = `stale-features:${vmid}`
    this.locks = [{ name: this.id, mode: 'exclusive' }]
    this.#vmid = vmid
    this.#declared = declared
  }

  async compare(look: Look, _foreseen: Foreseen, owned: Owned): Promise<Comparison> {
    const stale = owned.all.filter((id) => !this.#declared.includes(id))
    const found = await Promise.all(stale.map((id) => this.#found(look, id)))
    return {
      changes: found.flatMap(({ changes }) => changes),
      refusals: [],
      notes: found.flatMap(({ notes }) => notes),
      live: {},
    }
  }

  async #found(look: Look, id: string): Promise<Found> {
    const folder = folderOfId(id)
    const snippet = id.startsWith(fileId('/')) && id.endsWith(`/snippets/vendor-${this.#vmid}.yaml`)
    const path = folder ?? (snippet ? id.slice(fileId('').length) : undefined)
    if (path === undefined || (await look.reader.stat(path)) === undefined) return nothing
    if (folder !== undefined) return this.#folder(look, id, folder)
    const comparison = await new OwnedFile({ path, lines: null, section, mode: snippetMode }).compare(look)
    return { changes: comparison.changes, notes: comparison.notes }
  }

  /** Only what lies on a dataset, and says that it is phx's. */
  async #folder(look: Look, id: string, folder: string): Promise<Found> {
    const carrier = carrierOf(await look.at(mountsProbe), folder)
    const manifest = (await look.reader.readFile(`${folder}/${manifestFile}`)) ?? ''
    const names = (await look.reader.listDir(folder)) ?? []
    if (carrier?.type !== 'zfs' || (names.length > 0 && !isManifest(manifest))) return nothing
    const stats = await Promise.all(
      names.map(async (name) => ({ name, stat: await look.reader.stat(`${folder}/${name}`) })),
    )
    const inner = stats.filter(({ stat }) => stat?.type === 'dir').map(({ name }) => name)
    if (inner.length > 0) {
      const text = `${folder} is no longer declared, but holds folders that phx did not make (${inner.join(', ')}): it stays until they are gone`
      return { changes: [], notes: [{ resource: id, level: 'warning', text }] }
    }
    // The manifest last, so that a removal that is cut off is known as one.
    const files = [...names.filter((name) => name !== manifestFile), ...names.filter((name) => name === manifestFile)]
    const steps: Step[] = files.map((name) => ({ kind: 'remove', path: `${folder}/${name}` }))
    return {
      changes: [
        {
          resource: id,
          action: 'remove',
          risk: 'safe',
          summary: `remove ${folder}: VM ${this.#vmid} has no features there any more`,
          fields: files.map((name) => ({ field: name, from: 'there', to: null })),
          steps: [...steps, { kind: 'command', argv: ['rmdir', folder] }],
          undo: { impossible: 'the journal has the former texts' },
        },
      ],
      notes: [],
    }
  }
}

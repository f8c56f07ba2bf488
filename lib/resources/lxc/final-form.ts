/** The final form of a container: a snapshot where Proxmox VE can take one. */
import type { DeclaredLxc } from '../../config/guests/lxc.ts'
import type { Comparison, Foreseen, Look, Owned, Resource } from '../../engine/resource.ts'
import { FinalForm } from '../guest/snapshot.ts'
import { containerProbe } from '../probes/containers.ts'
import { storageConfigProbe } from '../probes/storage-config.ts'

/** pct refuses as soon as one mount can't be: `snapshot feature is not available` (seen: pct.jsonl n=138). */
export class LxcFinalForm implements Resource {
  readonly id: string
  readonly locks
  readonly #declared: DeclaredLxc
  readonly #inner: FinalForm

  constructor(declared: DeclaredLxc, fingerprint: string) {
    this.#inner = new FinalForm(declared, fingerprint)
    this.id = this.#inner.id
    this.locks = this.#inner.locks
    this.#declared = declared
  }

  async compare(look: Look, foreseen: Foreseen, owned: Owned): Promise<Comparison> {
    const { id } = this.#declared
    const why = await this.#hindrance(look)
    if (why === undefined) return this.#inner.compare(look, foreseen, owned)
    const text = `no snapshot is taken of container ${id}: Proxmox VE takes none of one that ${why}`
    return { changes: [], refusals: [], notes: [{ resource: this.id, level: 'info', text }], live: { snapshot: null } }
  }

  async #hindrance(look: Look): Promise<string | undefined> {
    const { id, mounts, storage } = this.#declared
    if (mounts.length > 0) return `sees folders of the host (${mounts.map(({ guestPath }) => guestPath).join(', ')})`
    const container = await look.at(containerProbe(id))
    const bound = container?.mounts.find(({ kind }) => kind !== 'volume')
    if (bound !== undefined) return `sees folders of the host (${bound.path})`
    const entries = await look.at(storageConfigProbe)
    const used = [storage ?? '', ...(container?.mounts ?? []).map(({ source }) => source.split(':')[0] ?? '')]
    const other = used.find((name) => ['dir', 'nfs', 'cifs'].includes(entries?.get(name)?.type ?? ''))
    return other === undefined ? undefined : `has a volume on ${other}, where volumes are files`
  }
}

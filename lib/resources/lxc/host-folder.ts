/** A folder of the host that a container sees: there, on its mounted dataset, and its own owner as declared. */
import type { DeclaredLxc, DeclaredMount } from '../../config/guests/lxc.ts'
import type { PathGround } from '../../config/path-ground.ts'
import type { Change, Comparison, FieldChange, Foreseen, Lock, Look, Resource, Step } from '../../engine/resource.ts'
import { isMounted, onDataset } from '../vm-features/ground.ts'
import { hostId } from './id-map.ts'

export class HostFolder implements Resource {
  readonly id: string
  readonly locks: readonly Lock[]
  readonly #path: string
  readonly #ground: PathGround | null
  readonly #owner: string | null

  /** `ground` is null where the path lies on no declared dataset: then it is taken as it is. */
  constructor(container: DeclaredLxc, mount: DeclaredMount, ground: PathGround | null) {
    this.id = `lxc:${container.id}/folder:${mount.hostPath}`
    this.locks = [{ name: `folder:${mount.hostPath}`, mode: 'exclusive' }]
    this.#path = mount.hostPath
    this.#ground = ground
    this.#owner = ownerOf(container, mount)
  }

  compare(look: Look, foreseen: Foreseen): Promise<Comparison> {
    const [path, ground] = [this.#path, this.#ground]
    if (ground === null) return this.#compare(look)
    const summary = `see to the folder ${path}`
    const place = { id: this.id, path, ground, summary, ifNew: () => this.#change(null) }
    return onDataset(look, foreseen, place, () => this.#compare(look))
  }

  async #compare(look: Look): Promise<Comparison> {
    const stat = await look.reader.stat(this.#path)
    const nothing = { changes: [], refusals: [], notes: [] }
    if (stat === undefined) return { ...nothing, changes: [this.#change(null)], live: null }
    if (stat.type !== 'dir') {
      const why = `${this.#path} is no folder`
      return { ...nothing, refusals: [{ resource: this.id, why, fields: [], mend: [`ls -ld ${this.#path}`] }], live: null }
    }
    const owner = `${stat.uid}:${stat.gid}`
    const isSo = this.#owner === null || owner === this.#owner
    return { ...nothing, changes: isSo ? [] : [this.#change(owner)], live: { owner } }
  }

  /** `before` is its owner; null when there is no such folder. Never of what is in it. */
  #change(before: string | null): Change {
    const [path, owner, ground] = [this.#path, this.#owner, this.#ground]
    const chown: Step[] = owner === null ? [] : [{ kind: 'command', argv: ['chown', '--', owner, path] }]
    const fields: FieldChange[] = owner === null ? [] : [{ field: 'owner', from: before, to: owner }]
    return {
      resource: this.id,
      action: before === null ? 'create' : 'update',
      risk: 'safe',
      summary: before === null ? `make the folder ${path}` : `give ${path} itself, not what is in it, to ${owner}`,
      fields,
      steps: [
        ...(ground === null ? [] : [isMounted(ground, path)]),
        ...(before === null ? [{ kind: 'command' as const, argv: ['mkdir', '-p', '--', path] }] : []),
        ...chown,
      ],
      undo: before === null ? { commands: [['rmdir', path]] } : { commands: [['chown', '--', before, path]] },
    }
  }
}

/** As numbers of the host; null where the config leaves it. */
function ownerOf(container: DeclaredLxc, { ownerUid, ownerGid, hostOwner }: DeclaredMount): string | null {
  if (ownerUid === null && ownerGid === null) return hostOwner
  const uid = hostId(container, 'uid', ownerUid ?? 0)
  const gid = hostId(container, 'gid', ownerGid ?? ownerUid ?? 0)
  return `${uid}:${gid}`
}

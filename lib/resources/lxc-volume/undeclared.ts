/** Volumes of a container that the config doesn't name: data never goes because it vanished from the config. */
import type { DeclaredVolume } from '../../config/lxc-volumes.ts'
import type { Comparison, Foreseen, Lock, Look, Note, Owned, Resource } from '../../engine/resource.ts'
import { containerProbe, isOrder } from '../probes/containers.ts'
import { volumeId } from './changes.ts'
import { recorded } from './recorded.ts'

export class UndeclaredVolumes implements Resource {
  readonly id: string
  readonly locks: readonly Lock[] = []
  readonly #container: string
  readonly #declared: readonly DeclaredVolume[]

  constructor(container: string, declared: readonly DeclaredVolume[]) {
    this.id = `undeclared-lxc-volumes:${container}`
    this.#container = container
    this.#declared = declared
  }

  async compare(look: Look, _foreseen: Foreseen, owned: Owned): Promise<Comparison> {
    const container = await look.at(containerProbe(this.#container))
    const declared = new Set(this.#declared.map(({ mountPoint }) => mountPoint))
    // Those of the config, wherever they are: their own resource says what is the matter with them.
    const known = new Set(this.#declared.map(({ name }) => recorded(owned, volumeId(this.#container, name))?.volume))
    const others = (container?.mounts ?? []).filter(
      (mount) => mount.kind === 'volume' && !isOrder(mount) && !declared.has(mount.path) && !known.has(mount.source),
    )
    const notes = others.map(({ slot, source, path }): Note => {
      const text = `container ${this.#container} has volume ${source} on ${path} (${slot}), which is not declared: it is left as it is; pct set ${this.#container} --delete ${slot} would detach it and keep its data`
      return { resource: this.id, level: 'info', text }
    })
    return { changes: [], refusals: [], notes, live: {} }
  }
}

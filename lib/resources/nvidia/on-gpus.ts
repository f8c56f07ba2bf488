/** Resources that are there for a GPU's sake: without one for the host there is nothing to do. */

import type { DeclaredDriver } from '../../config/nvidia.ts'
import type { Comparison, Foreseen, Lock, Look, Owned, Resource } from '../../engine/resource.ts'
import { type Situation, situationOf } from './situation.ts'

export const nothing: Comparison = { changes: [], refusals: [], notes: [], live: {} }

/** A resource of the step that is made up from what the host is like. */
export abstract class DriverResource implements Resource {
  abstract readonly id: string
  readonly locks: readonly Lock[] = [{ name: 'nvidia', mode: 'exclusive' }]
  protected readonly declared: DeclaredDriver

  constructor(declared: DeclaredDriver) {
    this.declared = declared
  }

  ahead(look: Look): Promise<unknown> {
    return situationOf(look, this.declared)
  }

  async compare(look: Look, foreseen: Foreseen, owned: Owned): Promise<Comparison> {
    const situation = await situationOf(look, this.declared)
    return situation ? this.compareOn(situation, look, foreseen, owned) : nothing
  }

  protected abstract compareOn(
    situation: Situation,
    look: Look,
    foreseen: Foreseen,
    owned: Owned,
  ): Promise<Comparison> | Comparison
}

/** A resource that only makes sense once the declared version is loaded. */
export class OnceLoaded extends DriverResource {
  readonly id: string
  override readonly locks: readonly Lock[]
  readonly #inner: Resource

  constructor(declared: DeclaredDriver, inner: Resource) {
    super(declared)
    this.id = inner.id
    this.locks = inner.locks
    this.#inner = inner
  }

  protected async compareOn({ loaded }: Situation, look: Look, foreseen: Foreseen, owned: Owned): Promise<Comparison> {
    if (loaded !== this.declared.version) return { ...nothing, live: undefined }
    return this.#inner.compare(look, foreseen, owned)
  }
}

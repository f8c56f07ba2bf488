/** The scripts and the snippet of a machine that is destroyed: they go with it, as far as they say that they are phx's. */
import type { Comparison, Foreseen, Lock, Look, Owned, Resource } from '../../engine/resource.ts'
import { fileId } from '../file/owned-file.ts'
import { folderId } from './folder.ts'
import { StaleFeatures } from './stale.ts'

export interface FeaturePlaces {
  readonly folder: string
  /** Null when it was written nowhere. */
  readonly snippet: string | null
}

export class FeaturesGone implements Resource {
  readonly id: string
  readonly locks: readonly Lock[]
  readonly #stale: StaleFeatures
  readonly #places: readonly string[]

  constructor(vmid: number, { folder, snippet }: FeaturePlaces) {
    this.#stale = new StaleFeatures(vmid, [])
    this.id = this.#stale.id
    this.locks = this.#stale.locks
    this.#places = [folderId(folder), ...(snippet === null ? [] : [fileId(snippet)])]
  }

  compare(look: Look, foreseen: Foreseen, owned: Owned): Promise<Comparison> {
    return this.#stale.compare(look, foreseen, { ...owned, all: this.#places })
  }
}

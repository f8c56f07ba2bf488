/** Vendor data for a machine's first boot, where Proxmox VE looks for snippets; or offered, when nothing takes any. */

import { cloudConfig } from '../../config/first-boot.ts'
import type { PathGround } from '../../config/path-ground.ts'
import type { DeclaredSnippet } from '../../config/vm-features.ts'
import type { Comparison, Foreseen, Lock, Look, Resource } from '../../engine/resource.ts'
import { OwnedFile } from '../file/owned-file.ts'
import { onDataset } from './ground.ts'

export const section = 'vm_features'
export const snippetMode = 0o644

export class Snippet implements Resource {
  readonly id: string
  readonly locks: readonly Lock[]
  readonly #file: OwnedFile
  readonly #path: string
  readonly #ground: PathGround

  constructor(path: string, ground: PathGround, lines: readonly string[]) {
    this.#file = new OwnedFile({ path, lines, section, mode: snippetMode, first: cloudConfig })
    this.id = this.#file.id
    this.locks = this.#file.locks
    this.#path = path
    this.#ground = ground
  }

  compare(look: Look, foreseen: Foreseen): Promise<Comparison> {
    const on = { id: this.id, path: this.#path, ground: this.#ground, summary: `write ${this.#path}` }
    return onDataset(look, foreseen, on, () => this.#file.compare(look))
  }
}

/** Nothing is written: the text is shown to whoever asks for the plan. */
export class OfferedSnippet implements Resource {
  readonly id: string
  readonly locks: readonly Lock[] = []
  readonly #lines: readonly string[]

  constructor(vmid: number, lines: readonly string[]) {
    this.id = `snippet:${vmid}`
    this.#lines = lines
  }

  async compare(): Promise<Comparison> {
    const way = 'no declared dir storage takes snippets (proxmox_content_type), so this is not written anywhere'
    const text = `for the first boot, as vendor data of cloud-init; ${way}:\n${[cloudConfig, ...this.#lines].join('\n')}`
    return { changes: [], refusals: [], notes: [{ resource: this.id, level: 'info', text }], live: {} }
  }
}

export function snippetResource(vmid: number, { path, ground, lines }: DeclaredSnippet): Resource {
  return path === null || ground === null ? new OfferedSnippet(vmid, lines) : new Snippet(path, ground, lines)
}

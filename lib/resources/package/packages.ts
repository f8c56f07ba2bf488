/** The Debian packages that a step needs: installed in one transaction, never removed. */
import type { Change, Comparison, Lock, Look, Resource } from '../../engine/resource.ts'
import { packagesProbe } from '../probes/packages.ts'
import { aptGet } from './apt.ts'

/** Everyone who installs packages through phx takes it: one apt-get at a time. */
export const packageLock: Lock = { name: 'dpkg', mode: 'exclusive' }

export const packagesId = (step: string): string => `packages:${step}`

export class Packages implements Resource {
  readonly id: string
  readonly locks: readonly Lock[] = [packageLock]
  readonly #wanted: readonly string[]

  /** `step` is the task that needs them, such as `nfs`. */
  constructor(step: string, wanted: readonly string[]) {
    this.id = packagesId(step)
    this.#wanted = [...new Set(wanted)].sort()
  }

  async compare(look: Look): Promise<Comparison> {
    const packages = await look.at(packagesProbe)
    const status = (name: string): string => packages.get(name)?.status ?? 'not installed'
    const missing = this.#wanted.filter((name) => status(name) !== 'installed')
    const live = Object.fromEntries(this.#wanted.map((name) => [name, status(name)]))
    const changes = missing.length > 0 ? [this.#install(missing, status)] : []
    return { changes, refusals: [], notes: [], live }
  }

  #install(missing: readonly string[], status: (name: string) => string): Change {
    return {
      resource: this.id,
      action: 'create',
      risk: 'safe',
      summary: `install ${missing.join(', ')}`,
      fields: missing.map((name) => ({ field: name, from: status(name), to: 'installed' })),
      steps: [aptGet(['install', '--no-install-recommends', ...missing])],
      undo: { commands: [['apt-get', 'remove', ...missing]] },
      // Its units, tools and files are there only afterwards.
      reveals: true,
    }
  }
}

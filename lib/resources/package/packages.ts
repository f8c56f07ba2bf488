/** The Debian packages that a step needs: installed in one transaction, never removed. */
import type { Change, Comparison, Foreseen, Lock, Look, Note, Refusal, Resource, Step } from '../../engine/resource.ts'
import { aptListsProbe, candidatesProbe, dpkgInterruptedProbe } from '../probes/apt.ts'
import { type DebianPackage, packagesProbe } from '../probes/packages.ts'
import { aptGet, aptUpdate, dpkgConfigure } from './apt.ts'
import { aptHolder, aptIsFree } from './apt-lock.ts'

/** Everyone who installs packages through phx takes it: one apt-get at a time. */
export const packageLock: Lock = { name: 'dpkg', mode: 'exclusive' }

export const packagesId = (step: string): string => `packages:${step}`

/** Made anew when a run fetches them: what apt knows of is other than what the plan could see. */
export const listsId = 'apt-lists'

/** States of a package whose installation was cut short (dpkg(1), "PACKAGE STATES"). */
const halfDone: readonly string[] = [
  'half-configured',
  'unpacked',
  'half-installed',
  'triggers-awaited',
  'triggers-pending',
]

export class Packages implements Resource {
  readonly id: string
  readonly locks: readonly Lock[] = [packageLock]
  readonly #wanted: readonly string[]

  /** `step` is the task that needs them, such as `nfs`. */
  constructor(step: string, wanted: readonly string[]) {
    this.id = packagesId(step)
    this.#wanted = [...new Set(wanted)].sort()
  }

  ahead(look: Look): Promise<unknown> {
    return look.at(packagesProbe)
  }

  async compare(look: Look, foreseen: Foreseen): Promise<Comparison> {
    const packages = await look.at(packagesProbe)
    const status = (name: string): string => packages.get(name)?.status ?? 'not installed'
    const missing = this.#wanted.filter((name) => status(name) !== 'installed')
    const live = Object.fromEntries(this.#wanted.map((name) => [name, status(name)]))
    if (missing.length === 0) return { changes: [], refusals: [], notes: [], live }
    const mending = await this.#mending(look, packages)
    const fresh = missing.filter((name) => !halfDone.includes(status(name)))
    const { refusals, steps } = await this.#obtain(look, foreseen, fresh)
    const changes = [...mending, ...(fresh.length > 0 ? [this.#install(fresh, status, steps)] : [])]
    return { changes: refusals.length > 0 ? [] : changes, refusals, notes: await this.#held(look), live }
  }

  /** apt-get refuses to do anything before. */
  async #mending(look: Look, packages: ReadonlyMap<string, DebianPackage>): Promise<Change[]> {
    const names = [...packages].filter(([, { status }]) => halfDone.includes(status)).map(([name]) => name)
    if (names.length === 0 && !(await look.at(dpkgInterruptedProbe))) return []
    return [
      {
        resource: this.id,
        action: 'run',
        risk: 'safe',
        summary: names.length === 0 ? 'finish what dpkg was cut off from' : `finish the set-up of ${names.join(', ')}`,
        fields: names.map((field) => ({ field, from: packages.get(field)?.status ?? null, to: 'installed' })),
        steps: [aptIsFree, dpkgConfigure],
        undo: { impossible: 'the packages were unpacked already' },
        reveals: true,
      },
    ]
  }

  /** What comes before the installation; refused when apt has never heard of a package and no newer lists are to come. */
  async #obtain(
    look: Look,
    foreseen: Foreseen,
    names: readonly string[],
  ): Promise<{ refusals: Refusal[]; steps: Step[] }> {
    if (names.length === 0 || foreseen.isMadeAnew(listsId)) return { refusals: [], steps: [] }
    if ((await look.at(aptListsProbe)).length === 0) return { refusals: [], steps: [aptUpdate([])] }
    const candidates = await look.at(candidatesProbe(names))
    const unknown = names.filter((name) => !candidates.has(name))
    if (unknown.length === 0) return { refusals: [], steps: [] }
    const why = `no repository of this host has a package ${unknown.join(' or ')}`
    const mend = [
      `see whether newer lists have it: apt-get update, then apt-cache policy ${unknown.join(' ')}`,
      'see that the name is right, and declare the repository that has it in host.repositories',
    ]
    return { refusals: [{ resource: this.id, why, fields: [], mend }], steps: [] }
  }

  async #held({ reader }: Look): Promise<Note[]> {
    const holder = await aptHolder(reader)
    if (holder === undefined) return []
    return [{ resource: this.id, level: 'warning', text: `apt is at work at the moment, ${holder}: phx waits for it` }]
  }

  #install(missing: readonly string[], status: (name: string) => string, before: readonly Step[]): Change {
    return {
      resource: this.id,
      action: 'create',
      risk: 'safe',
      summary: `install ${missing.join(', ')}`,
      fields: missing.map((name) => ({ field: name, from: status(name), to: 'installed' })),
      steps: [aptIsFree, ...before, aptGet(['install', '--no-install-recommends', ...missing])],
      undo: { commands: [['apt-get', 'remove', ...missing]] },
      // Its units, tools and files are there only afterwards.
      reveals: true,
    }
  }
}

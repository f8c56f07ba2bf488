/** The driver from packages: the version that apt offers has to be the declared one. */
import type { DeclaredDriver } from '../../config/nvidia.ts'
import type { Change, Comparison, Foreseen, Lock, Look, Note, Refusal } from '../../engine/resource.ts'
import { aptGet } from '../package/apt.ts'
import { aptIsFree } from '../package/apt-lock.ts'
import { listsId, packageLock } from '../package/packages.ts'
import { upstreamVersion } from './installed.ts'
import { DriverResource, nothing } from './on-gpus.ts'
import { driverId } from './runfile-driver.ts'
import type { Situation } from './situation.ts'

/** `  Candidate: 550.163.01-2`; `(none)`, or no line at all, when no repository has it (apt-cache(8)). */
export function candidateIn(policy: string): string | null {
  const candidate = /^ {2}Candidate: (\S+)$/m.exec(policy)?.[1]
  return candidate === undefined || candidate === '(none)' ? null : upstreamVersion(candidate)
}

const kernelPackage = (packages: readonly string[]): string =>
  packages.find((name) => /dkms/.test(name)) ?? packages[0] ?? ''

export class AptDriver extends DriverResource {
  readonly id: string = driverId
  override readonly locks: readonly Lock[] = [{ name: 'nvidia', mode: 'exclusive' }, packageLock]
  readonly #packages: readonly string[]

  constructor(declared: DeclaredDriver, packages: readonly string[]) {
    super(declared)
    this.#packages = packages
  }

  protected async compareOn(situation: Situation, look: Look, foreseen: Foreseen): Promise<Comparison> {
    const { installed, isInstalled, waits } = situation
    const live = installed === null ? null : { version: installed }
    if (isInstalled) return { ...nothing, live }
    const name = kernelPackage(this.#packages)
    const { stdout } = await look.reader.query(['apt-cache', 'policy', name])
    const offered = candidateIn(stdout)
    // Newer lists, which come with this very run, may offer another one.
    const isKnown = offered !== null && !foreseen.isMadeAnew(listsId)
    if (isKnown && offered !== this.declared.version) {
      return { ...nothing, refusals: [this.#otherVersion(name, offered)], live }
    }
    const notes = offered === null ? [this.#unknown(name)] : []
    if (waits !== null) return { ...nothing, notes, live, reboot: [waits] }
    return { ...nothing, changes: [this.#install(situation)], notes, live }
  }

  #otherVersion(name: string, offered: string): Refusal {
    const { version } = this.declared
    return {
      resource: this.id,
      why: `apt offers ${name} ${offered}, declared is driver ${version}`,
      fields: [{ field: 'version', from: offered, to: version }],
      mend: [
        `declare what there is: "version": "${offered}"`,
        `or take NVIDIA's installer: "source": "runfile", or a repository that has ${version}`,
      ],
    }
  }

  /** A repository that this very run declares may bring it. */
  #unknown(name: string): Note {
    const text = `apt knows no package ${name} now: Debian's is in the component non-free, others in repositories of their own`
    return { resource: this.id, level: 'warning', text }
  }

  #install({ installed, loaded }: Situation): Change {
    const { version } = this.declared
    return {
      resource: this.id,
      action: installed === null ? 'create' : 'replace',
      risk: loaded === null ? 'safe' : 'disruptive',
      summary: `install NVIDIA driver ${version} from ${this.#packages.join(', ')}`,
      fields: [{ field: 'version', from: installed, to: version }],
      steps: [aptIsFree, aptGet(['install', '--no-install-recommends', ...this.#packages])],
      undo: { commands: [['apt-get', 'purge', ...this.#packages]] },
      reveals: true,
    }
  }
}

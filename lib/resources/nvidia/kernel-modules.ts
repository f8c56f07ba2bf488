/** The driver's module for every kernel that may boot next, not only for the one that runs. */
import type { Change, Comparison, Foreseen, Look, Note } from '../../engine/resource.ts'
import type { CommandResult } from '../../host/host.ts'
import { type DkmsModule, isBuiltFor } from './dkms.ts'
import { DriverResource, nothing } from './on-gpus.ts'
import { knownNotToBuild } from './pairs.ts'
import { driverId } from './runfile-driver.ts'
import type { Situation } from './situation.ts'

const buildMs = 1_800_000

export class KernelModules extends DriverResource {
  readonly id: string = 'nvidia:modules'

  protected compareOn({ kernels, modules }: Situation, _look: Look, foreseen: Foreseen): Comparison {
    const { version, source } = this.declared
    const isComing = foreseen.isMadeAnew(driverId)
    // Packages build on their own for every kernel whose headers are there; what they leave out is seen afterwards.
    if (isComing && source === 'apt') return { ...nothing, live: undefined }
    const name = modules[0]?.name ?? (isComing ? 'nvidia' : undefined)
    if (name === undefined) return nothing
    const missing = kernels.installed.filter((kernel) => {
      return isComing ? kernel !== kernels.running : !isBuiltFor(modules, kernel)
    })
    const buildable = missing.filter((kernel) => knownNotToBuild(version, kernel) === undefined)
    const notes = missing.filter((kernel) => !buildable.includes(kernel)).map((kernel) => this.#left(kernel))
    const live = Object.fromEntries(kernels.installed.map((kernel) => [kernel, isBuiltFor(modules, kernel)]))
    return {
      ...nothing,
      changes: buildable.map((kernel) => this.#build(name, kernel, kernels.next, modules)),
      notes,
      live: isComing ? undefined : live,
    }
  }

  #left(kernel: string): Note {
    const { version } = this.declared
    const text = `driver ${version} is known not to build for kernel ${kernel}: do not boot it as long as the GPUs are needed`
    return { resource: this.id, level: 'warning', text }
  }

  #build(name: string, kernel: string, next: string, modules: readonly DkmsModule[]): Change {
    const { version } = this.declared
    const before = modules.find((one) => one.kernel === kernel)
    const argv = ['dkms', 'install', '-m', name, '-v', version, '-k', kernel]
    const isDifferent = before !== undefined && !before.isIntact
    return {
      resource: `nvidia-module:${kernel}`,
      action: before === undefined ? 'create' : 'update',
      risk: 'safe',
      summary: `build NVIDIA driver ${version} for kernel ${kernel}${kernel === next ? ', which boots next' : ''}`,
      fields: [{ field: 'module', from: stateOf(before), to: 'installed' }],
      steps: [{ kind: 'command', argv: [...argv, ...(isDifferent ? ['--force'] : [])], timeoutMs: buildMs, judge }],
      undo: { commands: [['dkms', 'uninstall', '-m', name, '-v', version, '-k', kernel]] },
    }
  }
}

const stateOf = (module: DkmsModule | undefined): string | null =>
  module === undefined ? null : module.isIntact ? module.state : 'not what was built'

/** 10 is a failed build, 21 missing headers (dkms, exit codes). */
function judge({ argv, exitCode }: CommandResult): string | undefined {
  if (exitCode === 0) return undefined
  const [name = '', version = ''] = [argv[3], argv[5]]
  const log = exitCode === 10 ? `; the compiler's words are in /var/lib/dkms/${name}/${version}/build/make.log` : ''
  return `dkms ended with exit code ${exitCode}${log}`
}

/** The driver from NVIDIA's runfile, its kernel modules registered with DKMS. */
import type { DeclaredDriver, DeclaredRunfile } from '../../config/nvidia.ts'
import type { Change, Comparison, Foreseen, Look } from '../../engine/resource.ts'
import type { CommandResult } from '../../host/host.ts'
import { DriverResource, nothing } from './on-gpus.ts'
import { isRunfile } from './runfile.ts'
import type { Situation } from './situation.ts'

export const driverId = 'nvidia:driver'

const installMs = 1_800_000

/** `--silent` asks nothing and takes the default of every question (nvidia-installer, option_table.h). */
const options = ['--silent', '--dkms', '--no-x-check']

function judge({ exitCode }: CommandResult): string | undefined {
  if (exitCode === 0) return undefined
  return `the installer ended with exit code ${exitCode}; /var/log/nvidia-installer.log says why, and for a failed build /var/lib/dkms/nvidia/VERSION/build/make.log`
}

export class RunfileDriver extends DriverResource {
  readonly id: string = driverId
  readonly #runfile: DeclaredRunfile

  constructor(declared: DeclaredDriver, runfile: DeclaredRunfile) {
    super(declared)
    this.#runfile = runfile
  }

  protected compareOn(situation: Situation, _look: Look, _foreseen: Foreseen): Comparison {
    const { installed, isInstalled, waits } = situation
    const live = installed === null ? null : { version: installed }
    if (isInstalled) return { ...nothing, live }
    if (waits !== null) return { ...nothing, live, reboot: [waits] }
    return { ...nothing, changes: [this.#install(situation)], live }
  }

  #install({ installed, loaded, kernels }: Situation): Change {
    const { version, kernelModule } = this.declared
    const { path, sha256 } = this.#runfile
    // Without it the installer gives up when the module that is loaded can't be unloaded (nvidia-installer, kernel.c).
    const running = loaded === null ? [] : ['--allow-installation-with-running-driver']
    const argv = ['sh', path, ...options, `--kernel-module-type=${kernelModule}`, ...running]
    return {
      resource: this.id,
      action: installed === null ? 'create' : 'replace',
      risk: loaded === null ? 'safe' : 'disruptive',
      summary:
        loaded === null
          ? `install NVIDIA driver ${version} and build its modules for kernel ${kernels.running}`
          : `install NVIDIA driver ${version} over ${installed ?? loaded}: whoever uses a GPU has to be started anew`,
      fields: [
        { field: 'version', from: installed, to: version },
        { field: 'kernel module', from: null, to: kernelModule },
      ],
      steps: [isRunfile(path, { sha256, version }), { kind: 'command', argv, timeoutMs: installMs, judge }],
      undo: installed === null ? { commands: [['nvidia-uninstall', '--silent']] } : { impossible: goBack(installed) },
      // What DKMS has then, and whether it is loaded.
      reveals: true,
    }
  }
}

const goBack = (version: string): string => `declare version ${version} with its runfile again`

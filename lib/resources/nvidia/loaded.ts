/** The declared driver is the one that is loaded; where another one or none can be, the reboot that it takes. */
import type { Change, Comparison, Foreseen, Look } from '../../engine/resource.ts'
import { isBuiltFor } from './dkms.ts'
import { DriverResource, nothing } from './on-gpus.ts'
import { driverId } from './runfile-driver.ts'
import type { Situation } from './situation.ts'

export class LoadedDriver extends DriverResource {
  readonly id: string = 'nvidia:loaded'

  protected compareOn(situation: Situation, _look: Look, foreseen: Foreseen): Comparison {
    const { version } = this.declared
    const { isInstalled, kernels, loaded, modules } = situation
    const live = { version: loaded }
    // The driver itself says what it waits for; once it is there, its installer has loaded it, or could not.
    if (loaded === version || !isInstalled || foreseen.isMadeAnew(driverId)) return { ...nothing, live }
    if (loaded !== null) {
      return { ...nothing, live, reboot: [`driver ${loaded} is loaded, ${version} is installed: the reboot loads it`] }
    }
    const isComing = foreseen.isMadeAnew(`nvidia-module:${kernels.running}`)
    if (!isComing && !isBuiltFor(modules, kernels.running)) {
      const why = `driver ${version} is not built for kernel ${kernels.running}, which runs, but for ${kernels.next}`
      return { ...nothing, live, reboot: [why] }
    }
    return { ...nothing, live, changes: [this.#load(situation)] }
  }

  #load({ gpus }: Situation): Change {
    const { version } = this.declared
    return {
      resource: this.id,
      action: 'run',
      risk: 'safe',
      summary: `load NVIDIA driver ${version} for the GPU at ${gpus.map(({ address }) => address).join(' and ')}`,
      fields: [{ field: 'version', from: null, to: version }],
      steps: [{ kind: 'command', argv: ['modprobe', 'nvidia'] }],
      undo: { commands: [['modprobe', '-r', 'nvidia']] },
      // Its device nodes can be made only now.
      reveals: true,
    }
  }
}

/** Module `nvidia`: the host's NVIDIA driver, for every kernel that may boot next. */
import type { PhxConfig } from '../lib/config/generated/types.ts'
import { type DeclaredDriver, declaredDriver } from '../lib/config/nvidia.ts'
import { initialSetup } from '../lib/config/steps.ts'
import type { Resource, Task, TaskModule, Value } from '../lib/engine/resource.ts'
import { OwnedFile } from '../lib/resources/file/owned-file.ts'
import { AptDriver } from '../lib/resources/nvidia/apt-driver.ts'
import { BuildPackages } from '../lib/resources/nvidia/build-packages.ts'
import { GpuChoice } from '../lib/resources/nvidia/choice.ts'
import { deviceNodes, deviceNodesUnit } from '../lib/resources/nvidia/device-nodes.ts'
import { KernelModules } from '../lib/resources/nvidia/kernel-modules.ts'
import { LeftDriver } from '../lib/resources/nvidia/left.ts'
import { LoadedDriver } from '../lib/resources/nvidia/loaded.ts'
import { NouveauOff } from '../lib/resources/nvidia/nouveau.ts'
import { OnceLoaded } from '../lib/resources/nvidia/on-gpus.ts'
import { Runfile } from '../lib/resources/nvidia/runfile.ts'
import { RunfileDriver } from '../lib/resources/nvidia/runfile-driver.ts'
import { Unit } from '../lib/resources/unit/unit.ts'

const id = 'nvidia'

const driverOf = (declared: DeclaredDriver): Resource[] =>
  declared.source === 'apt'
    ? [new AptDriver(declared, declared.packages)]
    : [new Runfile(declared, declared.runfile), new RunfileDriver(declared, declared.runfile)]

function resourcesOf(declared: DeclaredDriver): Resource[] {
  return [
    new GpuChoice(declared),
    new BuildPackages(declared),
    new NouveauOff(declared),
    ...driverOf(declared),
    new KernelModules(declared),
    new LoadedDriver(declared),
    new OnceLoaded(declared, new OwnedFile(deviceNodes)),
    new OnceLoaded(declared, new Unit({ name: deviceNodesUnit, on: true })),
  ]
}

function inputsOf(declared: DeclaredDriver): Record<string, Value> {
  const { version, source, kernelModule, passthrough } = declared
  const from = declared.source === 'apt' ? { packages: [...declared.packages].sort() } : { ...declared.runfile }
  return { version, source, 'kernel module': kernelModule, passthrough, ...from }
}

function taskOf(config: PhxConfig): Task {
  const declared = declaredDriver(config)
  return {
    id,
    title: 'NVIDIA driver',
    version: 1,
    groups: ['setup'],
    needs: declared ? [...initialSetup(config)] : [],
    inputs: declared ? inputsOf(declared) : {},
    resources: declared ? resourcesOf(declared) : [new LeftDriver()],
  }
}

export const nvidia: TaskModule<PhxConfig> = {
  name: id,
  // Without a declaration nothing is uninstalled; as long as there is a stamp, that is said.
  expand(config, orphans) {
    return declaredDriver(config) || orphans.includes(id) ? [taskOf(config)] : []
  },
}

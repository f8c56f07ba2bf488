/** What the resources of the nvidia step all have to know, put together from the probes. */
import type { DeclaredDriver } from '../../config/nvidia.ts'
import type { Look } from '../../engine/resource.ts'
import { packagesProbe } from '../probes/packages.ts'
import { type DkmsModule, nvidiaModules } from './dkms.ts'
import { type Gpu, hostGpus } from './gpus.ts'
import { kernelPackagesInstalled, loadedProbe, runfileProbe } from './installed.ts'
import { type Kernels, kernelsOf } from './kernels.ts'
import { knownNotToBuild } from './pairs.ts'

export interface Situation {
  /** GPUs that the driver is for; without one there is nothing to do. */
  readonly gpus: readonly Gpu[]
  readonly kernels: Kernels
  /** DKMS's modules of the declared version. */
  readonly modules: readonly DkmsModule[]
  /** Version that the declared source has installed, or null. */
  readonly installed: string | null
  /** True when the declared version is installed, whatever it is built for. */
  readonly isInstalled: boolean
  readonly loaded: string | null
  /** Why it can't be installed before a reboot, in one line; null when nothing keeps it. */
  readonly waits: string | null
}

async function installedBy(look: Look, declared: DeclaredDriver): Promise<string | null> {
  if (declared.source === 'runfile') return look.at(runfileProbe)
  const packages = await look.at(packagesProbe)
  if (declared.packages.some((name) => packages.get(name)?.status !== 'installed')) return null
  return (await kernelPackagesInstalled(look))[0]?.version ?? null
}

function waitsFor({ version }: DeclaredDriver, gpus: readonly Gpu[], { running, next, installed }: Kernels) {
  const then = `driver ${version} is installed by the first run after the reboot`
  const taken = gpus.filter(({ driver }) => driver === 'nouveau').map(({ address }) => address)
  if (taken.length > 0) return `nouveau drives the GPU at ${taken.join(' and ')}: ${then}`
  if (!installed.includes(running))
    return `kernel ${running} runs and is no longer in /boot, ${next} boots next: ${then}`
  const isOnlyRunning = running !== next && knownNotToBuild(version, running) && !knownNotToBuild(version, next)
  return isOnlyRunning ? `the driver does not build for kernel ${running}, which runs, but for ${next}: ${then}` : null
}

/** Undefined when the host has no GPU for it. */
export async function situationOf(look: Look, declared: DeclaredDriver): Promise<Situation | undefined> {
  const gpus = await hostGpus(look, declared)
  if (gpus.length === 0) return undefined
  const [kernels, modules, installed, loaded] = await Promise.all([
    kernelsOf(look),
    nvidiaModules(look, declared.version),
    installedBy(look, declared),
    look.at(loadedProbe),
  ])
  const isInstalled = installed === declared.version && modules.length > 0
  const waits = isInstalled ? null : waitsFor(declared, gpus, kernels)
  return { gpus, kernels, modules, installed, isInstalled, loaded, waits }
}

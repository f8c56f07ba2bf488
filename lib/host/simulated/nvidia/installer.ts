/**
 * `sh NVIDIA-Linux-x86_64-VERSION.run --silent …`: a file is one of NVIDIA's when its text says so. What it checks, in
 * which order, and what it says are those of nvidia-installer 590.48.01 (install-from-cwd.c, kernel.c, misc.c).
 */
import { exists, makeFolders, writeText } from '../filesystem.ts'
import type { SimState } from '../model.ts'
import { runningKernel } from '../system/kernel.ts'
import { answer, NotSimulated, type ToolAnswer } from '../tool.ts'
import { addSource, install, removeSources } from './dkms.ts'
import { gpusOf, load, loadedVersion } from './gpus.ts'

const known = [
  '--silent',
  '--dkms',
  '--no-x-check',
  '--kernel-module-type=open',
  '--kernel-module-type=proprietary',
  '--allow-installation-with-running-driver',
]

const failed = (why: string): ToolAnswer => answer(1, '', `\nERROR: ${why}\n\n`)

/** Undefined when the file is none of NVIDIA's installers. */
export function runInstaller(state: SimState, path: string, options: readonly string[]): ToolAnswer | undefined {
  const text = state.files[path]?.content
  const version = /NVIDIA Accelerated Graphics Driver for Linux-x86_64 (\S+)/.exec(text ?? '')?.[1]
  if (version === undefined) return undefined
  const strange = options.find((option) => !known.includes(option))
  if (strange !== undefined || !options.includes('--silent') || !options.includes('--dkms'))
    throw new NotSimulated(`NVIDIA's installer with ${options.join(' ')}`)
  return installDriver(state, version, options.includes('--allow-installation-with-running-driver'))
}

function installDriver(state: SimState, version: string, isAllowed: boolean): ToolAnswer {
  const kernel = runningKernel(state)
  const isLoaded = loadedVersion(state) !== undefined
  // It is in use here, so it can't be unloaded.
  if (isLoaded && !isAllowed)
    return failed("An NVIDIA kernel module 'nvidia' appears to be already loaded in your kernel.")
  if (state.packages?.['build-essential']?.status !== 'installed')
    return failed(
      "Unable to find the development tool `cc` in your path; please make sure that you have the package 'gcc' installed.",
    )
  if (gpusOf(state).some(({ driver }) => driver === 'nouveau'))
    return failed(
      'The Nouveau kernel driver is currently in use by your system.  This driver is incompatible with the NVIDIA driver, and must be disabled before proceeding.',
    )
  if (!exists(state, `/lib/modules/${kernel}/build`))
    return failed('Unable to find the kernel source tree for the currently running kernel.')
  const { notBuilding = [] } = state.nvidia ?? {}
  if (notBuilding.includes(`${version} ${kernel}`)) return failed('Failed to build the NVIDIA kernel modules.')
  removeSources(state, 'nvidia')
  makeFolders(state, '/var/lib/nvidia')
  writeText(state, '/var/lib/nvidia/log', `${version}\nNVIDIA Accelerated Graphics Driver for Linux-x86_64\n`)
  addSource(state, 'nvidia', version)
  install(state, 'nvidia', version, kernel)
  if (!isLoaded) load(state, version)
  return answer(0)
}

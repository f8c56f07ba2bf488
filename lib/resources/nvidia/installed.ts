/** Which driver is installed, by whom, and which is loaded. */
import type { Look, Probe } from '../../engine/resource.ts'
import { packagesProbe } from '../probes/packages.ts'

/** Version of the module that is loaded, or null. */
export const loadedProbe: Probe<string | null> = {
  id: '/proc/driver/nvidia/version',
  async read({ reader }) {
    return versionLoaded((await reader.readFile('/proc/driver/nvidia/version')) ?? '')
  },
}

/** `NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.163.01  Tue …`, or `… Open Kernel Module for x86_64  580.76.05  Release Build …`. */
export const versionLoaded = (text: string): string | null =>
  /^NVRM version: .*?\s(\d+(?:\.\d+){1,2})\s/m.exec(text)?.[1] ?? null

/** Version that NVIDIA's installer put there, or null: the first line of its log (nvidia-installer, backup.c). */
export const runfileProbe: Probe<string | null> = {
  id: '/var/lib/nvidia/log',
  async read({ reader }) {
    const [first = ''] = ((await reader.readFile('/var/lib/nvidia/log')) ?? '').split('\n', 1)
    return /^\d+(\.\d+){1,2}$/.test(first) ? first : null
  },
}

export interface KernelPackage {
  readonly name: string
  /** Without epoch and Debian's revision: `550.163.01`. */
  readonly version: string
}

/** Packages that bring a kernel module of NVIDIA's, Debian's and NVIDIA's own. */
const kernelPackages = /^nvidia-(kernel-dkms|open-kernel-dkms|kernel-open-dkms|dkms-\d+|open-\d+)$/

export const upstreamVersion = (debian: string): string => debian.replace(/^\d+:/, '').replace(/-[^-]*$/, '')

export async function kernelPackagesInstalled(look: Look): Promise<KernelPackage[]> {
  const packages = await look.at(packagesProbe)
  return [...packages].flatMap(([name, { status, version }]) => {
    const isThere = status !== 'config-files' && status !== 'not-installed'
    return kernelPackages.test(name) && isThere ? [{ name, version: upstreamVersion(version) }] : []
  })
}

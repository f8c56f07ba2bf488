/** GPUs in /sys, and which driver has them: the state is in their uevent files, as the kernel shows it. */
import { makeFolders, namesIn, writeText } from '../filesystem.ts'
import type { SimState } from '../model.ts'
import { runningKernel } from '../system/kernel.ts'
import { installedModule } from './dkms.ts'

const devices = '/sys/bus/pci/devices'
const versionFile = '/proc/driver/nvidia/version'

export interface SimGpu {
  readonly address: string
  readonly id: string
  readonly driver: string | null
}

function write(state: SimState, { address, id, driver }: SimGpu): void {
  const folder = `${devices}/${address}`
  makeFolders(state, folder)
  const bound = driver === null ? '' : `DRIVER=${driver}\n`
  const rest = `PCI_CLASS=30000\nPCI_ID=${id.toUpperCase()}\nPCI_SLOT_NAME=${address}\n`
  writeText(state, `${folder}/uevent`, `${bound}${rest}`)
}

export function gpusOf(state: SimState): SimGpu[] {
  return namesIn(state, devices).flatMap((address): SimGpu[] => {
    const text = state.files[`${devices}/${address}/uevent`]?.content ?? ''
    const id = /^PCI_ID=(.+)$/m.exec(text)?.[1]?.toLowerCase()
    return id === undefined ? [] : [{ address, id, driver: /^DRIVER=(.+)$/m.exec(text)?.[1] ?? null }]
  })
}

/** `sim plug-gpu ADDRESS [DRIVER] [VENDOR:DEVICE]`; nouveau takes it unless told, `none` leaves it free. */
export function plugGpu(
  state: SimState,
  [address, driver = 'nouveau', id = '10de:2204']: readonly string[],
): string | null {
  if (address === undefined) return 'plug-gpu ADDRESS [DRIVER] [VENDOR:DEVICE]'
  write(state, { address, id, driver: driver === 'none' ? null : driver })
  return null
}

export const bind = (state: SimState, gpu: SimGpu, driver: string | null): void => write(state, { ...gpu, driver })

export const loadedVersion = (state: SimState): string | undefined =>
  /Module(?: for x86_64)? {2}(\S+)/.exec(state.files[versionFile]?.content ?? '')?.[1]

/** The first line of the open modules' file; that of the proprietary ones says `x86_64 Kernel Module`. */
export function load(state: SimState, version: string): void {
  makeFolders(state, '/proc/driver/nvidia')
  const line = `NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  ${version}  Release Build  (dvs-builder@U22)\n`
  writeText(state, versionFile, `${line}GCC version:  gcc version 14.2.0 (Debian 14.2.0-19)\n`)
  for (const gpu of gpusOf(state)) if (gpu.driver === null) bind(state, gpu, 'nvidia')
}

export function unload(state: SimState): void {
  delete state.files[versionFile]
  for (const gpu of gpusOf(state)) if (gpu.driver === 'nvidia') bind(state, gpu, null)
}

/** What udev loads at boot by what the modules' options allow: vfio where it is told to, then nvidia, then nouveau. */
export function bindAtBoot(state: SimState): void {
  unload(state)
  const kernel = runningKernel(state)
  // nouveau is taken from the initial RAM disk, so its options are those of when that was made.
  const early = (state.files[`/boot/initrd.img-${kernel}`]?.content ?? '').split('\n')
  const now = namesIn(state, '/etc/modprobe.d').flatMap((name) =>
    (state.files[`/etc/modprobe.d/${name}`]?.content ?? '').split('\n'),
  )
  const ids = [...early, ...now].flatMap((line) => /^options vfio-pci .*?ids=(\S+)/.exec(line)?.[1]?.split(',') ?? [])
  const version = now.includes('blacklist nvidia') ? undefined : installedModule(state, kernel)
  for (const gpu of gpusOf(state)) {
    if (ids.includes(gpu.id)) bind(state, gpu, 'vfio-pci')
    else bind(state, gpu, early.includes('blacklist nouveau') ? null : 'nouveau')
  }
  if (version !== undefined && gpusOf(state).some(({ driver }) => driver === null)) load(state, version)
}

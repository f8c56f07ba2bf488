/** NVIDIA's GPUs and driver. No such card was ever near: texts are from the sources that each file names. */
import type { Area, SimPackage } from '../area.ts'
import { exists, makeFolders } from '../filesystem.ts'
import type { SimState } from '../model.ts'
import { installedKernels } from '../system/kernel.ts'
import { addSource, dkms, install } from './dkms.ts'
import { bindAtBoot, load, loadedVersion, plugGpu } from './gpus.ts'
import { modinfo, modprobe, nvidiaSmi } from './tools.ts'

const kernels = ['6.14.11-4-pve', '6.17.2-1-pve', '6.17.4-1-pve']

const headersOf = (kernel: string): [string, SimPackage] => [
  `proxmox-headers-${kernel}`,
  { version: kernel.replace('-pve', ''), postinst: (state) => void makeFolders(state, `/lib/modules/${kernel}/build`) },
]

/** Debian 13's, in the component non-free. */
const debianDriver = '550.163.01'

/** A package's DKMS builds for every kernel whose headers are there, and udev loads what fits the one that runs. */
function setUpModules(state: SimState): void {
  addSource(state, 'nvidia-current', debianDriver)
  for (const kernel of installedKernels(state))
    if (exists(state, `/lib/modules/${kernel}/build`)) install(state, 'nvidia-current', debianDriver, kernel)
  if (loadedVersion(state) === undefined) load(state, debianDriver)
}

export const nvidia: Area = {
  tools: { dkms, modinfo, modprobe, 'nvidia-smi': nvidiaSmi },
  packages: {
    'build-essential': { version: '12.12' },
    dkms: { version: '3.2.2-1~deb13u1', tools: ['dkms'] },
    'proxmox-default-headers': { version: '2.0.1', depends: [`proxmox-headers-${kernels.at(-1)}`] },
    ...Object.fromEntries(kernels.map(headersOf)),
    'nvidia-open-kernel-dkms': {
      version: `${debianDriver}-2`,
      depends: ['dkms', 'build-essential'],
      postinst: setUpModules,
    },
    'nvidia-kernel-dkms': {
      version: `${debianDriver}-2`,
      depends: ['dkms', 'build-essential'],
      postinst: setUpModules,
    },
    'nvidia-smi': { version: `${debianDriver}-2` },
    'nvidia-modprobe': { version: '570.133.07-1' },
  },
  boot: bindAtBoot,
  events: {
    'plug-gpu': plugGpu,
    'break-build'(state, [version = '', kernel = '']) {
      state.nvidia = { notBuilding: [...(state.nvidia?.notBuilding ?? []), `${version} ${kernel}`] }
      return null
    },
  },
}

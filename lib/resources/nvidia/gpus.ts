/** NVIDIA's GPUs in the host and the driver that each is bound to, from sysfs and without a process. */
import type { Look, Probe } from '../../engine/resource.ts'

export interface Gpu {
  /** `0000:01:00.0` */
  readonly address: string
  /** Vendor and device as lspci -n prints them: `10de:2204`. */
  readonly id: string
  /** `nvidia`, `nouveau`, `vfio-pci`, …; null when none is bound. */
  readonly driver: string | null
}

const devices = '/sys/bus/pci/devices'

/**
 * One device of /sys/bus/pci/devices, from its uevent: DRIVER as long as one is bound, PCI_CLASS, PCI_ID (kernel,
 * drivers/pci/pci-driver.c, pci_uevent). Display controllers have the class 0x03xxxx; a card's audio is none.
 */
function gpuOf(address: string, uevent: string): Gpu | undefined {
  const values = new Map(uevent.split('\n').map((line) => line.split('=', 2) as [string, string | undefined]))
  const id = (values.get('PCI_ID') ?? '').toLowerCase()
  const isDisplay = Number.parseInt(values.get('PCI_CLASS') ?? '', 16) >> 16 === 3
  return id.startsWith('10de:') && isDisplay ? { address, id, driver: values.get('DRIVER') ?? null } : undefined
}

export const gpusProbe: Probe<readonly Gpu[]> = {
  id: devices,
  async read({ reader }) {
    const addresses = (await reader.listDir(devices)) ?? []
    const gpus = addresses.map(async (address) => {
      return gpuOf(address, (await reader.readFile(`${devices}/${address}/uevent`)) ?? '')
    })
    return (await Promise.all(gpus)).flatMap((gpu) => gpu ?? [])
  },
}

/** Those that the host's driver is for. */
export async function hostGpus(look: Look, { passthrough }: { passthrough: readonly string[] }): Promise<Gpu[]> {
  return (await look.at(gpusProbe)).filter(({ address }) => !passthrough.includes(address))
}

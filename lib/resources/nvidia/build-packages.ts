/** What building a kernel module takes: DKMS, a compiler, and the headers of every kernel that may boot next. */
import type { Comparison, Foreseen, Lock, Look } from '../../engine/resource.ts'
import { Packages, packageLock, packagesId } from '../package/packages.ts'
import { DriverResource } from './on-gpus.ts'
import type { Situation } from './situation.ts'

const step = 'nvidia'

/** Proxmox VE 8.1 renamed its packages with kernel 6.5; `linux-headers-amd64` is another kernel's (host-tools 4.10). */
function headersOf(kernel: string): string {
  if (!kernel.endsWith('-pve')) return `linux-headers-${kernel}`
  const [major = 0, minor = 0] = kernel.split('.').map(Number)
  return `${major > 6 || (major === 6 && minor >= 5) ? 'proxmox' : 'pve'}-headers-${kernel}`
}

/** The headers that come with every new kernel: without them the driver is gone after an upgrade. */
const lasting = (kernels: readonly string[]): string =>
  kernels.some((kernel) => kernel.endsWith('-pve')) ? 'proxmox-default-headers' : 'linux-headers-amd64'

export class BuildPackages extends DriverResource {
  readonly id: string = packagesId(step)
  override readonly locks: readonly Lock[] = [packageLock]

  protected async compareOn(
    { kernels: { installed } }: Situation,
    look: Look,
    foreseen: Foreseen,
  ): Promise<Comparison> {
    const missing = await Promise.all(
      installed.map(async (kernel) => {
        const isThere = (await look.reader.stat(`/lib/modules/${kernel}/build`)) !== undefined
        return isThere ? [] : [headersOf(kernel)]
      }),
    )
    const fetching = this.declared.source === 'runfile' && this.declared.runfile.url !== null ? ['curl'] : []
    const wanted = ['build-essential', 'dkms', lasting(installed), ...missing.flat(), ...fetching]
    return new Packages(step, wanted).compare(look, foreseen)
  }
}

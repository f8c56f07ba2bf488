/** Keeps nouveau, which the kernel brings along, from taking the GPUs. */
import type { Comparison, Look } from '../../engine/resource.ts'
import { pending, rebuildInitramfs } from '../file/initramfs.ts'
import { fileId, OwnedFile } from '../file/owned-file.ts'
import { DriverResource } from './on-gpus.ts'
import type { Situation } from './situation.ts'

export const nouveauFile = '/etc/modprobe.d/phx-nvidia.conf'

const lines = ['blacklist nouveau', 'options nouveau modeset=0']

export class NouveauOff extends DriverResource {
  readonly id: string = fileId(nouveauFile)

  protected async compareOn(_situation: Situation, look: Look): Promise<Comparison> {
    const after = await rebuildInitramfs(look)
    const declared = { path: nouveauFile, lines, section: 'nvidia_driver', mode: 0o644, after, pending }
    return new OwnedFile(declared).compare(look)
  }
}

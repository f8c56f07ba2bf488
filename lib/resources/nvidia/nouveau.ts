/** Keeps nouveau, which the kernel brings along, from taking the GPUs. */
import type { Change, Comparison, Look, Step } from '../../engine/resource.ts'
import { fileId, OwnedFile } from '../file/owned-file.ts'
import { DriverResource } from './on-gpus.ts'
import type { Situation } from './situation.ts'

export const nouveauFile = '/etc/modprobe.d/phx-nvidia.conf'

const lines = ['blacklist nouveau', 'options nouveau modeset=0']

/** The initramfs has a copy of modprobe.d, and the ESPs have copies of the initramfs (proxmox-boot-tool(8)). */
async function rebuildInitramfs({ reader }: Look): Promise<Step[]> {
  const esps = await reader.readFile('/etc/kernel/proxmox-boot-uuids')
  const commands = [['update-initramfs', '-u', '-k', 'all'], ...(esps ? [['proxmox-boot-tool', 'refresh']] : [])]
  return commands.map((argv) => ({ kind: 'command', argv, timeoutMs: 900_000 }))
}

export class NouveauOff extends DriverResource {
  readonly id: string = fileId(nouveauFile)

  protected async compareOn(situation: Situation, look: Look): Promise<Comparison> {
    const after = await rebuildInitramfs(look)
    const file = new OwnedFile({ path: nouveauFile, lines, section: 'nvidia_driver', mode: 0o644, after })
    const comparison = await file.compare(look)
    const isWritten = comparison.changes.length === 0 && comparison.refusals.length === 0
    const isLeftOut = isWritten && (await isLeftOutOf(situation, look))
    return isLeftOut ? { ...comparison, changes: [this.#rebuild(after)] } : comparison
  }

  #rebuild(steps: readonly Step[]): Change {
    return {
      resource: this.id,
      action: 'run',
      risk: 'safe',
      summary: `take ${nouveauFile} into the initramfs`,
      fields: [],
      steps,
      undo: { impossible: 'the initramfs is made anew with every kernel anyway' },
    }
  }
}

/** A run may have been cut off between the file and the initramfs. It takes a second to look, and matters only while nouveau has a GPU. */
async function isLeftOutOf({ gpus, kernels }: Situation, { reader }: Look): Promise<boolean> {
  if (gpus.every(({ driver }) => driver !== 'nouveau')) return false
  const { exitCode, stdout } = await reader.query(['lsinitramfs', `/boot/initrd.img-${kernels.next}`])
  return exitCode === 0 && !stdout.split('\n').includes(nouveauFile.slice(1))
}

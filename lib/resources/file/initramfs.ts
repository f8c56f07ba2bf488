/** The initial RAM disks, which have copies of what stands in /etc/modprobe.d (initramfs-tools(7)). */
import type { Look, Step } from '../../engine/resource.ts'

/** Of proxmox-boot-tool(8): the ESPs that have copies of kernels and RAM disks. */
const bootUuids = '/etc/kernel/proxmox-boot-uuids'

/** For a file's `pending`. */
export const pending = '# The initial RAM disk is made anew at this moment; if this line stays, run phx again.'

export async function rebuildInitramfs({ reader }: Look): Promise<Step[]> {
  const esps = await reader.readFile(bootUuids)
  const commands = [['update-initramfs', '-u', '-k', 'all'], ...(esps ? [['proxmox-boot-tool', 'refresh']] : [])]
  return commands.map((argv) => ({ kind: 'command', argv, timeoutMs: 1_200_000 }))
}

/** Whether the host has the memory that a guest is to be started with: QEMU takes all of it as the guest comes to use it. */
import type { DeclaredVm } from '../../config/guests/vm.ts'
import { CannotLook } from '../../engine/cannot-look.ts'
import type { Look, Probe } from '../../engine/resource.ts'
import { sizeText } from '../size.ts'

/** Bytes that can be had without swapping (proc_meminfo(5), MemAvailable); ZFS's cache gives way, but counts as used there. */
const availableProbe: Probe<number | undefined> = {
  id: 'MemAvailable',
  async read({ reader }) {
    const text = (await reader.readFile('/proc/meminfo')) ?? ''
    const arc = (await reader.readFile('/proc/spl/kstat/zfs/arcstats')) ?? ''
    const kibibytes = /^MemAvailable:\s+(\d+) kB$/m.exec(text)?.[1]
    if (kibibytes === undefined) return undefined
    const number = (name: string): number => Number(new RegExp(`^${name}\\s+\\d+\\s+(\\d+)$`, 'm').exec(arc)?.[1] ?? 0)
    return Number(kibibytes) * 1024 + Math.max(0, number('size') - number('c_min'))
  },
}

export async function memoryFault(
  look: Look,
  declared: Pick<DeclaredVm, 'id' | 'memoryMb'>,
): Promise<CannotLook | undefined> {
  const available = await look.at(availableProbe)
  const wanted = declared.memoryMb * 2 ** 20
  if (available === undefined || available >= wanted) return undefined
  const why = `VM ${declared.id} is to have ${sizeText(wanted)} of memory, and the host has ${sizeText(available)} left: it is not started`
  return new CannotLook(why, [
    'stop a guest that is not needed: qm list, pct list',
    `or declare less: "memory_mb": ${Math.floor(available / 2 ** 20)}`,
  ])
}

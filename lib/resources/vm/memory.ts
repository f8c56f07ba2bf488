/** Whether the host has the memory that a guest is to be started with: QEMU takes all of it as the guest comes to use it. */
import type { DeclaredVm } from '../../config/guests/vm.ts'
import { CannotLook } from '../../engine/cannot-look.ts'
import type { Look } from '../../engine/resource.ts'
import type { Reader } from '../../host/host.ts'
import { sizeText } from '../size.ts'

/** Bytes that can be had without swapping (proc_meminfo(5), MemAvailable); ZFS's cache gives way, but counts as used there. */
async function availableOn(reader: Reader): Promise<number | undefined> {
  const text = (await reader.readFile('/proc/meminfo')) ?? ''
  const arc = (await reader.readFile('/proc/spl/kstat/zfs/arcstats')) ?? ''
  const kibibytes = /^MemAvailable:\s+(\d+) kB$/m.exec(text)?.[1]
  if (kibibytes === undefined) return undefined
  const number = (name: string): number => Number(new RegExp(`^${name}\\s+\\d+\\s+(\\d+)$`, 'm').exec(arc)?.[1] ?? 0)
  return Number(kibibytes) * 1024 + Math.max(0, number('size') - number('c_min'))
}

interface Promised {
  /** What there was when this run looked first: from then on it is the run itself that uses it up. */
  readonly available: Promise<number | undefined>
  /** Bytes by guest, of those that this run starts. */
  readonly to: Map<string, number>
}

/** Guests that are started side by side don't use their memory yet when the next one is looked at. */
const promises = new WeakMap<Reader, Promised>()

/** It was shut down for good. */
export function memoryFreed(reader: Reader, id: string): void {
  promises.get(reader)?.to.delete(id)
}

export async function memoryFault(
  { reader }: Look,
  declared: Pick<DeclaredVm, 'id' | 'memoryMb'>,
): Promise<CannotLook | undefined> {
  const promised = promises.get(reader) ?? { available: availableOn(reader), to: new Map() }
  promises.set(reader, promised)
  const all = await promised.available
  const wanted = declared.memoryMb * 2 ** 20
  promised.to.delete(declared.id)
  const others = [...promised.to.values()].reduce((sum, bytes) => sum + bytes, 0)
  if (all === undefined || all - others >= wanted) {
    promised.to.set(declared.id, wanted)
    return undefined
  }
  const left = Math.max(0, all - others)
  const taken = promised.to.size > 0 ? `, once VM ${[...promised.to.keys()].join(', ')} has its own` : ''
  const why = `VM ${declared.id} is to have ${sizeText(wanted)} of memory, and the host has ${sizeText(left)} left${taken}: it is not started`
  return new CannotLook(why, [
    'stop a guest that is not needed: qm list, pct list',
    `or declare less: "memory_mb": ${Math.floor(left / 2 ** 20)}`,
  ])
}

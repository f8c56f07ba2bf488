/** What is told of machines as figures: `qm list`, `qm status`, and pvesh's answers about them (qm.jsonl, group "read"). */

import { splitList } from '../formats.ts'
import { guestsIn } from '../guest-machine.ts'
import { parseKeys } from '../property-string.ts'
import { parseSize } from '../sizes.ts'
import type { Voice } from '../surroundings.ts'
import { loadMachine, type VirtualMachine } from './config.ts'
import { bootKeys } from './device-keys.ts'
import { isCdrom, isDrive, parseDrive } from './drives.ts'
import type { VmMachine } from './machine.ts'
import { memoryOf } from './settings.ts'

export type Figures = Readonly<Record<string, string | number>>

const mebibyte = 2 ** 20

/** What nobody measures is 0. */
export function figuresOf(machine: VmMachine, voice: Voice, vmid: string): Figures {
  const vm = loadMachine(machine, voice, vmid)
  const { values } = vm
  const emulator = machine.emulatorOf(vmid)
  const number = (key: string): number => Number(values.get(key) ?? 1)
  const processors = Math.min(number('sockets') * number('cores'), machine.processors)
  const rows: Record<string, string | number | undefined> = {
    balloon_min: values.has('balloon') && values.get('balloon') !== '0' ? number('balloon') * mebibyte : undefined,
    cpu: 0,
    cpus: Number(values.get('vcpus') ?? processors),
    disk: 0,
    lock: values.get('lock'),
    maxdisk: bootDiskSize(vm),
    maxmem: memoryOf(values.get('memory')) * mebibyte,
    mem: 0,
    memhost: 0,
    name: values.get('name') ?? `VM ${vmid}`,
    netin: 0,
    netout: 0,
    pid: emulator?.pid,
    serial: [0, 1, 2, 3].some((index) => values.has(`serial${index}`)) ? 1 : undefined,
    shares: values.has('balloon') && values.get('balloon') !== '0' ? Number(values.get('shares') ?? 1000) : undefined,
    status: emulator === null ? 'stopped' : 'running',
    tags: values.get('tags'),
    template: values.get('template') === '1' ? 1 : undefined,
    uptime: emulator === null ? 0 : machine.now() - emulator.since,
    vmid: Number(vmid),
  }
  return Object.fromEntries(
    Object.entries(rows).filter((row): row is [string, string | number] => row[1] !== undefined),
  )
}

export const allFigures = (machine: VmMachine, voice: Voice): Figures[] =>
  guestsIn(machine, 'qemu-server').map((vmid) => figuresOf(machine, voice, vmid))

/** Of the first disk that is booted from. */
function bootDiskSize({ values }: VirtualMachine): number {
  const boot = parseKeys('', bootKeys, values.get('boot') ?? '')
  const order = typeof boot === 'string' ? [] : splitList(boot.get('order') ?? '')
  const names = order.length === 0 ? [values.get('bootdisk') ?? ''] : order
  for (const name of names) {
    const text = isDrive(name) ? values.get(name) : undefined
    const drive = text === undefined ? null : parseDrive(name, text)
    if (drive !== null && !isCdrom(drive)) return parseSize(drive.get('size') ?? '') ?? 0
  }
  return 0
}

/** Which kernel runs and which one the next start takes: if they differ the host has to be rebooted. */
import type { Comparison, Lock, Look, Probe, Resource } from '../../engine/resource.ts'

/** proxmox-boot-tool(8): for the next start alone, and for every start. */
const pins = ['/etc/kernel/next-boot-pin', '/etc/kernel/proxmox-boot-pin']

/** Numbers are compared as numbers: 6.17.10 comes after 6.17.2. */
export function byRelease(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.match(/\d+|[a-z]+/g) ?? [])
  for (let index = 0; index < Math.max(left?.length ?? 0, right?.length ?? 0); index++) {
    const [one = '', other = ''] = [left?.[index], right?.[index]]
    const isNumber = /^\d/.test(one) && /^\d/.test(other)
    const difference = isNumber ? Number(one) - Number(other) : one < other ? -1 : one > other ? 1 : 0
    if (difference !== 0) return difference
  }
  return 0
}

export interface Kernels {
  readonly running: string | undefined
  /** Undefined where /boot says nothing, as in a machine whose kernel comes from outside. */
  readonly next: string | undefined
}

export const kernelsProbe: Probe<Kernels> = {
  id: 'kernels',
  async read({ reader }) {
    const [running, boot, ...pinned] = await Promise.all([
      reader.readFile('/proc/sys/kernel/osrelease'),
      reader.listDir('/boot'),
      ...pins.map((path) => reader.readFile(path)),
    ])
    const installed = (boot ?? []).flatMap((name) => /^vmlinuz-(.+)$/.exec(name)?.[1] ?? []).sort(byRelease)
    const pin = pinned.map((text) => text?.trim() ?? '').find((release) => installed.includes(release))
    return { running: running?.trim(), next: pin ?? installed.at(-1) }
  },
}

export class Kernel implements Resource {
  readonly id = 'kernel'
  readonly locks: readonly Lock[] = []

  async compare(look: Look): Promise<Comparison> {
    const { running, next } = await look.at(kernelsProbe)
    const isSame = running === undefined || next === undefined || running === next
    const reboot = isSame ? [] : [`kernel ${running} runs, and the next start takes ${next}`]
    return { changes: [], refusals: [], notes: [], live: { running: running ?? null, next: next ?? null }, reboot }
  }
}

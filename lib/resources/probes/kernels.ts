/** Which kernel runs, and which ones may boot next. */
import type { Probe } from '../../engine/resource.ts'

export interface Kernels {
  readonly running: string | undefined
  /**
   * What boots unless someone chooses otherwise: the pinned one, or the newest. Undefined where /boot says nothing, as
   * in a machine whose kernel comes from outside.
   */
  readonly next: string | undefined
  /** Every kernel in /boot, any of which can be chosen there; the newest first. */
  readonly installed: readonly string[]
}

/** proxmox-boot-tool keeps its pins there: the one of the next boot alone goes before the lasting one (proxmox-kernel-helper, functions). */
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

export const kernelsProbe: Probe<Kernels> = {
  id: 'kernels',
  async read({ reader }) {
    const [running, boot, ...pinned] = await Promise.all([
      reader.readFile('/proc/sys/kernel/osrelease'),
      reader.listDir('/boot'),
      ...pins.map((path) => reader.readFile(path)),
    ])
    const installed = (boot ?? [])
      .flatMap((name) => /^vmlinuz-(\d.*)$/.exec(name)?.[1] ?? [])
      .sort((one, other) => byRelease(other, one))
    const pin = pinned.map((text) => text?.trim() ?? '').find((release) => installed.includes(release))
    return { running: running?.trim() || undefined, next: pin ?? installed[0], installed }
  },
}

/** The kernel that runs, and those that may boot next. */
import { CannotLook } from '../../engine/cannot-look.ts'
import type { Probe } from '../../engine/resource.ts'
import type { Reader } from '../../host/host.ts'

export interface Kernels {
  readonly running: string
  /** What boots unless someone chooses otherwise: the pinned one, or the newest. */
  readonly next: string
  /** Every kernel in /boot, any of which can be chosen there; the newest first. */
  readonly installed: readonly string[]
}

/** As dpkg orders versions, near enough for kernels: numbers by value, all else as text. */
function compareVersions(one: string, other: string): number {
  const parts = (text: string): string[] => text.match(/\d+|\D+/g) ?? []
  const [left, right] = [parts(one), parts(other)]
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const [a = '', b = ''] = [left[at], right[at]]
    if (a === b) continue
    const numbers = /^\d/.test(a) && /^\d/.test(b)
    return numbers ? Number(a) - Number(b) : a < b ? -1 : 1
  }
  return 0
}

/** proxmox-boot-tool keeps its pins there: the one of the next boot alone goes before the lasting one (proxmox-kernel-helper, functions). */
async function pinned(reader: Reader, installed: readonly string[]): Promise<string | undefined> {
  for (const file of ['/etc/kernel/next-boot-pin', '/etc/kernel/proxmox-boot-pin']) {
    const version = ((await reader.readFile(file)) ?? '').trim()
    if (installed.includes(version)) return version
  }
  return undefined
}

export const kernelsProbe: Probe<Kernels> = {
  id: 'kernels',
  async read({ reader }) {
    const running = ((await reader.readFile('/proc/sys/kernel/osrelease')) ?? '').trim()
    const files = (await reader.listDir('/boot')) ?? []
    const installed = files
      .flatMap((name) => /^vmlinuz-(\d.*)$/.exec(name)?.[1] ?? [])
      .sort((one, other) => compareVersions(other, one))
    const next = (await pinned(reader, installed)) ?? installed[0]
    if (running === '' || next === undefined) {
      throw new CannotLook("can't tell which kernel boots next: there is no kernel in /boot", ['ls /boot', 'uname -r'])
    }
    return { running, next, installed }
  },
}

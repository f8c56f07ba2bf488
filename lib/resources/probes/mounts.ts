/** /proc/mounts, for what the host itself runs from. */
import { liesIn } from '../../config/dataset-mounts.ts'
import { CannotLook } from '../../engine/cannot-look.ts'
import type { Probe } from '../../engine/resource.ts'

export interface Mount {
  readonly source: string
  readonly at: string
  readonly type: string
  readonly options: readonly string[]
}

/** Blanks and tabs in names are written as octal (proc_pid_mounts(5)). */
const decodeOctal = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))

export const parseMounts = (text: string): Mount[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [source = '', at = '', type = '', options = ''] = line.split(' ').map(decodeOctal)
      return { source, at, type, options: options.split(',') }
    })

export const mountsProbe: Probe<readonly Mount[]> = {
  id: '/proc/mounts',
  async read({ reader }) {
    const text = await reader.readFile('/proc/mounts')
    if (text === undefined) throw new CannotLook("can't see what is mounted: there is no /proc/mounts", ['mount proc'])
    return parseMounts(text)
  },
}

/** The mount that really carries a path: the longest above it, and of several on one place the last, which hides the others. */
export function carrierOf(mounts: readonly Mount[], path: string): Mount | undefined {
  let carrier: Mount | undefined
  for (const mount of mounts) {
    if (liesIn(path, mount.at) && mount.at.length >= (carrier?.at.length ?? 0)) carrier = mount
  }
  return carrier
}

/** Paths of swap in use, from /proc/swaps: `lsblk` shows them too, but not those on files. */
export const swapsProbe: Probe<readonly string[]> = {
  id: '/proc/swaps',
  async read({ reader }) {
    const text = (await reader.readFile('/proc/swaps')) ?? ''
    return text
      .split('\n')
      .slice(1)
      .flatMap((line) => decodeOctal(line.split(/\s+/)[0] ?? '') || [])
  },
}

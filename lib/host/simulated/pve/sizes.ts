/** Sizes as Proxmox writes them: `4G`, `528K`. */
import type { Check } from './formats.ts'

const units: Readonly<Record<string, number>> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 }

/** Bytes; null when it isn't a size. Without a unit it is bytes. */
export function parseSize(text: string): number | null {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([KMGT])?(?:(?<=[KMGT])iB)?$/.exec(text) ?? []
  return number === undefined ? null : Math.trunc(Number(number) * (unit === undefined ? 1 : (units[unit] ?? 1)))
}

/** The largest unit that leaves no rest, so nothing is `0T` (pct.jsonl n=33). */
export function formatSize(bytes: number): string {
  let rest = bytes
  for (const unit of ['', 'K', 'M', 'G']) {
    if (rest % 1024 !== 0) return `${rest}${unit}`
    rest /= 1024
  }
  return `${rest}T`
}

export const diskSize: Check = (value) =>
  parseSize(value) === null ? `value does not look like a valid disk size: ${value}\n` : null

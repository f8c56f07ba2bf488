/** How ZFS reads and shows numbers (zfs_nicestrtonum in libzfs_util.c, zfs_nicenum in libzutil). */

const units = 'BKMGTPEZ'
const largest = 2n ** 64n - 1n

/** A number as ZFS takes it: `1g`, `1.5G`, `1GiB`, `131072`. */
export function parseSize(text: string): { ok: bigint } | { error: string } {
  const tooLarge = { error: 'numeric value is too large' }
  const shape = /^(\d*)(\.\d*)?(.*)$/s.exec(text)
  const [, whole = '', fraction, suffix = ''] = shape ?? []
  if (whole === '' && fraction === undefined) return { error: `bad numeric value '${text}'` }
  const shift = shiftOf(suffix)
  if (shift === null) return { error: `invalid numeric suffix '${suffix}'` }
  if (fraction === undefined) {
    const value = BigInt(whole) << BigInt(shift)
    return value > largest ? tooLarge : { ok: value }
  }
  const value = Number(`${whole === '' ? '0' : whole}${fraction}`) * 2 ** shift
  return value >= 2 ** 64 ? tooLarge : { ok: BigInt(Math.floor(value)) }
}

/** `K`, `KB` and `KiB` are the same; B alone is bytes. */
function shiftOf(suffix: string): number | null {
  if (suffix === '') return 0
  const upper = suffix.toUpperCase()
  const index = units.indexOf(upper.charAt(0))
  if (index < 0) return null
  const rest = upper.slice(1)
  if (rest === '' || (index > 0 && (rest === 'B' || rest === 'IB'))) return index * 10
  return null
}

/** At most five characters with the unit, exact when it divides evenly: `1G`, `53.2M`, `132K`. */
export function niceNumber(value: bigint, zeroUnit = ''): string {
  let index = 0
  for (let rest = value; rest >= 1024n && index < 6; rest /= 1024n) index++
  const unit = index === 0 ? zeroUnit : units.charAt(index)
  const divisor = 1024n ** BigInt(index)
  if (index === 0 || value % divisor === 0n) return `${value / divisor}${unit}`
  for (const digits of [2, 1, 0]) {
    const text = `${(Number(value) / Number(divisor)).toFixed(digits)}${unit}`
    if (text.length <= 5) return text
  }
  return `${value / divisor}${unit}`
}

/** The same for bytes: `0B`, `24K`. */
export const niceBytes = (value: bigint): string => niceNumber(value, 'B')

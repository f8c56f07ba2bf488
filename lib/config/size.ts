/**
 * Sizes as ZFS reads them (zfsprops(7): 10, 10K, 1.5G, 1GiB, 1g; powers of 1024, rounded down to whole bytes).
 * Seen: zfs.jsonl scene 84 takes 1GiB, 1g and 1.5G; scene 74 refuses 8X.
 */
const UNITS = 'BKMGTPEZ'

export function parseSize(text: string): number | undefined {
  const match = /^([0-9]+(?:\.[0-9]*)?|\.[0-9]+)([BKMGTPEZ]?)(i?B)?$/i.exec(text)
  if (match === null) return undefined
  const [, digits = '', unit = '', bytes = ''] = match
  // `B` takes nothing behind it, and only whole bytes exist.
  if (unit.toUpperCase() === 'B' && bytes !== '') return undefined
  if (unit === '' && /^i/i.test(bytes)) return undefined
  const power = unit === '' ? 0 : UNITS.indexOf(unit.toUpperCase())
  if (power === 0 && digits.includes('.')) return undefined
  return Math.floor(Number(digits) * 1024 ** power)
}

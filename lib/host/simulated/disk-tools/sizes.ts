/** Sizes as util-linux and gdisk print and read them. */

const units = ['B', 'K', 'M', 'G', 'T', 'P']

/** util-linux: `2G`, `1.5G`, `500M`; one decimal at most, rounded. */
export function humanSize(bytes: number): string {
  let exponent = 0
  while (exponent < units.length - 1 && bytes >= 1024 ** (exponent + 1)) exponent++
  const tenths = Math.round((bytes / 1024 ** exponent) * 10)
  const whole = tenths % 10 === 0 ? String(tenths / 10) : (tenths / 10).toFixed(1)
  return `${whole}${units[exponent] ?? ''}`
}

/** gdisk: `2.0 GiB`, `1024.0 KiB`: the next unit begins above 1024. */
export function gdiskSize(bytes: number): string {
  let exponent = 0
  while (exponent < units.length - 1 && bytes > 1024 ** (exponent + 1)) exponent++
  const value = bytes / 1024 ** exponent
  return exponent === 0 ? `${bytes} bytes` : `${value.toFixed(1)} ${units[exponent] ?? ''}iB`
}

/** `500M`, `2G`, `1024`: powers of 1024, bytes when there is no unit. */
export function parseBytes(text: string): number | null {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)([KMGTP]?)(?:i?B)?$/i.exec(text) ?? []
  return digits === undefined
    ? null
    : Math.floor(Number(digits) * 1024 ** Math.max(0, units.indexOf((unit || 'B').toUpperCase())))
}

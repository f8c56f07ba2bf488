/** Major and minor numbers, by which lsblk orders what it lists (Documentation/admin-guide/devices.txt). */
import type { BlockDevice } from '../devices.ts'

const majors: readonly [RegExp, number, number][] = [
  [/^sd/, 8, 16],
  [/^zd/, 230, 1],
  [/^vd/, 254, 16],
  [/^nvme/, 259, 16],
]

/** Letters count in base 26: a is 0, z is 25, aa is 26. */
function unitOf(kname: string): number {
  const letters = /^(?:sd|vd)([a-z]+)/.exec(kname)?.[1]
  if (letters !== undefined) return [...letters].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 96, 0) - 1
  return Number(/^(?:zd|nvme)(\d+)/.exec(kname)?.[1] ?? 0)
}

export function deviceNumber(device: BlockDevice): { major: number; minor: number } {
  const [, major = 0, step = 1] = majors.find(([pattern]) => pattern.test(device.kname)) ?? []
  return { major, minor: unitOf(device.kname) * step + (device.partition?.number ?? 0) }
}

/** Of the disk that a partition lies on, as `MAJOR:MINOR`. */
export function diskNumber(device: BlockDevice): string {
  const { major, minor } = deviceNumber(device)
  return `${major}:${minor - (device.partition?.number ?? 0)}`
}

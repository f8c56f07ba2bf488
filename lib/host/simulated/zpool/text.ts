/** Small forms of text that zpool's answers share. Times are UTC, as the recordings are. */
import { niceBytes, niceNumber } from '../zfs/sizes.ts'

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const two = (value: number): string => String(value).padStart(2, '0')

/** As ctime(3), without its line feed: `Sat Nov 21 06:48:20 2026`. */
export function ctime(seconds: number): string {
  const date = new Date(seconds * 1000)
  const day = String(date.getUTCDate()).padStart(2)
  return `${days[date.getUTCDay()]} ${months[date.getUTCMonth()]} ${day} ${clock(date)} ${date.getUTCFullYear()}`
}

/** As zpool history prints it: `2026-11-21.06:52:34`. */
export function historyTime(seconds: number): string {
  const date = new Date(seconds * 1000)
  return `${date.getUTCFullYear()}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}.${clock(date)}`
}

const clock = (date: Date): string =>
  `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`

/** Numbers as people read them (`1.88G`), or exact with -p. */
export const figure = (value: number, exact: boolean): string => (exact ? String(value) : niceNumber(BigInt(value)))
/** The same where zero is `0B`. */
export const bytes = (value: number): string => niceBytes(BigInt(value))

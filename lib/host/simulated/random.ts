/** Random numbers of the simulated host: drawn from a seed in its state, so that the same calls give the same numbers. */
import type { SimState } from './model.ts'

/** 32 random bits (mulberry32). */
function next32(state: SimState): number {
  state.random = (state.random + 0x6d2b79f5) >>> 0
  let mixed = state.random
  mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
  return (mixed ^ (mixed >>> 14)) >>> 0
}

export function nextHex(state: SimState, digits: number): string {
  let text = ''
  while (text.length < digits) text += next32(state).toString(16).padStart(8, '0')
  return text.slice(0, digits)
}

/** A pool's or vdev's GUID: decimal, 64 bit, always above 2^53 so that code which rounds it is found out. */
export function nextGuid(state: SimState): string {
  return ((BigInt(next32(state)) << 32n) | BigInt(next32(state)) | (1n << 60n)).toString()
}

/** A version 4 UUID. */
export function nextUuid(state: SimState): string {
  const hex = nextHex(state, 32)
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 3) | 8).toString(16)
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20),
  ].join('-')
}

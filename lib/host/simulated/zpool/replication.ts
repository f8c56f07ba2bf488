/** Whether new vdevs are as redundant as each other and as the pool they join (get_replication and check_replication in zpool_vdev.c). */
import { findDevice } from '../devices.ts'
import type { Pool, SimState, Vdev } from '../model.ts'
import type { Specification } from './specification.ts'
import { isLeaf, kernelType, parity, topLevels } from './tree.ts'

interface Level {
  readonly type: string
  readonly children: number
  readonly parity: number
}

/** A top-level vdev, there or to be: the sizes of its members, null where a size can't be told. */
interface Top {
  readonly level: Level
  readonly sizes: readonly (number | null)[]
}

/** Sizes may differ by this much before it is a fault. */
const fuzz = 16 * 1024 * 1024

/** Lines of complaint; empty when all is well. */
export function replicationFaults(state: SimState, pool: Pool | null, specification: Specification): string[] {
  const current = pool === null ? null : levelOf(topsOf(state, pool))
  // A pool that is already mixed may be mixed further.
  if (current !== null && (current.faults.length > 0 || current.level === null)) return []
  const made = levelOf(
    specification.tops
      .filter((top) => top.place !== 'logs')
      .map((top) => ({
        level: levelOfType(top.type, top.members.length),
        sizes: top.members.map((member) => member.device.size),
      })),
  )
  if (made.faults.length > 0 || made.level === null || current?.level == null) return made.faults
  const fault = faultAgainstPool(current.level, made.level)
  return fault === null ? [] : [fault]
}

const levelOfType = (type: string, members: number): Level =>
  type.startsWith('raidz')
    ? { type: 'raidz', children: members, parity: Number(type.slice(5)) }
    : { type, children: type === 'disk' ? 1 : members, parity: 0 }

function topsOf(state: SimState, pool: Pool): Top[] {
  const first = (vdev: Vdev): Vdev => (isLeaf(vdev) ? vdev : first(vdev.children[0] ?? vdev))
  return topLevels(pool)
    .filter((top) => !pool.logs.includes(top))
    .map((top) => ({
      level: { type: kernelType(top), children: Math.max(top.children.length, 1), parity: parity(top) },
      sizes: top.children.map((child) => {
        const path = first(child).path
        return path === null ? null : (findDevice(state, path)?.size ?? null)
      }),
    }))
}

function levelOf(tops: readonly Top[]): { level: Level | null; faults: string[] } {
  const faults: string[] = []
  let last: Level | null = null
  for (const { level, sizes } of tops) {
    const known = sizes.filter((size) => size !== null)
    if (
      level.type !== 'disk' &&
      known.some((size, index) => index > 0 && Math.abs(size - (known[index - 1] ?? size)) > fuzz)
    ) {
      faults.push(`${level.type} contains devices of different sizes`)
    }
    const fault = last === null ? null : faultBetween(last, level)
    if (fault !== null) faults.push(fault)
    last = level
  }
  return { level: last, faults }
}

/** The raidz and the mirror of two levels, if they are one of each: then only the number of failures they stand counts. */
function raidzAndMirror(a: Level, b: Level): { raidz: Level; mirror: Level } | null {
  if (a.type === 'raidz' && b.type === 'mirror') return { raidz: a, mirror: b }
  return a.type === 'mirror' && b.type === 'raidz' ? { raidz: b, mirror: a } : null
}

const stands = ({ raidz, mirror }: { raidz: Level; mirror: Level }): string =>
  `${raidz.parity} vs. ${mirror.children - 1} (${mirror.children}-way)`

function faultBetween(a: Level, b: Level): string | null {
  const start = 'mismatched replication level: '
  const pair = raidzAndMirror(a, b)
  if (pair !== null) {
    if (pair.raidz.parity === pair.mirror.children - 1) return null
    return `${start}raidz and mirror vdevs with different redundancy, ${stands(pair)} are present`
  }
  if (a.type !== b.type) return `${start}both ${a.type} and ${b.type} vdevs are present`
  if (a.parity !== b.parity) return `${start}both ${a.parity} and ${b.parity} device parity ${b.type} vdevs are present`
  if (a.children !== b.children) {
    return `${start}both ${a.children}-way and ${b.children}-way ${b.type} vdevs are present`
  }
  return null
}

function faultAgainstPool(pool: Level, made: Level): string | null {
  const start = 'mismatched replication level: '
  const pair = raidzAndMirror(pool, made)
  if (pair !== null) {
    if (pair.raidz.parity === pair.mirror.children - 1) return null
    return `${start}pool and new vdev with different redundancy, raidz and mirror vdevs, ${stands(pair)}`
  }
  if (pool.type !== made.type) return `${start}pool uses ${pool.type} and new vdev is ${made.type}`
  if (pool.parity !== made.parity) {
    return `${start}pool uses ${pool.parity} device parity and new vdev uses ${made.parity}`
  }
  if (pool.children !== made.children) {
    return `${start}pool uses ${pool.children}-way ${pool.type} and new vdev uses ${made.children}-way ${made.type}`
  }
  return null
}

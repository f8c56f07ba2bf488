/** The declared disks of a pool that is to be made: every one looked at, and why it can't be taken. */
import type { DeclaredPool } from '../../config/zfs.ts'
import type { Look, Refusal } from '../../engine/resource.ts'
import { type Content, contentsOf } from '../disk/content.ts'
import { type Found, findDeclared } from '../disk/identity.ts'
import { hindrances } from '../disk/use.ts'
import { declaredGroups } from './layout.ts'
import { replicationFaults } from './replication.ts'

export interface DisksToTake {
  readonly refusals: readonly Refusal[]
  /** What is on each declared disk; empty when there are refusals. */
  readonly contents: readonly Content[]
}

const pathsOf = (pool: DeclaredPool): string[] => pool.vdevs.flatMap((vdev) => vdev.disks)

/** Declared disks that are one and the same device, here or in another pool of the config. */
export async function namedTwice(
  look: Look,
  pool: DeclaredPool,
  found: readonly Found[],
  all: readonly DeclaredPool[],
): Promise<string[]> {
  const owners = new Map<string, string>()
  const faults: string[] = []
  for (const disk of found) {
    const other = owners.get(disk.identity)
    if (other !== undefined) faults.push(`${disk.path} and ${other} are the same disk (${disk.identity})`)
    owners.set(disk.identity, disk.path)
  }
  for (const other of all.filter((one) => one.name !== pool.name)) {
    for (const disk of await Promise.all(pathsOf(other).map((path) => findDeclared(look, path)))) {
      const own = owners.get(disk.identity)
      if (own !== undefined) faults.push(`${own} is declared for pool ${other.name} too, there as ${disk.path}`)
    }
  }
  return faults
}

/** `ownPool` is the pool whose members are free to be taken, since it is destroyed first. */
export async function disksToTake(
  look: Look,
  id: string,
  pool: DeclaredPool,
  all: readonly DeclaredPool[],
  ownPool: string | null,
): Promise<DisksToTake> {
  const found = await Promise.all(pathsOf(pool).map((path) => findDeclared(look, path)))
  const refuse = (why: string, mend: readonly string[]): Refusal => ({ resource: id, why, fields: [], mend })
  const refusals: Refusal[] = []
  for (const disk of found) {
    for (const { why, mend } of await hindrances(look, disk, ownPool)) {
      refusals.push(refuse(`pool ${pool.name} can't be made: ${why}`, mend))
    }
  }
  for (const fault of await namedTwice(look, pool, found, all)) {
    refusals.push(refuse(`pool ${pool.name} can't be made: ${fault}`, ['name each disk once in the config']))
  }
  if (refusals.length === 0) {
    for (const fault of replicationFaults(await declaredGroups(look, pool.vdevs))) {
      refusals.push(
        refuse(`pool ${pool.name} can't be made: ${fault}; zpool create wants -f for that, which phx never uses`, [
          'declare vdevs that are alike, of disks of one size',
          `or make the pool by hand: zpool create -f ${pool.name} …; phx then takes it as it is`,
        ]),
      )
    }
  }
  if (refusals.length > 0) return { refusals, contents: [] }
  const present = found.flatMap(({ device, ...rest }) => (device ? [{ ...rest, device }] : []))
  return { refusals, contents: await contentsOf(look, present) }
}

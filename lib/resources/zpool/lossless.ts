/**
 * Ways from a live layout to the declared one that lose no data, as commands for a person: phx itself never takes them.
 * An answer is given only when it leads the whole way.
 */
import type { Argv } from '../../host/host.ts'
import { type Group, type LayoutDifference, type Member, overlap } from './layout.ts'

/** The name by which zpool knows a member; another alias of the same disk is "no such device in pool" (zfs.jsonl 56). */
export function liveName(member: Member): string {
  const { leaf } = member
  if (!leaf?.path || leaf.name === leaf.guid) return leaf?.name ?? member.path
  return leaf.wholeDisk ? `${leaf.path.slice(0, leaf.path.lastIndexOf('/') + 1)}${leaf.name}` : leaf.path
}

const paths = (members: readonly Member[]): string[] => members.map((member) => member.path)
const isRedundant = (group: Group): boolean => group.type === 'mirror' || group.type === 'disk'

/** Commands that turn one vdev into another, or undefined when nothing does. */
function reshape(pool: string, declared: Group, live: Group): Argv[] | undefined {
  const { missing, surplus } = overlap(declared.members, live.members)
  const replaced = Math.min(missing.length, surplus.length)
  const replace = missing
    .slice(0, replaced)
    .map((member, index) => ['zpool', 'replace', pool, liveName(surplus[index] as Member), member.path])
  const [more, less] = [missing.slice(replaced), surplus.slice(replaced)]
  if (isRedundant(declared) && isRedundant(live)) {
    const anchor = live.members.find((member) => !surplus.includes(member)) ?? missing[0]
    if (!anchor) return undefined
    const attach = more.map((member) => [
      'zpool',
      'attach',
      pool,
      anchor.leaf ? liveName(anchor) : anchor.path,
      member.path,
    ])
    const detach = less.map((member) => ['zpool', 'detach', pool, liveName(member)])
    return [...replace, ...attach, ...detach]
  }
  // raidz grows by attach to the vdev itself since 2.3 (zfs.jsonl scene 57); it never shrinks, nor changes its parity.
  if (declared.type !== live.type || less.length > 0 || live.name === null) return undefined
  return [...replace, ...more.map((member) => ['zpool', 'attach', pool, live.name as string, member.path])]
}

/** Vdevs without data of the pool's own that would be lost with them: they come and go by `zpool add` and `zpool remove`. */
export const isAuxiliary = ({ role }: Group): boolean => role === 'log' || role === 'cache' || role === 'spare'

function addition(pool: string, group: Group): Argv {
  const role = group.role === 'data' ? [] : [group.role]
  const type = group.type === 'disk' ? [] : [group.type]
  return ['zpool', 'add', pool, ...role, ...type, ...paths(group.members)]
}

/** `remove` works for log, cache and spare anywhere, for others only where the pool has no raidz (zfs.jsonl scene 60). */
function removal(pool: string, group: Group, hasRaidz: boolean): Argv | undefined {
  const isData = group.role === 'data' || group.role === 'special' || group.role === 'dedup'
  if (isData && hasRaidz) return undefined
  const [only] = group.members
  const name = group.members.length === 1 && only ? liveName(only) : group.name
  return name === null ? undefined : ['zpool', 'remove', pool, name]
}

/** The pairs of vdevs that share most disks; what has no partner is to be added or removed. */
function pair(difference: LayoutDifference): { pairs: [Group, Group][]; added: Group[]; removed: Group[] } {
  const removed = [...difference.live]
  const pairs: [Group, Group][] = []
  const added = difference.declared.filter((group) => {
    const scores = removed.map((other) =>
      other.role === group.role ? overlap(group.members, other.members).common.length : 0,
    )
    const best = Math.max(0, ...scores)
    if (best === 0) return true
    const [live] = removed.splice(scores.indexOf(best), 1)
    if (live) pairs.push([group, live])
    return false
  })
  return { pairs, added, removed }
}

export function losslessCommands(pool: string, difference: LayoutDifference, live: readonly Group[]): Argv[] {
  // Nothing can be attached or added that isn't there.
  const isThere = difference.declared.every((group) => group.members.every((member) => member.device !== undefined))
  if (!isThere) return []
  const hasRaidz = live.some((group) => group.type.startsWith('raidz'))
  const { pairs, added, removed } = pair(difference)
  // Disks that replace each other one for one, with none in common: still one vdev turned into another.
  for (const group of [...added]) {
    const other = removed.find((one) => one.role === group.role && one.type === group.type)
    if (!other || group.role === 'cache' || group.role === 'spare') continue
    pairs.push([group, other])
    added.splice(added.indexOf(group), 1)
    removed.splice(removed.indexOf(other), 1)
  }
  const remove = (group: Group): Argv[] | undefined => {
    const argv = removal(pool, group, hasRaidz)
    return argv && [argv]
  }
  // First what carries no data: its disks may then serve elsewhere in the pool.
  const ways = [
    ...pairs.map(([declared, now]) => reshape(pool, declared, now)),
    ...removed.filter(isAuxiliary).map(remove),
    ...added.map((group) => [addition(pool, group)]),
    ...removed.filter((group) => !isAuxiliary(group)).map(remove),
  ]
  const carrying = removed.filter((group) => !isAuxiliary(group))
  const inUse = new Set(carrying.flatMap((group) => group.members.map((member) => member.identity)))
  const crossed = added.some((group) => group.members.some((member) => inUse.has(member.identity)))
  return crossed || ways.some((way) => way === undefined) ? [] : ways.flatMap((way) => way ?? [])
}

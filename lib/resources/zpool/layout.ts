/**
 * The shape of a pool, declared against live: which disks, known by who they are, in which vdevs, in which roles.
 * Order never matters, nor do paths.
 */
import type { DeclaredVdev } from '../../config/zfs.ts'
import type { FieldChange, Look, Value } from '../../engine/resource.ts'
import { type Found, findDeclared, findMember } from '../disk/identity.ts'
import type { Leaf, Role, Vdev } from '../probes/pools.ts'

/** One disk of a vdev, from either side. */
export interface Member extends Found {
  /** The pool's own record, for a live one. */
  readonly leaf: Leaf | null
  /** While this disk is taking over from another, that one: declared may be either. */
  readonly replaces: string | null
}

export interface Group {
  readonly role: Role
  readonly type: string
  /** `mirror-0` for a live vdev. */
  readonly name: string | null
  readonly members: readonly Member[]
}

export async function declaredGroups(look: Look, vdevs: readonly DeclaredVdev[]): Promise<Group[]> {
  const groups = vdevs.map(async ({ role, type, disks }): Promise<Group[]> => {
    const members = await Promise.all(
      disks.map(async (path): Promise<Member> => ({ ...(await findDeclared(look, path)), leaf: null, replaces: null })),
    )
    // Several disks outside a mirror or raidz are as many vdevs of one disk.
    if (type === 'disk') return members.map((member) => ({ role, type, name: null, members: [member] }))
    return [{ role, type, name: null, members }]
  })
  return (await Promise.all(groups)).flat()
}

export function liveGroups(look: Look, vdevs: readonly Vdev[]): Promise<Group[]> {
  const member = async (leaf: Leaf): Promise<Member> => ({
    ...(await findMember(look, leaf)),
    leaf,
    replaces: leaf.replaces ? (await findMember(look, leaf.replaces)).identity : null,
  })
  return Promise.all(
    vdevs.map(async ({ role, type, name, leaves }): Promise<Group> => {
      return { role, type, name, members: await Promise.all(leaves.map(member)) }
    }),
  )
}

export const isOpen = (member: Member): boolean =>
  member.leaf === null || ['ONLINE', 'DEGRADED', 'AVAIL', 'INUSE'].includes(member.leaf.state)

const isSame = (declared: Member, live: Member): boolean =>
  declared.identity === live.identity || declared.identity === live.replaces

/** Members of two vdevs told apart: those on both sides, and what is left on each. */
export function overlap(declared: readonly Member[], live: readonly Member[]) {
  const common = declared.filter((one) => live.some((other) => isSame(one, other)))
  const missing = declared.filter((one) => !common.includes(one))
  const surplus = live.filter((one) => !declared.some((other) => isSame(other, one)))
  return { common, missing, surplus }
}

/**
 * True when both are the same vdev. A declared disk that isn't there and a member that isn't there either can't be told
 * apart once their names differ (a pulled disk has no serial to read): they are taken for one, and the pool for degraded.
 */
function isSameGroup(declared: Group, live: Group): boolean {
  if (declared.role !== live.role || declared.type !== live.type) return false
  if (declared.members.length !== live.members.length) return false
  const { missing, surplus } = overlap(declared.members, live.members)
  return (
    missing.length === surplus.length &&
    missing.every((member) => member.device === undefined) &&
    surplus.every((member) => member.device === undefined && !isOpen(member))
  )
}

export interface LayoutDifference {
  /** Vdevs without a counterpart on the other side. */
  readonly declared: readonly Group[]
  readonly live: readonly Group[]
}

export function compareLayout(declared: readonly Group[], live: readonly Group[]): LayoutDifference {
  const left = [...live]
  const unmatched = declared.filter((group) => {
    const same = left.findIndex((other) => isSameGroup(group, other))
    if (same !== -1) left.splice(same, 1)
    return same === -1
  })
  return { declared: unmatched, live: left }
}

const memberText = (member: Member): string => {
  const serial = member.device?.serial ?? member.device?.parent?.serial ?? member.device?.wwn
  const base = member.path.slice(member.path.lastIndexOf('/') + 1)
  const state = isOpen(member) ? '' : ` ${member.leaf?.state}`
  return member.device
    ? `${base}${serial && !base.includes(serial) ? ` [${serial}]` : ''}${state}`
    : `${base} [not there]${state}`
}

/** `mirror: nvme-A nvme-B`, for a person. */
export const groupText = (group: Group): string => `${group.type}: ${group.members.map(memberText).join(' ')}`

const roles: readonly Role[] = ['data', 'special', 'dedup', 'log', 'cache', 'spare']

/** The table of declared against live, one row for each role that differs. */
export function layoutFields(declared: readonly Group[], live: readonly Group[]): FieldChange[] {
  const difference = compareLayout(declared, live)
  const texts = (groups: readonly Group[], role: Role): string[] =>
    groups.filter((group) => group.role === role).map(groupText)
  return roles
    .filter((role) => [...difference.declared, ...difference.live].some((group) => group.role === role))
    .map((role) => ({ field: `${role} vdevs`, from: texts(live, role), to: texts(declared, role) }))
}

/** The shape as plain data that is the same for the same pool, whatever the order and the paths. */
export function layoutValue(groups: readonly Group[]): Value {
  const texts = groups.map(({ role, type, members }) => {
    const identities = members.map((member) => member.identity).sort()
    return `${role} ${type} ${identities.join(' ')}`
  })
  return texts.sort()
}

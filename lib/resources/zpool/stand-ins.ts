/** A pool that is whole again with another disk in place of a declared one that is gone: a spare that stayed, most often. */
import type { Refusal } from '../../engine/resource.ts'
import { type Group, isOpen, type LayoutDifference, type Member, overlap } from './layout.ts'
import { liveName } from './lossless.ts'

interface StandIn {
  readonly gone: Member
  readonly by: Member
}

/** What replaced what in one vdev that keeps at least one declared disk; undefined when that isn't how they differ. */
function replacedIn(declared: Group, live: Group): StandIn[] | undefined {
  if (declared.role !== live.role || declared.type !== live.type) return undefined
  const { common, missing, surplus } = overlap(declared.members, live.members)
  if (common.length === 0 || missing.length !== surplus.length) return undefined
  if (missing.some((member) => member.device !== undefined) || !surplus.every(isOpen)) return undefined
  return missing.map((gone, index) => ({ gone, by: surplus[index] as Member }))
}

/** Undefined unless stand-ins are all that differs: a spare that became a member is a spare no more. */
function standIns({ declared, live }: LayoutDifference): StandIn[] | undefined {
  const left = [...live]
  const found: StandIn[] = []
  const rest = declared.filter((group) => {
    const index = left.findIndex((other) => replacedIn(group, other) !== undefined)
    const [other] = index === -1 ? [] : left.splice(index, 1)
    if (other) found.push(...(replacedIn(group, other) ?? []))
    return !other
  })
  const isNowMember = ({ role, members }: Group): boolean =>
    role === 'spare' && members.every(({ identity }) => found.some(({ by }) => by.identity === identity))
  return found.length > 0 && left.length === 0 && rest.every(isNowMember) ? found : undefined
}

export function refuseStandIns(id: string, pool: string, difference: LayoutDifference): Refusal | undefined {
  const found = standIns(difference)
  if (!found) return undefined
  const isSpare = ({ by }: StandIn): boolean =>
    difference.declared.some(({ role, members }) => role === 'spare' && members[0]?.identity === by.identity)
  return {
    resource: id,
    why: `pool ${pool} runs with ${found.map(({ by, gone }) => `${by.path} in place of ${gone.path}`).join(', ')}, which is not there`,
    fields: [],
    mend: [
      ...found.map(
        (one) =>
          `declare what is there: ${one.by.path} instead of ${one.gone.path}${isSpare(one) ? ', and no longer among the spares' : ''}`,
      ),
      ...found.map(
        ({ by, gone }) =>
          `or connect the old disk and put it back by hand: zpool replace ${pool} ${liveName(by)} ${gone.path}`,
      ),
    ],
  }
}

/** Which rules ufw lacks, has too many or has in the wrong order: plain data in, plain data out. */

import type { FirewallRule } from '../../config/firewall.ts'
import { type Family, familyOf } from '../../config/firewall-address.ts'
import type { UfwRule, UfwState } from '../probes/ufw.ts'
import { type Sieve, sievesOf } from './lockout.ts'
import { commentOf, isOurs } from './mark.ts'
import { fieldsOf, nameOf, nameOfLive } from './ufw-command.ts'
import { inWords } from './words.ts'

export interface UfwPlan {
  /** To be added, in this order; `instead` is phx's own rule for the same packets, which ufw replaces. */
  readonly add: readonly { readonly rule: FirewallRule; readonly instead: UfwRule | null }[]
  /** To be taken out and added again, so that they stand behind the ones before them. */
  readonly move: readonly { readonly rule: FirewallRule; readonly live: UfwRule }[]
  /** phx's rules that nothing declares any more; one entry stands for both families. */
  readonly remove: readonly UfwRule[]
  /** Rules of others that say something else about the same packets: ufw keeps one of the two. */
  readonly rivals: readonly { readonly rule: FirewallRule; readonly live: UfwRule }[]
  /** What ufw has no words for, one sentence each. */
  readonly unsayable: readonly string[]
}

/** ufw knows these and no others (ufw 0.36.2, util.py, supported_protocols); igmp has no IPv6. */
const protocols = ['tcp', 'udp', 'ah', 'esp', 'gre', 'igmp', 'vrrp']

export function familiesOf(rule: FirewallRule, ipv6: boolean): readonly Family[] {
  const address = rule.source ?? rule.dest
  const families: readonly Family[] = address !== null ? [familyOf(address)] : rule.protocol === 'igmp' ? [4] : [4, 6]
  return families.filter((family) => family === 4 || ipv6)
}

function unsayable(rule: FirewallRule, ipv6: boolean): string | undefined {
  const what = `"${rule.purpose}" (${inWords(rule)})`
  if (rule.protocol !== null && !protocols.includes(rule.protocol)) {
    return `ufw has no rules for ${rule.protocol}, so ${what} can't be made; what ping needs is let in by /etc/ufw/before.rules`
  }
  const [source, dest] = [rule.source, rule.dest]
  if (source !== null && dest !== null && familyOf(source) !== familyOf(dest)) return `${what} mixes IPv4 and IPv6`
  if (familiesOf(rule, ipv6).length === 0) return `${what} is for IPv6, and /etc/default/ufw says IPV6=no`
  return undefined
}

export function planUfw(wanted: readonly FirewallRule[], ufw: UfwState): UfwPlan {
  const sayable = wanted.filter((rule) => unsayable(rule, ufw.ipv6) === undefined)
  const live = new Map(ufw.rules.map((rule) => [keyOfLive(rule), rule]))
  const claimed = new Set<string>()
  const ours: Ours[] = []
  const rivals: { rule: FirewallRule; live: UfwRule }[] = []
  for (const rule of sayable) {
    // `from any` and `from 0.0.0.0/0` are one rule to ufw: the first of them stands.
    const free = familiesOf(rule, ufw.ipv6).filter((family) => !claimed.has(keyOf(nameOf(rule), family)))
    for (const family of free) claimed.add(keyOf(nameOf(rule), family))
    const byFamily = new Map(free.map((family) => [family, live.get(keyOf(nameOf(rule), family)) ?? null]))
    const found = [...byFamily.values()]
    const others = found.flatMap((one) => (one !== null && !isOurs(one.comment) ? [one] : []))
    const rival = others.find((one) => one.action !== rule.action)
    if (rival) rivals.push({ rule, live: rival })
    // An admin's own rule that says the same does as well, and stays the admin's.
    if (others.length > 0 || free.length === 0) continue
    const isThere = found.every((one) => one?.action === rule.action && one.comment === commentOf(rule))
    ours.push({ rule, byFamily, live: found.find((one) => one !== null) ?? null, isThere })
  }
  const misplaced = firstMisplaced(ours, ufw)
  const late = ours.slice(misplaced)
  return {
    add: [...ours.slice(0, misplaced).filter((one) => !one.isThere), ...late.filter((one) => one.live === null)].map(
      (one) => ({ rule: one.rule, instead: one.live }),
    ),
    move: late.flatMap(({ rule, live: standing }) => (standing === null ? [] : [{ rule, live: standing }])),
    remove: onceForBothFamilies(ufw.rules.filter((rule) => isOurs(rule.comment) && !claimed.has(keyOfLive(rule)))),
    rivals,
    unsayable: wanted.flatMap((rule) => unsayable(rule, ufw.ipv6) ?? []),
  }
}

/** A wanted rule, and what ufw has of it in each family that it is for. */
interface Ours {
  readonly rule: FirewallRule
  readonly byFamily: ReadonlyMap<Family, UfwRule | null>
  readonly live: UfwRule | null
  readonly isThere: boolean
}

const keyOf = (name: string, family: Family): string => `${family} ${name}`

/** A rule that phx can't name has a key that no wanted one has. */
const keyOfLive = (rule: UfwRule): string => keyOf(nameOfLive(rule) ?? JSON.stringify(rule), rule.family)

/**
 * Where phx's rules stop being in their order: ufw appends, and the first match decides. As long as all of them say
 * the same, the order means nothing. Each family has an order of its own.
 */
function firstMisplaced(ours: readonly Ours[], ufw: UfwState): number {
  if (new Set(ours.map(({ rule }) => rule.action)).size < 2) return ours.length
  const place = (rule: UfwRule | null): number => (rule === null ? Number.POSITIVE_INFINITY : ufw.rules.indexOf(rule))
  const index = ours.findIndex(({ byFamily }, at) =>
    [...byFamily].some(([family, live]) =>
      ours.slice(at + 1).some((later) => place(later.byFamily.get(family) ?? null) < place(live)),
    ),
  )
  return index < 0 ? ours.length : index
}

function onceForBothFamilies(rules: readonly UfwRule[]): UfwRule[] {
  const byText = new Map<string, UfwRule>()
  for (const rule of rules) {
    const name = nameOfLive(rule)
    if (name !== undefined) byText.set(`${rule.action} ${rule.log} ${name} ${rule.comment}`, rule)
  }
  return [...byText.values()]
}

/** What the kernel will ask once the plan is carried out, in its order. */
export function sievesAfter(ufw: UfwState, plan: UfwPlan): Sieve[] {
  // One that only gets another comment stays where it is.
  const news = plan.add.filter(({ rule, instead }) => rule.action !== instead?.action)
  const gone = new Set(
    [...plan.remove, ...plan.move.map(({ live }) => live), ...news.flatMap(({ instead }) => instead ?? [])].map(
      (rule) => `${nameOfLive(rule)} ${rule.comment}`,
    ),
  )
  const kept = ufw.rules.filter(
    (rule) => !rule.routed && rule.sourcePorts === 'any' && !gone.has(`${nameOfLive(rule)} ${rule.comment}`),
  )
  return [
    ...kept
      .filter((rule) => rule.direction === 'in')
      .map((rule) => ({
        ...fieldsOf(rule),
        family: rule.family,
        lets: rule.action === 'allow' || rule.action === 'limit',
        name: `${rule.action} ${inWords(fieldsOf(rule))}`,
      })),
    ...[...news, ...plan.move].flatMap(({ rule }) => sievesOf(rule, familiesOf(rule, ufw.ipv6))),
  ]
}

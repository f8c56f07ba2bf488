/** How phx calls ufw, and how its answers are read back: ufw's exit code is 0 for nearly everything (facts: ufw S32 to S38). */
import type { FirewallRule } from '../../config/firewall.ts'
import type { Step } from '../../engine/resource.ts'
import type { Argv, Reader } from '../../host/host.ts'
import { type PolicyName, readUfw, type UfwRule, type UfwState } from '../probes/ufw.ts'
import { commentOf } from './mark.ts'
import { inWords } from './words.ts'

const anywhere = ['0.0.0.0/0', '::/0', 'any']

/** A rule's words after the action, in the order in which `ufw show added` gives them. */
function clauses(rule: Omit<FirewallRule, 'action' | 'purpose'>): string[] {
  const { direction, protocol, ports, source, dest, interface: on } = rule
  return [
    ...(on !== null ? [direction, 'on', on] : direction === 'out' ? ['out'] : []),
    ...['from', source ?? 'any', 'to', dest ?? 'any'],
    ...(ports === null ? [] : ['port', ports]),
    ...(protocol === null ? [] : ['proto', protocol]),
  ]
}

export const addCommand = (rule: FirewallRule): Argv => [
  ...['ufw', rule.action, ...clauses(rule)],
  ...['comment', commentOf(rule)],
]

/** By its whole text, never by number, which may be another rule's by now; with a comment, only the rule that has it. */
export function deleteCommand(rule: UfwRule): Argv {
  const log = rule.log === '' ? [] : [rule.log]
  const words = clauses(fieldsOf(rule))
  const where = words.indexOf('from')
  return [
    ...['ufw', 'delete', rule.action, ...words.slice(0, where), ...log, ...words.slice(where)],
    ...(rule.comment === null ? [] : ['comment', rule.comment]),
  ]
}

/** A rule of ufw's files in the config's words. */
export function fieldsOf(rule: UfwRule): Omit<FirewallRule, 'action' | 'purpose'> {
  const given = (value: string): string | null => (anywhere.includes(value) ? null : value)
  return {
    direction: rule.direction,
    protocol: given(rule.protocol),
    ports: given(rule.ports),
    source: given(rule.source),
    dest: given(rule.dest),
    interface: /^(?:in|out)_(.+)$/.exec(rule.interfaces)?.[1] ?? null,
  }
}

/** What ufw tells rules apart by, but for their family: of two with the same name it keeps the later (seen: services.jsonl scene 33). */
export function nameOf(rule: Omit<FirewallRule, 'action' | 'purpose'>): string {
  const given = (address: string | null): string | null =>
    address !== null && anywhere.includes(address) ? null : address
  return inWords({ ...rule, source: given(rule.source), dest: given(rule.dest) })
}

/** Undefined for what phx never makes: rules of application profiles, for routed packets, with source ports. */
export function nameOfLive(rule: UfwRule): string | undefined {
  return rule.routed || rule.isOfApp || rule.sourcePorts !== 'any' ? undefined : nameOf(fieldsOf(rule))
}

/** A step that reads ufw's files anew. `why` says what is not so, or undefined. */
export function readBack(what: string, why: (ufw: UfwState) => string | undefined): Step {
  return {
    kind: 'verify',
    what,
    mend: ['ufw show added', 'ufw status verbose'],
    async check(reader: Reader) {
      const ufw = await readUfw(reader)
      return ufw === null ? 'ufw is not installed' : why(ufw)
    },
  }
}

const words = { ACCEPT: 'allow', DROP: 'deny', REJECT: 'reject' } as const
const traffic: Readonly<Record<PolicyName, string>> = { input: 'incoming', output: 'outgoing', forward: 'routed' }

export const defaultCommand = (direction: PolicyName, policy: keyof typeof words): Argv => [
  ...['ufw', 'default', words[policy]],
  traffic[direction],
]

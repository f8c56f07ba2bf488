/** Rules in words, for plans and errors. */
import type { FirewallRule } from '../../config/firewall.ts'

/** `in 2049/tcp from 10.0.0.0/24`: also the rule's name, so everything that makes two rules different is in it. */
export function inWords(rule: Omit<FirewallRule, 'action' | 'purpose'>): string {
  const { direction, protocol, ports, source, dest, interface: on } = rule
  const what = ports === null ? (protocol ?? 'everything') : `${ports}/${protocol ?? 'any'}`
  return [
    direction,
    what,
    ...(source === null ? [] : [`from ${source}`]),
    ...(dest === null ? [] : [`to ${dest}`]),
    ...(on === null ? [] : [`on ${on}`]),
  ].join(' ')
}

/** Addresses and firewall rules. */
import { type AddressFault, addressFault, networkFault } from '../addresses.ts'
import { canonicalAddress, familyOf } from '../firewall-address.ts'
import type { Finding } from '../problem.ts'
import { atKey, error, type Rule, type Spot, warning } from '../spot.ts'

export const addressesAreReal: Rule = function* (config) {
  const network = config.get('network')
  const interfaces = network.get('interfaces').itemsOrSelf()
  const guests = [
    ...config
      .get('guests', 'vms')
      .items()
      .map((vm) => vm.get('network_config')),
    ...config
      .get('guests', 'lxc_configs')
      .fields()
      .flatMap(([, lxc]) => [lxc.get('network_config'), lxc.get('secondary_network_config')]),
  ]
  const cards = [
    ...interfaces.map((one) => ({ ip: one.get('address'), gateway: one.get('gateway') })),
    ...guests.map((one) => ({ ip: one.get('ip'), gateway: one.get('gw') })),
  ]
  for (const { ip, gateway } of cards) {
    if (ip.text !== undefined && ip.text !== 'dhcp') yield* faultFindings(ip, networkFault(ip.text, 'interface'))
    if (gateway.text !== undefined) yield* faultFindings(gateway, addressFault(gateway.text))
  }
  const subnet = network.get('default_subnet')
  if (subnet.text !== undefined) yield* faultFindings(subnet, networkFault(subnet.text, 'network'))
  const single = [network.get('nfs_server'), ...guests.map((one) => one.get('nameserver'))]
  const listed = [
    ...interfaces.map((one) => one.get('dns_nameservers')),
    ...guests.map((one) => one.get('nameservers')),
    config.get('guests', 'vm_defaults', 'nameservers'),
  ]
  for (const spot of [...single, ...listed.flatMap((list) => list.itemsOrSelf())]) {
    for (const address of (spot.text ?? '').split(/[\s,]+/)) {
      if (address !== '') yield* faultFindings(spot, addressFault(address))
    }
  }
}

function* faultFindings(spot: Spot, fault: AddressFault | undefined): Generator<Finding> {
  if (fault === undefined) return
  const mend = fault.meant === undefined ? 'see its digits' : `write ${fault.meant}`
  yield { ...error(spot, fault.message, mend, fault.meant), severity: fault.severity }
}

export const firewallIsSound: Rule = function* (config) {
  const here = config.get('firewall')
  const old = config.get('shared_volumes', 'firewall')
  if (here.isPresent && old.isPresent) {
    yield atKey(error(old, 'the firewall is declared twice', 'keep the one at the top and remove this one'))
  }
  for (const firewall of [here, old]) {
    const rules = firewall.get('global_firewall_rules')
    if (firewall.get('enabled').value === true && (firewall.get('backend').text ?? 'none') === 'none') {
      yield warning(
        firewall.get('enabled'),
        'no backend is named, so no firewall is switched on',
        'add "backend": "ufw" or "pve-firewall"',
      )
    }
    yield* ruleFindings(rules)
    for (const rule of rules.items()) yield* backendFindings(rule, firewall.get('backend').text ?? 'none')
  }
  const guests = [
    ...config.get('guests', 'vms').items(),
    ...config
      .get('guests', 'lxc_configs')
      .fields()
      .map(([, lxc]) => lxc),
  ]
  for (const guest of guests) {
    const rules = guest.get('firewall', 'rules')
    yield* ruleFindings(rules)
    for (const rule of rules.items()) yield* cardFindings(rule.get('iface'))
  }
}

/** A guest's rules know its network cards, and nothing of the host's (PVE::Firewall, verify_rule). */
function* cardFindings(card: Spot): Generator<Finding> {
  if (card.text === undefined || /^net(?:\d|[12]\d|3[01])$/.test(card.text)) return
  yield error(card, `${card.text} is no network card of a guest`, 'name its card: net0, net1', 'net0')
}

function* ruleFindings(rules: Spot): Generator<Finding> {
  const seen = new Set<string>()
  for (const rule of rules.items()) {
    const port = rule.get('port')
    const proto = rule.get('proto').text
    if (port.text !== undefined && proto !== 'tcp' && proto !== 'udp') {
      yield error(
        port,
        'a port belongs to tcp or udp',
        'add "proto": "tcp" (and the same rule for udp if both are meant)',
      )
    }
    yield* placeFindings(rule)
    const high = (port.text?.match(/[0-9]+/g) ?? []).find((number) => Number(number) > 65535 || Number(number) === 0)
    if (high !== undefined) yield error(port, `${high} is no port`, 'ports go from 1 to 65535')
    yield* portFindings(port)
    const meaning = rule
      .fields()
      .filter(([name]) => name !== 'comment')
      .map(([name, spot]) => `${name}=${String(spot.value)}`)
      .sort()
      .join(' ')
    if (seen.has(meaning)) yield warning(rule, 'this rule is there twice', 'keep one')
    seen.add(meaning)
  }
}

/** What neither iptables nor ufw takes: their list has 15 places, of which a range has two. */
function* portFindings(port: Spot): Generator<Finding> {
  const parts = (port.text ?? '').split(',').map((part) => part.split(':'))
  const backwards = parts.find(([from, to]) => to !== undefined && Number(from) >= Number(to))
  if (backwards) yield error(port, `${backwards.join(':')} is no range of ports`, 'the lower one comes first')
  if (parts.flat().length > 15) yield error(port, 'more than 15 ports, of which a range is two', 'make several rules')
}

/** What Proxmox VE takes instead of addresses: an alias, a set of addresses, a range. */
const PVE_NAME = /^(?:(?:dc|guest)\/)?[A-Za-z][A-Za-z0-9_-]+$/
const PVE_SET = /^\+(?:(?:dc|guest|sdn)\/)?[A-Za-z][A-Za-z0-9_.-]+$/
const RANGE = /^([0-9.]+)-([0-9.]+)$/

function* placeFindings(rule: Spot): Generator<Finding> {
  const families = new Set<number>()
  for (const place of [rule.get('source'), rule.get('dest')]) {
    for (const part of (place.text ?? '').split(',')) {
      if (part === '') continue
      const address = canonicalAddress(part)
      if (address !== undefined) {
        families.add(familyOf(address))
        yield* faultFindings(place, networkFault(part, 'network'))
      } else if (/^(?:null|none|any|undefined)$/i.test(part)) {
        // Literal `null` addresses were written out by the scripts of old, and every rule after them failed.
        yield error(place, `${part} is no address`, 'for any address leave the field out')
      } else if (RANGE.test(part)) {
        const ends = part.split('-')
        for (const end of ends) yield* faultFindings(place, addressFault(end))
        const [from = 0, to = 0] = ends.map(numberOf)
        if (from > to) yield error(place, `${part} is no range of addresses`, 'the lower one comes first')
      } else if (/^[0-9.:/]+$/.test(part) || !(PVE_NAME.test(part) || PVE_SET.test(part))) {
        yield* faultFindings(place, networkFault(part, 'network') ?? bad(part))
      }
    }
  }
  if (families.size > 1) {
    yield error(rule, 'the rule mixes IPv4 and IPv6 addresses', 'make one rule for each of the two')
  }
}

const numberOf = (address: string): number => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)

const bad = (text: string): AddressFault => ({ severity: 'error', message: `${text} is no address or network` })

/** What the declared backend has no words for. */
function* backendFindings(rule: Spot, backend: string): Generator<Finding> {
  if (backend !== 'ufw') return
  const proto = rule.get('proto')
  if (proto.text === 'icmp' || proto.text === 'icmpv6') {
    yield error(
      proto,
      `ufw has no rules for ${proto.text}`,
      'remove the rule: /etc/ufw/before.rules lets in what ping needs',
    )
  }
  for (const place of [rule.get('source'), rule.get('dest')]) {
    const name = (place.text ?? '').split(',').find((part) => canonicalAddress(part) === undefined && !isSaid(part))
    if (place.text !== undefined && name !== undefined) {
      yield error(
        place,
        `${name} is a name or range of Proxmox VE, and ufw takes addresses and networks`,
        'write them out',
      )
    }
  }
}

/** What placeFindings has complained of already. */
const isSaid = (part: string): boolean =>
  part === '' || /^(?:null|none|any|undefined)$/i.test(part) || /^[0-9.:/]+$/.test(part)

/** Formats that the configurations of containers and machines share. Texts as in pve-common, each with its line feed. */
import type { Check } from './formats.ts'
import type { Property } from './types.ts'

export const matching =
  (pattern: RegExp, otherwise: string): Check =>
  (value) =>
    pattern.test(value) ? null : `${otherwise}\n`

const ipv4Address = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)$/
const ipv6Address = /^[0-9a-f:]*:[0-9a-f:.]*$/i

export const ipv4: Check = matching(ipv4Address, 'value does not look like a valid IPv4 address')
export const ipv6: Check = matching(ipv6Address, 'value does not look like a valid IPv6 address')

const withLength = (value: string, address: RegExp, bits: number): boolean => {
  const [own = '', length = '', more] = value.split('/')
  return more === undefined && address.test(own) && /^\d+$/.test(length) && Number(length) <= bits
}

export const ipv4Config: Check = (value) =>
  /^(dhcp|manual)$/.test(value) || withLength(value, ipv4Address, 32)
    ? null
    : 'value does not look like a valid ipv4 network configuration\n'

export const ipv6Config: Check = (value) =>
  /^(auto|dhcp|manual)$/.test(value) || withLength(value, ipv6Address, 128)
    ? null
    : 'value does not look like a valid ipv6 network configuration\n'

export const dnsName: Check = matching(
  /^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]*[a-z0-9])?$/i,
  'value does not look like a valid DNS name',
)

/** A number or a name. */
export const address: Check = (value) =>
  ipv4(value) === null || ipv6(value) === null || dnsName(value) === null
    ? null
    : `value does not look like a valid address: ${value}\n`

export const macAddress: Check = matching(
  /^[a-f0-9][02468ace](?::[a-f0-9]{2}){5}$/i,
  'value does not look like a valid unicast MAC address',
)

export const tag: Check = matching(/^[a-z0-9_][a-z0-9_\-+.]*$/i, 'invalid characters in tag')

export const startup: Check = matching(
  /^(?:(?:order=)?\d+|up=\d+|down=\d+)(?:,(?:(?:order=)?\d+|up=\d+|down=\d+))*$/,
  'unable to parse startup options',
)

export const urlEncoded: Check = (value) =>
  /^[-%a-zA-Z0-9_.!~*'()]*$/.test(value) ? null : `invalid urlencoded string: ${value}\n`

/** `net0` to `net31` and their like. */
export function numbered(
  stem: string,
  count: number,
  property: (name: string) => Property,
): Readonly<Record<string, Property>> {
  const names = Array.from({ length: count }, (_, index) => `${stem}${index}`)
  return Object.fromEntries(names.map((name) => [name, property(name)]))
}

/** What cloud-init is told: user data, network and an identity that changes with both (qm.jsonl n=60 to 62, 65). */
import { createHash } from 'node:crypto'
import { decodeText } from '../encoded-text.ts'
import { parseKeys } from '../property-string.ts'
import type { Surroundings } from '../surroundings.ts'
import { ipconfigKeys, netKeys } from './device-keys.ts'

export type Format = 'nocloud' | 'configdrive2' | 'opennebula'
type Settings = ReadonlyMap<string, string>

export const isWindows = (values: Settings): boolean => values.get('ostype')?.startsWith('w') === true

/** Windows' cloudbase-init reads nothing but a config drive. */
export function formatOf(values: Settings): Format {
  const told = values.get('citype')
  if (told === 'configdrive2' || told === 'opennebula' || told === 'nocloud') return told
  return isWindows(values) ? 'configdrive2' : 'nocloud'
}

export function userData(values: Settings, vmid: string): string {
  const name = values.get('name') ?? `VM${vmid}`
  const domain = values.get('searchdomain')
  const user = values.get('ciuser')
  const password = values.get('cipassword')
  const keys = decodeText(values.get('sshkeys') ?? '').split('\n')
  const lines = [
    '#cloud-config',
    `hostname: ${name.replace(/\..*$/, '')}`,
    'manage_etc_hosts: true',
    `fqdn: ${name.includes('.') || domain === undefined || domain === '' ? name : `${name}.${domain}`}`,
    ...(user === undefined ? [] : [`user: ${user}`]),
    ...(user === 'root' ? ['disable_root: False'] : []),
    ...(password === undefined ? [] : [`password: ${password}`]),
    ...(values.has('sshkeys') ? ['ssh_authorized_keys:'] : []),
    ...keys.filter((key) => key.trim() !== '').map((key) => `  - ${key}`),
    'chpasswd:',
    '  expire: False',
    ...(user === 'root' ? [] : ['users:', '  - default']),
    ...(values.get('ciupgrade') === '0' ? [] : ['package_upgrade: true']),
  ]
  return `${lines.join('\n')}\n`
}

interface Card {
  readonly number: string
  readonly address: string
  /** `ip`, `gw`, `ip6`, `gw6`. */
  readonly ip: ReadonlyMap<string, string>
}

/** Cards that have an `ipconfigN`. */
function cardsOf(values: Settings): Card[] {
  return [...values.keys()].sort().flatMap((key) => {
    const number = /^net(\d+)$/.exec(key)?.[1]
    const told = number === undefined ? undefined : values.get(`ipconfig${number}`)
    if (number === undefined || told === undefined) return []
    const net = parseKeys('', netKeys, values.get(key) ?? '')
    const ip = parseKeys('', ipconfigKeys, told)
    if (typeof net === 'string' || typeof ip === 'string') return []
    const dhcp = new Map([
      ['ip', 'dhcp'],
      ['ip6', 'dhcp'],
    ])
    return [{ number, address: net.get('macaddr') ?? '', ip: ip.has('ip') || ip.has('ip6') ? ip : dhcp }]
  })
}

/** What isn't told is as the host has it. */
function namesOf(machine: Surroundings, values: Settings): { servers: string[]; domains: string[] } {
  const lines = (machine.readFile('/etc/resolv.conf') ?? '').split('\n').map((line) => line.trim().split(/\s+/))
  const told = (key: string): string[] | undefined =>
    values
      .get(key)
      ?.split(/\s+/)
      .filter((word) => word !== '')
  const servers = lines.flatMap(([word, server]) => (word === 'nameserver' && server !== undefined ? [server] : []))
  const domains = lines.find(([word]) => word === 'search' || word === 'domain')?.slice(1) ?? []
  return { servers: told('nameserver') ?? servers.slice(0, 3), domains: told('searchdomain') ?? domains }
}

export const network = (machine: Surroundings, values: Settings): string =>
  formatOf(values) === 'nocloud' ? netplan(machine, values) : interfaces(machine, values)

/** cloud-init's own form, version 1. */
function netplan(machine: Surroundings, values: Settings): string {
  const lines = ['version: 1', 'config:']
  for (const { number, address, ip } of cardsOf(values)) {
    lines.push(
      '    - type: physical',
      `      name: eth${number}`,
      `      mac_address: '${address.toLowerCase()}'`,
      '      subnets:',
    )
    const [v4, v6] = [ip.get('ip'), ip.get('ip6')]
    if (v4 === 'dhcp') lines.push('      - type: dhcp4')
    else if (v4 !== undefined)
      lines.push(
        '      - type: static',
        `        address: '${v4.replace(/\/.*/, '')}'`,
        `        netmask: '${netmask(v4)}'`,
        ...gateway(ip.get('gw')),
      )
    if (v6 === 'dhcp') lines.push('      - type: dhcp6')
    else if (v6 === 'auto') lines.push('      - type: ipv6_slaac')
    else if (v6 !== undefined)
      lines.push('      - type: static6', `        address: '${v6}'`, ...gateway(ip.get('gw6')))
  }
  const { servers, domains } = namesOf(machine, values)
  const list = (title: string, words: readonly string[]): string[] =>
    words.length === 0 ? [] : [`      ${title}:`, ...words.map((word) => `      - '${word}'`)]
  lines.push('    - type: nameserver', ...list('address', servers), ...list('search', domains))
  return `${lines.join('\n')}\n`
}

const gateway = (address: string | undefined): string[] =>
  address === undefined ? [] : [`        gateway: '${address}'`]

function netmask(network: string): string {
  const ones = Number(network.replace(/^.*\//, ''))
  return [0, 8, 16, 24].map((from) => 256 - 2 ** (8 - Math.min(8, Math.max(0, ones - from)))).join('.')
}

/** As /etc/network/interfaces. */
function interfaces(machine: Surroundings, values: Settings): string {
  const lines = ['auto lo', 'iface lo inet loopback', '']
  const { servers, domains } = namesOf(machine, values)
  if (servers.length > 0) lines.push(`        dns_nameservers ${servers.join(' ')}`)
  if (domains.length > 0) lines.push(`        dns_search ${domains.join(' ')}`)
  for (const { number, ip } of cardsOf(values)) {
    lines.push(`auto eth${number}`)
    for (const [key, family, via] of [
      ['ip', 'inet', 'gw'],
      ['ip6', 'inet6', 'gw6'],
    ] as const) {
      const value = ip.get(key)
      const gate = ip.get(via)
      if (value === undefined) continue
      if (/^(dhcp|auto)$/.test(value)) {
        lines.push(`iface eth${number} ${family} ${value}`)
        continue
      }
      const mask = key === 'ip' ? netmask(value) : value.replace(/^.*\//, '')
      lines.push(
        `iface eth${number} ${family} static`,
        `        address ${value.replace(/\/.*/, '')}`,
        `        netmask ${mask}`,
      )
      if (gate !== undefined) lines.push(`        gateway ${gate}`)
    }
  }
  return `${lines.join('\n')}\n`
}

/** Whatever is told otherwise makes it another instance, on which cloud-init does everything again. */
export function metaData(format: Format, user: string, network: string): string {
  const id = createHash('sha1')
    .update(user + network)
    .digest('hex')
  if (format === 'nocloud') return `instance-id: ${id}\n`
  return `{\n     "uuid": "${id}",\n     "network_config": { "content_path": "/content/0000" }\n}\n`
}

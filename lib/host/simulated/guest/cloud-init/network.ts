/** Networks: what cloud-init makes of its network data (version 1), and what comes into force at each boot. */
import { writeText } from '../../filesystem.ts'
import type { SimState } from '../../model.ts'
import { lengthOf } from '../../system/interfaces.ts'
import { leaseOf } from '../lease.ts'
import type { Place } from '../place.ts'
import { isMapping, parseYaml, wordsIn, type Yaml, type YamlMapping } from './yaml.ts'

const netplan = '/etc/netplan/50-cloud-init.yaml'

const listOf = (value: Yaml | undefined): YamlMapping[] => (Array.isArray(value) ? value.filter(isMapping) : [])

/** As netplan has it (netplan-yaml(5)). */
export function writeNetwork(system: SimState, network: YamlMapping): void {
  const config = listOf(network.config)
  const lines = ['network:', '  version: 2', '  ethernets:']
  for (const { name, mac_address: mac, subnets } of config.filter(({ type }) => type === 'physical')) {
    lines.push(`    ${name}:`, '      match:', `        macaddress: "${mac}"`, `      set-name: "${name}"`)
    const nets = listOf(subnets)
    if (nets.some(({ type }) => type === 'dhcp4')) lines.push('      dhcp4: true')
    const fixed = nets.filter(({ address }) => address !== undefined)
    const shown = ({ address, netmask }: YamlMapping): string =>
      `"${address}${netmask === undefined ? '' : `/${lengthOf(String(netmask))}`}"`
    if (fixed.length > 0) lines.push('      addresses:', ...fixed.map((net) => `        - ${shown(net)}`))
    const gateways = fixed.filter(({ gateway }) => gateway !== undefined)
    if (gateways.length > 0) lines.push('      routes:')
    for (const { gateway } of gateways) lines.push('        - to: "default"', `          via: "${gateway}"`)
  }
  writeText(system, netplan, `${lines.join('\n')}\n`, 0o600)
  const names = config.find(({ type }) => type === 'nameserver')
  const [servers, search] = [wordsIn(names?.address), wordsIn(names?.search)]
  const resolv = [
    ...(search.length > 0 ? [`search ${search.join(' ')}`] : []),
    ...servers.map((one) => `nameserver ${one}`),
  ]
  writeText(system, '/etc/resolv.conf', resolv.map((line) => `${line}\n`).join(''))
}

/** What the file says, at each boot: also what somebody wrote into it. */
export function bringUpNetplan(system: SimState, place: Place): void {
  const text = system.files[netplan]?.content
  const whole = text === undefined ? null : parseYaml(text)
  const network = isMapping(whole) && isMapping(whole.network) ? whole.network : {}
  const ethernets = isMapping(network.ethernets) ? network.ethernets : {}
  system.network = { ...system.network, inForce: { ...system.network?.inForce } }
  for (const [name, settings] of Object.entries(ethernets)) {
    if (!isMapping(settings)) continue
    const lease = settings.dhcp4 === true ? leaseOf(place) : undefined
    const [route] = listOf(settings.routes)
    system.network.inForce[name] = {
      addresses: [...wordsIn(settings.addresses), ...(lease ? [lease.address] : [])],
      gateway: route ? String(route.via) : (lease?.gateway ?? null),
    }
  }
}

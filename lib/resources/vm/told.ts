/** What cloud-init was told, as far as it can be seen in the guest: its address, its account and the keys of that. */
import { isIPv6, SocketAddress } from 'node:net'
import { posix } from 'node:path'
import type { DeclaredVm } from '../../config/guests/vm.ts'
import type { Look, Probe } from '../../engine/resource.ts'
import { accountsProbe } from '../probes/accounts.ts'

/** With the length of their networks; undefined where nobody can say. */
const addressesProbe: Probe<readonly string[] | undefined> = {
  id: 'ip -j address show',
  async read({ reader }) {
    const { exitCode, stdout } = await reader.query(['ip', '-j', 'address', 'show'])
    if (exitCode !== 0) return undefined
    const links = JSON.parse(stdout || '[]') as { addr_info?: { local?: string; prefixlen?: number }[] }[]
    return links.flatMap(({ addr_info = [] }) => addr_info.map(({ local, prefixlen }) => `${local}/${prefixlen}`))
  },
}

/** What isn't so in the guest, in a few words each. */
export async function untold(look: Look, { network, user }: DeclaredVm): Promise<string[]> {
  return [...(await address(look, network.ip)), ...(user === null ? [] : await account(look, user))]
}

async function address(look: Look, ip: string): Promise<string[]> {
  if (ip === 'dhcp') return []
  const there = await look.at(addressesProbe)
  if (there === undefined || there.includes(canonical(ip))) return []
  const others = there.filter((one) => !/^(127\.|::1|fe80:)/.test(one))
  return [`the address ${ip} (it has ${others.join(', ') || 'none'})`]
}

/** As the kernel writes it. */
function canonical(ip: string): string {
  const [address = '', length] = ip.split('/')
  return isIPv6(address) ? `${new SocketAddress({ address, family: 'ipv6' }).address}/${length}` : ip
}

async function account(look: Look, { name, sshKeys }: NonNullable<DeclaredVm['user']>): Promise<string[]> {
  const home = (await look.at(accountsProbe)).get(name)?.home
  if (home === undefined) return [`the account ${name}`]
  if (sshKeys.length === 0) return []
  const text = (await look.reader.readFile(posix.join(home, '.ssh/authorized_keys'))) ?? ''
  const missing = sshKeys.filter((key) => !text.includes(material(key)))
  return missing.map((key) => `the key ${key.split(' ').slice(2).join(' ') || material(key).slice(-12)} of ${name}`)
}

/** Type and comment may be written otherwise. */
const material = (key: string): string => key.split(/\s+/).find((word) => word.startsWith('AAAA')) ?? key

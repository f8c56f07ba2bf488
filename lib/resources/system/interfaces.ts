/** Network interfaces: compared with /etc/network/interfaces, and changed there where that can be done surely. */
import type { DeclaredInterface } from '../../config/initial-setup.ts'
import type { Change, Comparison, Lock, Look, Note, Probe, Refusal, Resource, Value } from '../../engine/resource.ts'
import { interfaceChange } from './interface-change.ts'
import { changeable, ipv6Addresses, prefixOf, readdressed } from './interface-stanza.ts'
import { type Apart, apartFrom, putBack, trialLeft, trialNotes } from './interface-trial.ts'
import { type AddressesInForce, addressesInForce, isTaken, plainOf, whoIsCutOff } from './reachable.ts'

export interface Configured {
  readonly address: string | null
  readonly gateway: string | null
}

const main = '/etc/network/interfaces'
const folder = '/etc/network/interfaces.d'
/** Where Proxmox VE's network view puts what was changed there and not applied yet; it wins when the host starts. */
const staged = '/etc/network/interfaces.new'
const corosync = '/etc/pve/corosync.conf'

/** Stanzas `iface NAME inet static` with address, netmask and gateway (interfaces(5)). */
export function parseInterfaces(text: string): Map<string, Configured> {
  const found = new Map<string, Configured>()
  let name: string | undefined
  let mask: string | undefined
  for (const line of text.split('\n')) {
    const [word, ...rest] = line.replace(/#.*/, '').trim().split(/\s+/)
    if (word === 'iface') {
      name = rest[1] === 'inet6' ? undefined : rest[0]
      mask = undefined
      if (name !== undefined) found.set(name, found.get(name) ?? { address: null, gateway: null })
    } else if (word === 'auto' || word?.startsWith('allow-') || word === 'source') name = undefined
    const before = name === undefined ? undefined : found.get(name)
    if (name === undefined || before === undefined) continue
    const withMask = (address: string | null): string | null =>
      address === null || address.includes('/') || mask === undefined ? address : `${address}/${prefixOf(mask)}`
    if (word === 'netmask') mask = rest[0]
    if (word === 'address') found.set(name, { ...before, address: withMask(rest[0] ?? null) })
    else if (word === 'netmask') found.set(name, { ...before, address: withMask(before.address) })
    else if (word === 'gateway') found.set(name, { ...before, gateway: rest[0] ?? null })
  }
  return found
}

interface Files {
  /** Of the main file; null when there is none. */
  readonly text: string | null
  /** All files together. */
  readonly configured: ReadonlyMap<string, Configured>
}

export const interfaceFilesProbe: Probe<Files> = {
  id: main,
  async read({ reader }) {
    const more = ((await reader.listDir(folder)) ?? []).filter((name) => /^[A-Za-z0-9_.-]+$/.test(name))
    const paths = [main, ...more.map((name) => `${folder}/${name}`)]
    const texts = await Promise.all(paths.map((path) => reader.readFile(path)))
    return { text: texts[0] ?? null, configured: parseInterfaces(texts.map((text) => text ?? '').join('\n')) }
  },
}

type Found =
  | { readonly change: Change; readonly notes: readonly Note[] }
  | { readonly note: Note }
  | { refusal: Refusal }

export class Interfaces implements Resource {
  readonly id = 'network-interfaces'
  readonly locks: readonly Lock[] = [{ name: 'network', mode: 'exclusive' }]
  readonly #declared: readonly DeclaredInterface[]

  constructor(declared: readonly DeclaredInterface[]) {
    this.#declared = declared
  }

  async compare(look: Look): Promise<Comparison> {
    const [files, trial] = await Promise.all([look.at(interfaceFilesProbe), trialLeft(look.reader)])
    const live: Record<string, Value> = {}
    const found: Found[] = []
    const apart: Apart[] = []
    for (const declared of this.#declared) {
      const now = files.configured.get(declared.name)
      live[declared.name] = now ? `${now.address ?? 'no address'}, gateway ${now.gateway ?? 'none'}` : null
      const differs = differences(declared, now)
      if (differs.length > 0) found.push(await this.#differing(look, files, declared, now, differs.join(' and ')))
      const another = differs.length === 0 && trial && now ? apartFrom(trial, declared.name, now) : null
      if (another) apart.push(another)
    }
    const changes = found.flatMap((one) => ('change' in one ? [one.change] : []))
    return {
      changes: [...(apart.length > 0 ? [putBack(this.id, main, apart)] : []), ...changes],
      refusals: found.flatMap((one) => ('refusal' in one ? [one.refusal] : [])),
      notes: [
        ...trialNotes(this.id, trial),
        ...found.flatMap((one) => ('notes' in one ? one.notes : 'note' in one ? [one.note] : [])),
      ],
      live,
    }
  }

  async #differing(
    look: Look,
    { text, configured }: Files,
    declared: DeclaredInterface,
    now: Configured | undefined,
    differs: string,
  ): Promise<Found> {
    const { name } = declared
    const why = await whyLeft(look, text ?? '', declared)
    const stanza = why === undefined ? changeable(text ?? '', name) : { left: why }
    if ('left' in stanza || now?.address === undefined || now.address === null || text === null) {
      const left = 'left' in stanza ? stanza.left : 'it has no address'
      const said = `${name} in ${main} has ${differs}: phx leaves it alone, since ${left}; change it in Proxmox VE's network view`
      return { note: { resource: this.id, level: 'warning', text: said } }
    }
    const address = now.address
    const after = new Map(configured).set(name, { address: declared.address, gateway: declared.gateway ?? now.gateway })
    const inForce = await addressesInForce(look.reader)
    const refusal =
      (await this.#hindered(look, name, address)) ??
      this.#wrong(declared, after) ??
      (await this.#taken(look, declared, address, inForce))
    if (refusal) return { refusal }
    const cutOff = await whoIsCutOff(look, declared, { address, gateway: now.gateway })
    const ports = (await look.reader.listDir(`/sys/class/net/${name}/brif`)) ?? []
    const change = interfaceChange({
      resource: this.id,
      path: main,
      declared,
      now: { address, gateway: now.gateway },
      before: text,
      text: readdressed(text, stanza, declared),
      gateways: [...after.values()].flatMap(({ gateway }) => (gateway?.includes('.') ? [gateway] : [])),
      cutOff,
      ports,
      others: ipv6Addresses(text, name).filter((one) => inForce.get(name)?.includes(one)),
    })
    const notes = cutOff === null ? [] : [{ resource: this.id, level: 'warning' as const, text: cutOff.text }]
    return { change, notes }
  }

  /** What a trial would not show: the host answers for its own addresses. */
  #wrong({ name, address }: DeclaredInterface, after: Files['configured']): Refusal | undefined {
    for (const [other, { gateway }] of after) {
      const [own] = [...after].find(([, one]) => one.address !== null && plainOf(one.address) === gateway) ?? []
      if (own === undefined) continue
      const why = `the gateway ${gateway} of ${other} would be the host's own address (${own}): it answers, and leads nowhere`
      return this.#refused(why, "write the router's address, or give the interface another one")
    }
    const [twin] =
      [...after].find(([other, one]) => other !== name && plainOf(one.address ?? '') === plainOf(address)) ?? []
    if (twin === undefined) return undefined
    return this.#refused(`${twin} has the address ${plainOf(address)} already`, 'write another one')
  }

  /** Two machines with one address: packets go to the one or the other, and the trial may see its own. */
  async #taken(look: Look, declared: DeclaredInterface, before: string, inForce: AddressesInForce) {
    const address = plainOf(declared.address)
    if (plainOf(before) === address || !(await isTaken(look.reader, inForce, address))) return undefined
    return this.#refused(
      `${address} is in use by another machine (it answers ping or ARP)`,
      `look which one: ip neigh show to ${address}`,
      'write another address, or switch that machine off',
    )
  }

  #refused(why: string, ...mend: string[]): Refusal {
    return { resource: this.id, why, fields: [], mend }
  }

  /** What is in the way only for now, or what phx must not pull the ground from under. */
  async #hindered(look: Look, name: string, address: string): Promise<Refusal | undefined> {
    const [waiting, cluster] = await Promise.all([look.reader.stat(staged), look.reader.readFile(corosync)])
    if (waiting !== undefined) {
      return this.#refused(
        `${name} is not changed while changes wait in Proxmox VE's network view (${staged}): at the next start they would replace what phx writes`,
        'apply or revert them there, then run again',
      )
    }
    const plain = plainOf(address)
    if (cluster?.split(/\s+/).includes(plain)) {
      return this.#refused(
        `${name} has ${plain}, at which the cluster knows this node (${corosync}): it would lose its quorum with another one`,
        'change the address in corosync.conf first (pvecm, "Separate Cluster Network"), or declare the one that it has',
      )
    }
    return undefined
  }
}

function differences({ address, gateway }: DeclaredInterface, now: Configured | undefined): string[] {
  return [
    ...(now?.address === address ? [] : [`address ${now?.address ?? 'none'} instead of ${address}`]),
    ...(gateway === undefined || now?.gateway === gateway
      ? []
      : [`gateway ${now?.gateway ?? 'none'} instead of ${gateway}`]),
  ]
}

/** Why nothing of this host's interfaces, or not this one, can be changed, whatever its stanza says. */
async function whyLeft({ reader }: Look, text: string, { name, address }: DeclaredInterface) {
  if (address.includes(':')) return 'phx changes addresses of IPv4 alone'
  // Debian's own ifupdown has ifup and ifquery, too; only ifupdown2 changes an address without taking the interface down.
  if (!(await reader.hasTool('ifreload'))) return 'the host has no ifupdown2'
  const settings = (await reader.readFile('/etc/network/ifupdown2/ifupdown2.conf')) ?? ''
  if (/^\s*disable_cli_interfacesfile\s*=\s*1/m.test(settings))
    return 'ifupdown2.conf has disable_cli_interfacesfile=1, so that nothing can be tried before it is written'
  // Several stanzas of an interface are one for ifquery then.
  if (/^\s*ifaceobj_squash\s*=\s*1/m.test(settings) && ipv6Addresses(text, name).length > 0)
    return 'it has IPv6 too, and ifupdown2.conf has ifaceobj_squash=1'
  if (!parseInterfaces(text).has(name)) return `it does not stand there itself (phx changes nothing in ${folder})`
  return undefined
}

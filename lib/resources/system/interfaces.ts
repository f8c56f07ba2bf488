/** Network interfaces: compared and shown. phx changes none of them: an address that is wrong cuts the way back. */
import type { DeclaredInterface } from '../../config/initial-setup.ts'
import type { Comparison, Lock, Look, Note, Probe, Resource, Value } from '../../engine/resource.ts'

interface Configured {
  readonly address: string | null
  readonly gateway: string | null
}

const main = '/etc/network/interfaces'
const folder = '/etc/network/interfaces.d'

/** `255.255.255.0` as the 24 that it means. */
const prefixOf = (mask: string): string =>
  mask.includes('.')
    ? String(mask.split('.').flatMap((part) => [...Number(part).toString(2)].filter((bit) => bit === '1')).length)
    : mask

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

const interfacesProbe: Probe<ReadonlyMap<string, Configured>> = {
  id: main,
  async read({ reader }) {
    const more = ((await reader.listDir(folder)) ?? []).filter((name) => /^[A-Za-z0-9_.-]+$/.test(name))
    const paths = [main, ...more.map((name) => `${folder}/${name}`)]
    const texts = await Promise.all(paths.map((path) => reader.readFile(path)))
    return parseInterfaces(texts.map((text) => text ?? '').join('\n'))
  },
}

export class Interfaces implements Resource {
  readonly id = 'network-interfaces'
  readonly locks: readonly Lock[] = []
  readonly #declared: readonly DeclaredInterface[]

  constructor(declared: readonly DeclaredInterface[]) {
    this.#declared = declared
  }

  async compare(look: Look): Promise<Comparison> {
    const configured = await look.at(interfacesProbe)
    const live: Record<string, Value> = {}
    const notes: Note[] = []
    for (const { name, address, gateway } of this.#declared) {
      const now = configured.get(name)
      live[name] = now ? `${now.address ?? 'no address'}, gateway ${now.gateway ?? 'none'}` : null
      const differs = [
        ...(now?.address === address ? [] : [`address ${now?.address ?? 'none'} instead of ${address}`]),
        ...(gateway === undefined || now?.gateway === gateway
          ? []
          : [`gateway ${now?.gateway ?? 'none'} instead of ${gateway}`]),
      ]
      if (differs.length === 0) continue
      const text = `${name} in ${main} has ${differs.join(' and ')}: phx shows it and changes no interface; change it in Proxmox VE's network view`
      notes.push({ resource: this.id, level: 'warning', text })
    }
    return { changes: [], refusals: [], notes, live }
  }
}

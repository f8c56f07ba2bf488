/** A guest as a chain of tasks: what virtual machines and containers have in common. */
import { createHash } from 'node:crypto'
import { declaredFirewall } from '../lib/config/firewall.ts'
import type { PhxConfig } from '../lib/config/generated/types.ts'
import type { DeclaredGuest, GuestKind } from '../lib/config/guests/guest.ts'
import type { Resource, Task, Value } from '../lib/engine/resource.ts'
import { canonical } from '../lib/engine/value.ts'
import type { GuestRef } from '../lib/host/host.ts'
import { GuestFirewall } from '../lib/resources/guest/firewall.ts'
import { UndeclaredGuests } from '../lib/resources/guest/undeclared.ts'
import { idsIn } from './orders.ts'

/** A link of the chain, with its own look at what is there; one without resources is left out. */
export interface Link {
  readonly name: string
  readonly title: string
  readonly needs: readonly string[]
  readonly inputs: { readonly [name: string]: Value }
  readonly resources: readonly Resource[]
  /** Whether what it does shows in a snapshot: neither does fetching an image, nor a start. */
  readonly isOfTheForm?: false
  /** Whether it looks at what the others changed of the form. */
  readonly isAfterAll?: true
}

type Guest = DeclaredGuest & GuestRef

export const fingerprint = (declared: Value): string =>
  createHash('sha256').update(canonical(declared)).digest('hex').slice(0, 16)

const isOfTheForm = (link: Link): boolean => link.isOfTheForm !== false && link.isAfterAll !== true

/** Of all that is declared of a guest and shows in a snapshot of it; no secret is among it. */
export const formOf = (links: readonly Link[]): Value =>
  links.filter(isOfTheForm).map(({ name, inputs }): Value => [name, inputs])

/** One task a link, each after the one before. `others` are tasks that make what is in the guest, too. */
export function chainTasks(
  guest: Guest,
  title: string,
  chain: readonly Link[],
  others: readonly string[] = [],
): Task[] {
  const links = chain.filter(({ resources }) => resources.length > 0)
  const idOf = (link: Link): string => `${guest.target}:${link.name}`
  const watches = [...links.filter(isOfTheForm).map(idOf), ...others]
  return links.map((link, index) => {
    const before = links[index - 1]
    return {
      id: idOf(link),
      title: `${title}: ${link.title}`,
      version: 1,
      groups: [guest.target, 'guests'],
      needs: [...new Set([...(before ? [idOf(before)] : []), ...link.needs])],
      inputs: link.inputs,
      resources: link.resources,
      ...(link.isAfterAll ? { watches } : {}),
      // Whether the guest is the one that is meant, and phx's.
      ...(link.name === 'create' ? {} : { guard: `${guest.target}:create` }),
    }
  })
}

/**
 * Its firewall's rules, before it is started: also once none is declared any more, as long as phx has a record of some.
 * `source` is the id of the guest that it is a clone of, `all` are the guests of its kind.
 */
export function firewallLinks(
  guest: Guest,
  source: string | null,
  all: readonly Guest[],
  config: PhxConfig,
  stamped: ReadonlySet<string>,
): Link[] {
  const { firewall, target } = guest
  if (firewall === null && !stamped.has(`${target}:firewall`)) return []
  const { backend, enabled } = declaredFirewall(config) ?? {}
  const isSwitchedOn = backend === 'pve-firewall' && enabled === true
  const firewallOf = (id: string) => all.find((one) => one.id === id)?.firewall ?? null
  const origin = source === null ? null : { id: source, firewall: firewallOf(source) }
  const inputs = {
    enabled: firewall?.isEnabled ?? null,
    rules: (firewall?.rules ?? []).map((rule) => ({ ...rule })),
  }
  return [
    {
      name: 'firewall',
      title: 'firewall',
      // It stands in a file of the host.
      isOfTheForm: false,
      needs: [],
      inputs,
      resources: [new GuestFirewall(guest, { source: origin, isSwitchedOn })],
    },
  ]
}

/** No link of a chain: nothing waits for it. Who declares no such guest has not come to it yet. */
export function undeclared(
  kind: GuestKind,
  title: string,
  /** Also those that are cloned from. */
  declared: readonly string[],
  stamped: readonly string[],
): Task[] {
  const made = idsIn(kind, stamped)
  if (declared.length + made.length === 0) return []
  const resources = [new UndeclaredGuests(kind, declared, made)]
  return [{ id: `${kind}:undeclared`, title, version: 1, groups: ['guests'], needs: [], inputs: {}, resources }]
}

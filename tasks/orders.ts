/** What orders of a person come to, for guests of either kind: to go for good, to run, to stop, to begin anew. */
import type { PhxConfig } from '../lib/config/generated/types.ts'
import type { DeclaredGuest } from '../lib/config/guests/guest.ts'
import { declaredGuests } from '../lib/config/guests.ts'
import type { Order, Resource, Task } from '../lib/engine/resource.ts'
import type { DoomedGuest } from '../lib/resources/guest/orders.ts'

const all = (config: PhxConfig): DeclaredGuest[] => {
  const { vms, containers } = declaredGuests(config)
  return [...vms, ...containers]
}

/** Ids that tasks of the guests of a kind bear. */
export const idsIn = (kind: 'vm' | 'lxc', tasks: readonly string[]): string[] =>
  tasks.flatMap((task) => new RegExp(`^${kind}:(\\d+):`).exec(task)?.[1] ?? [])

/** Guests of a kind that may go: those declared, and those that `stamped` tasks made. */
export function doomedGuests(kind: 'vm' | 'lxc', config: PhxConfig, stamped: readonly string[]): DoomedGuest[] {
  const guests = all(config)
  const declared = guests.filter(({ target }) => target.startsWith(`${kind}:`))
  return [...new Set([...declared.map(({ id }) => id), ...idsIn(kind, stamped)])].map((id) => {
    const one = declared.find((guest) => guest.id === id)
    return {
      id,
      shutdownTimeoutSeconds: one?.shutdownTimeoutSeconds ?? 120,
      isProtected: one?.isProtected ?? false,
      dependants: guests.filter(({ needs }) => needs.includes(`${kind}:${id}`)).map(({ target }) => target),
    }
  })
}

/** `forgets` are stamps of more than its own tasks. */
export function removal(
  kind: 'vm' | 'lxc',
  { id, dependants }: DoomedGuest,
  stamped: readonly string[],
  { title, resources, forgets }: { title: string; resources: readonly Resource[]; forgets: string },
): Task {
  const target = `${kind}:${id}`
  return {
    id: `${target}:destroy`,
    title,
    version: 1,
    groups: [target],
    // Those that hang on it go first.
    needs: dependants,
    inputs: {},
    resources,
    forgets: [...stamped.filter((task) => task.startsWith(`${target}:`)), forgets],
  }
}

/** A start goes down to what is needed, a stop up to what needs it; templates have nothing to do with either. */
export function powerTask(
  verb: Exclude<Order, 'destroy'>,
  one: DeclaredGuest,
  config: PhxConfig,
  { title, resources }: { title: string; resources: readonly Resource[] },
): Task {
  const others = all(config).filter(({ target, needs, isTemplate }) => {
    if (isTemplate || verb === 'restart') return false
    return verb === 'start' ? one.needs.includes(target) : needs.includes(one.target)
  })
  return {
    // `start` alone is a link of a container's chain, whose stamp is not the order's.
    id: `${one.target}:order-${verb}`,
    title,
    version: 1,
    groups: [one.target, 'guests'],
    needs: others.map(({ target }) => target),
    inputs: {},
    resources,
    // An order leaves nothing that would have to be kept.
    forgets: [],
  }
}

/** What a person orders of containers: to go for good, to run, to stop, to begin anew. */
import type { PhxConfig } from '../lib/config/generated/types.ts'
import type { DeclaredGuest } from '../lib/config/guests/guest.ts'
import type { DeclaredLxc } from '../lib/config/guests/lxc.ts'
import { declaredGuests } from '../lib/config/guests.ts'
import { volumesTask } from '../lib/config/lxc-volumes.ts'
import type { Order, Task } from '../lib/engine/resource.ts'
import { ContainerAbsent } from '../lib/resources/lxc/absent.ts'
import { LxcRestarted, LxcStopped, LxcThere } from '../lib/resources/lxc/orders.ts'
import { LxcPower } from '../lib/resources/lxc/power.ts'

/** Of all that are declared, and of what `stamped` tasks made. */
export function removals(config: PhxConfig, stamped: readonly string[]): Task[] {
  const { vms, containers } = declaredGuests(config)
  const guests = [...vms, ...containers]
  const made = stamped.flatMap((task) => /^lxc:(\d+):/.exec(task)?.[1] ?? [])
  return [...new Set([...containers.map(({ id }) => id), ...made])].map((id): Task => {
    const target = `lxc:${id}`
    const declared = containers.find((one) => one.id === id)
    const dependants = guests.filter(({ needs }) => needs.includes(target)).map((one) => one.target)
    const doomed = {
      id,
      shutdownTimeoutSeconds: declared?.shutdownTimeoutSeconds ?? 120,
      isProtected: declared?.isProtected ?? false,
      dependants,
      persistent: declared?.volumes.filter(({ isPersistent }) => isPersistent) ?? [],
    }
    return {
      id: `${target}:destroy`,
      title: `container ${id} and its volumes`,
      version: 1,
      groups: [target],
      // Those that hang on it go first.
      needs: dependants,
      inputs: {},
      resources: [new ContainerAbsent(doomed)],
      forgets: [...stamped.filter((task) => task.startsWith(`${target}:`)), volumesTask(id)],
    }
  })
}

export function powerTasks(verb: Exclude<Order, 'destroy'>, config: PhxConfig): Task[] {
  const { vms, containers } = declaredGuests(config)
  const guests = [...vms, ...containers]
  return containers.filter(({ isTemplate }) => !isTemplate).map((one) => powerTask(verb, one, guests))
}

/** A start goes down to what is needed, a stop up to what needs it; templates have nothing to do with either. */
function powerTask(verb: Exclude<Order, 'destroy'>, one: DeclaredLxc, guests: readonly DeclaredGuest[]): Task {
  const others = guests.filter(({ target, needs, isTemplate }) => {
    if (isTemplate || verb === 'restart') return false
    return verb === 'start' ? one.needs.includes(target) : needs.includes(one.target)
  })
  const resource = { start: new LxcPower(one), stop: new LxcStopped(one), restart: new LxcRestarted(one) }[verb]
  return {
    // Not `start`: that is a link of the chain, whose stamp is not the order's.
    id: `${one.target}:order-${verb}`,
    title: `container ${one.id} (${one.name})`,
    version: 1,
    groups: [one.target, 'guests'],
    needs: others.map(({ target }) => target),
    inputs: {},
    resources: [new LxcThere(one), resource],
    // An order leaves nothing that would have to be kept.
    forgets: [],
  }
}

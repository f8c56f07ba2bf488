/** What guests wait for: each is there, none is a template that never starts, and nobody waits for himself. */
import { type GuestSpot, guestSpots, guestsById, referredId } from '../guests-view.ts'
import type { Finding } from '../problem.ts'
import { error, type Rule, type Spot } from '../spot.ts'

export const dependenciesAreSound: Rule = function* (config) {
  const declared = guestSpots(config)
  for (const guest of declared) {
    for (const dependency of guest.spot.get('dependencies').items()) {
      const finding = dependencyFault(guest, dependency, declared)
      if (finding !== undefined) yield finding
    }
  }
}

function dependencyFault(
  { id, source }: GuestSpot,
  dependency: Spot,
  declared: readonly GuestSpot[],
): Finding | undefined {
  const needed = referredId(dependency)
  if (needed === undefined) return undefined
  if (needed === id) return error(dependency, 'a guest cannot depend on itself', 'remove it')
  const [other, ...more] = declared.filter((one) => one.id === needed)
  if (other === undefined) {
    return error(dependency, `no guest ${needed} is declared`, 'declare it, or remove the dependency')
  }
  const [kind] = String(dependency.value).split(':')
  // Two guests with one id are told of by themselves.
  if ((kind === 'vm' || kind === 'lxc') && kind !== other.kind && more.length === 0) {
    const message = `no guest ${String(dependency.value)} is declared, but ${other.target} is`
    return error(dependency, message, `write ${other.target}`, other.target)
  }
  if (other.spot.get('is_template').value !== true || referredId(source) === needed) return undefined
  const message = `${other.target} is a template, which never starts: nothing can wait for it`
  return error(dependency, message, 'remove it, or clone from it')
}

interface Edge {
  readonly to: GuestSpot
  /** Where it is said. */
  readonly spot: Spot
}

export const guestsHaveAnOrder: Rule = function* (config) {
  const declared = guestsById(config)
  const edgesOf = ({ id, spot, source }: GuestSpot): Edge[] =>
    [...spot.get('dependencies').items(), source].flatMap((reference) => {
      const to = declared.get(referredId(reference) ?? '')
      // A guest that depends on itself is told of by itself.
      return to === undefined || (to.id === id && reference !== source) ? [] : [{ to, spot: reference }]
    })
  const done = new Set<string>()
  for (const guest of declared.values()) yield* cyclesFrom(guest, [], edgesOf, done)
}

/** Every way back to a guest that is being walked from: `way` is how one got here. */
function* cyclesFrom(
  guest: GuestSpot,
  way: readonly GuestSpot[],
  edgesOf: (guest: GuestSpot) => readonly Edge[],
  done: Set<string>,
): Generator<Finding> {
  if (done.has(guest.id)) return
  const here = [...way, guest]
  for (const { to, spot } of edgesOf(guest)) {
    const begin = here.findIndex(({ id }) => id === to.id)
    if (begin < 0) yield* cyclesFrom(to, here, edgesOf, done)
    else {
      const circle = [...here.slice(begin), to].map(({ target }) => target).join(' → ')
      yield error(spot, `guests wait for each other in a circle: ${circle}`, 'decide who comes first')
    }
  }
  done.add(guest.id)
}

/** What runs in the guests, as far as their tasks looked at it anyway: nothing is asked for the sake of this. */
import type { PlannedTask } from '../engine/plan.ts'
import type { Paint } from './paint.ts'
import { count, printable, table } from './words.ts'

export interface GuestShown {
  /** `vm:8101` */
  readonly guest: string
  /** Its name on the host; null when it isn't there, or wasn't looked at. */
  readonly name: string | null
  /** Null when it couldn't be told. */
  readonly state: string | null
  /** How each feature ended; null while the guest can't be looked into. */
  readonly features: { readonly [name: string]: string | null }
  /** By folder in the guest what is mounted there, null when nothing is; empty while the guest can't be looked into. */
  readonly shares: { readonly [folder: string]: string | null }
  /** The newest snapshot of its final form. */
  readonly finalForm: string | null
}

type Planned = Pick<PlannedTask, 'live'> & { readonly task: Pick<PlannedTask['task'], 'id' | 'groups' | 'resources'> }
type Live = PlannedTask['live'][string]

/** Guests in the order of the graph; of each the tasks say in their groups whose they are. Some are of all guests. */
export function guestsShown(planned: readonly Planned[]): readonly GuestShown[] {
  const guests = new Map<string, Planned[]>()
  for (const one of planned) {
    const [outermost, guest] = one.task.groups.toReversed()
    if (outermost === 'guests' && guest !== undefined) guests.set(guest, [...(guests.get(guest) ?? []), one])
  }
  return [...guests].map(([guest, tasks]) => shown(guest, tasks))
}

function shown(guest: string, tasks: readonly Planned[]): GuestShown {
  const ids = tasks.flatMap(({ task }) => task.resources.map(({ id }) => id))
  const live = new Map(tasks.flatMap((one) => Object.entries(one.live)))
  const { fstab: _, ...shares } = live.get(`${guest}/nfs-shares`) ?? {}
  const options = live.get(`${guest}/options`)
  return {
    guest,
    name: text(options?.name ?? options?.hostname),
    state: stateOf(guest, live),
    features: Object.fromEntries(
      ids
        .filter((id) => id.startsWith(`${guest}/feature:`))
        .map((id) => [id.slice(`${guest}/feature:`.length), text(live.get(id)?.result)]),
    ),
    shares: Object.fromEntries(Object.entries(shares).map(([folder, source]) => [folder, text(source)])),
    finalForm: text(live.get(`${guest}/final-form`)?.snapshot),
  }
}

function stateOf(guest: string, live: ReadonlyMap<string, Live>): string | null {
  // Its power is not looked at when nothing else of it can be.
  if ([`${guest}/power`, `${guest}/options`].some((id) => live.get(id) === null)) return 'not there'
  if (live.get(`${guest}/template`)?.template === true) return 'template'
  return text(live.get(`${guest}/power`)?.state)
}

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null)

/** Empty without guests. */
export function guestLines(guests: readonly GuestShown[], paint: Paint): readonly string[] {
  if (guests.length === 0) return []
  const running = guests.filter(({ state }) => state?.startsWith('running')).length
  const rows = guests.map((one) => [
    `  ${one.guest}`,
    printable(one.name ?? ''),
    stateText(one.state, paint),
    printable(insideText(one)),
  ])
  return [`${count(guests.length, 'guest')}, ${running} running:`, ...table(rows)]
}

function stateText(state: string | null, paint: Paint): string {
  if (state === null) return paint.red('unknown')
  if (state === 'running') return paint.green(state)
  return state === 'template' ? paint.dim(state) : paint.yellow(state)
}

function insideText({ features, shares, finalForm }: GuestShown): string {
  const results = Object.entries(features).map(([name, result]) => {
    return result === 'done' ? name : `${name} (${result ?? 'not looked at'})`
  })
  const mounted = Object.entries(shares).map(([folder, source]) =>
    source === null ? `${folder} (not mounted)` : `${folder} from ${source}`,
  )
  return [
    ...(results.length > 0 ? [`features ${results.join(', ')}`] : []),
    ...(mounted.length > 0 ? [`shares ${mounted.join(', ')}`] : []),
    ...(finalForm === null ? [] : [finalForm]),
  ].join('; ')
}

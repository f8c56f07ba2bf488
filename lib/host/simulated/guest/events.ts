/** What happens to guests: `sim guest ID …`, and `sim in vm:ID -- TOOL ARGS…`, for tests and whoever sets a scene. */
import type { Area } from '../area.ts'
import type { SimState } from '../model.ts'
import { isInstalled } from '../system/catalogue.ts'
import { takeAway } from '../system/install.ts'
import { failedScript } from './cloud-init/modules.ts'
import { agentPackage, placeIn, within } from './inside.ts'
import type { Place } from './place.ts'
import { askToLeave, resetGuest, stopGuest } from './power.ts'
import type { Faults } from './state.ts'

/** Why not, or null. */
type Happening = (place: Place, word: string | undefined) => string | null

function setFault<Key extends keyof Faults>({ guest }: Place, key: Key, value: Faults[Key] | undefined): null {
  const { [key]: _, ...others } = guest.faults ?? {}
  if (value !== undefined) guest.faults = { ...others, [key]: value }
  else if (Object.keys(others).length > 0) guest.faults = others
  else delete guest.faults
  return null
}

const whileRunning =
  (happen: (place: Place) => void): Happening =>
  (place) => {
    if (!place.guest.power) return 'it is not running'
    happen(place)
    return null
  }

/** Also of the run that is over. */
function cloudInit(place: Place, word: string | undefined): string | null {
  if (word !== 'ok' && word !== 'error' && word !== 'recoverable') return 'cloud-init ok, error or recoverable'
  setFault(place, 'cloudInit', word === 'ok' ? undefined : word)
  if (place.guest.disk === null) return null
  within(place, (system) => {
    const run = system.cloudInit
    if (!run) return
    const warning = { stage: 'modules-config', text: 'what was ordered by sim guest' } as const
    const errors = word === 'error' ? [failedScript] : []
    system.cloudInit = { ...run, errors, warnings: word === 'recoverable' ? [warning] : [] }
  })
  return null
}

function withoutAgent(place: Place): null {
  setFault(place, 'withoutAgent', true)
  if (place.guest.disk === null) return null
  return within(place, (system) => {
    if (isInstalled(system, agentPackage)) takeAway(system, agentPackage, true)
    return null
  })
}

const happenings: Readonly<Record<string, Happening>> = {
  agent: (place, word) => {
    if (word !== 'on' && word !== 'off' && word !== 'frozen') return 'agent on, off or frozen'
    return setFault(place, 'agent', word === 'on' ? undefined : word)
  },
  'cloud-init': cloudInit,
  crash: whileRunning(({ host, id, guest }) => stopGuest(host, guest.kind, id)),
  reboot: whileRunning((place) => askToLeave(place, 'anew')),
  reset: whileRunning(({ host, id }) => resetGuest(host, id)),
  'without-agent': withoutAgent,
}

/** One that was never started is known by its configuration alone. */
function placeFor(host: SimState, id: string): Place | undefined {
  const kind = host.files[`/etc/pve/qemu-server/${id}.conf`]
    ? 'vm'
    : host.files[`/etc/pve/lxc/${id}.conf`]
      ? 'lxc'
      : undefined
  if (kind) host.guests = { [id]: { kind, disk: null, snapshots: {} }, ...host.guests }
  return placeIn(host, id)
}

export const guestEvents: NonNullable<Area['events']> = {
  guest(host, [id = '', verb = '', word]) {
    const place = placeFor(host, id)
    const happen = Object.hasOwn(happenings, verb) ? happenings[verb] : undefined
    if (!happen) return `guest ID ${Object.keys(happenings).join('|')}`
    return place ? happen(place, word) : `there is no guest ${id}`
  },
}

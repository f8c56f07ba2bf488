/** systemctl show: properties in systemd's own order, whatever the order asked for (services.jsonl scene 16). */
import { placeOf } from '../guest/place.ts'
import type { SimState } from '../model.ts'
import { NotSimulated } from '../tool.ts'
import { findUnit, fullUnitName } from './catalogue.ts'
import { jobOf, shownOf } from './transient.ts'
import { isOutdated } from './unit-files.ts'

/** The service's own ones come first. */
const order = [
  'Type',
  'RemainAfterExit',
  'MainPID',
  'Result',
  'ExecMainPID',
  'ExecMainCode',
  'ExecMainStatus',
  'Id',
  'Names',
  'LoadState',
  'ActiveState',
  'SubState',
  'FragmentPath',
  'UnitFileState',
  'NeedDaemonReload',
  'LoadError',
  'InvocationID',
] as const
type Property = (typeof order)[number]

const isProperty = (name: string): name is Property => (order as readonly string[]).includes(name)

function subState(name: string, isOneshot: boolean, isActive: boolean, isFailed: boolean): string {
  if (isFailed) return 'failed'
  if (!isActive) return 'dead'
  if (name.endsWith('.socket')) return 'running'
  if (name.endsWith('.timer')) return 'waiting'
  return isOneshot ? 'exited' : 'running'
}

function propertiesOf(state: SimState, asked: string): Partial<Record<Property, string>> {
  const unit = findUnit(state, asked)
  const full = fullUnitName(asked)
  const record = state.units?.[unit?.name ?? full]
  const isMasked = record?.masked === true
  if (!unit && !isMasked) {
    return {
      Id: full,
      Names: full,
      LoadState: 'not-found',
      ActiveState: 'inactive',
      SubState: 'dead',
      UnitFileState: '',
    }
  }
  const name = unit?.name ?? full
  const { active = false, failed, enabled = false } = record ?? {}
  const isService = name.endsWith('.service')
  const isOneshot = unit?.behaviour.type === 'oneshot'
  const isFailed = failed !== undefined
  const type: Partial<Record<Property, string>> = isService
    ? {
        Type: isMasked ? '' : isOneshot ? 'oneshot' : 'simple',
        Result: isFailed ? 'exit-code' : record?.skipped ? 'exec-condition' : 'success',
        ExecMainStatus: isFailed ? '1' : '0',
      }
    : {}
  const job = jobOf(state, name)
  return {
    ...type,
    Id: name,
    Names: [name, ...(unit?.behaviour.aliases ?? [])].join(' '),
    LoadState: isMasked ? 'masked' : 'loaded',
    ActiveState: isFailed ? 'failed' : active ? 'active' : 'inactive',
    SubState: subState(name, isOneshot, active, isFailed),
    FragmentPath: isMasked ? `/etc/systemd/system/${name}` : (unit?.path ?? ''),
    UnitFileState: isMasked ? 'masked' : unit?.isStatic ? 'static' : enabled ? 'enabled' : 'disabled',
    NeedDaemonReload: isOutdated(state, name) ? 'yes' : 'no',
    LoadError: '',
    ...(job && shownOf(job)),
  }
}

/** A blank line between two units; what a kind of unit doesn't have is left out. */
export function showUnits(
  state: SimState,
  names: readonly string[],
  asked: readonly string[],
  onlyValues: boolean,
): string {
  if (names.length === 0 && asked.length > 0) return showManager(state, asked, onlyValues)
  const unknown = asked.find((name) => !isProperty(name))
  if (unknown !== undefined || names.length === 0) throw new NotSimulated(`systemctl show --property=${unknown}`)
  const wanted = asked.length === 0 ? order : order.filter((name) => asked.includes(name))
  const blocks = names.map((name) => {
    const properties = propertiesOf(state, name)
    return wanted
      .filter((property) => properties[property] !== undefined)
      .map((property) => `${onlyValues ? '' : `${property}=`}${properties[property]}\n`)
      .join('')
  })
  return blocks.join('\n')
}

/** Of systemd itself: whether all is up, and when it was started, in microseconds. */
function showManager(state: SimState, asked: readonly string[], onlyValues: boolean): string {
  const isDegraded = Object.values(state.units ?? {}).some(({ failed }) => failed !== undefined)
  const properties: Readonly<Record<string, string>> = {
    UserspaceTimestampMonotonic: String((placeOf(state)?.guest.power?.since ?? 0) * 1_000_000),
    SystemState: isDegraded ? 'degraded' : 'running',
  }
  const unknown = asked.find((name) => properties[name] === undefined)
  if (unknown !== undefined) throw new NotSimulated(`systemctl show --property=${unknown}`)
  return Object.entries(properties)
    .filter(([name]) => asked.includes(name))
    .map(([name, value]) => `${onlyValues ? '' : `${name}=`}${value}\n`)
    .join('')
}

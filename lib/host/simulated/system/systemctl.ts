/** systemctl: verbs over units, with the texts and exit codes of systemd 257 (services.jsonl scenes 1, 16 to 18, 28, 49, 50). */
import { has, optionValue, readOptions } from '../disk-tools/options.ts'
import { sim } from '../events.ts'
import { placeOf } from '../guest/place.ts'
import { askToLeave } from '../guest/power.ts'
import type { SimState } from '../model.ts'
import { answer, NotSimulated, type Tool, type ToolAnswer } from '../tool.ts'
import { type FoundUnit, findUnit, fullUnitName } from './catalogue.ts'
import { showUnits } from './systemctl-show.ts'
import { jobOf, unload } from './transient.ts'
import { isOutdated, readUnitFiles, rereadUnitFiles } from './unit-files.ts'
import { recordOf, startUnit, stopUnit } from './units.ts'

type Verb = (state: SimState, names: readonly string[], now: boolean) => ToolAnswer

const isMasked = (state: SimState, name: string): boolean =>
  state.units?.[findUnit(state, name)?.name ?? fullUnitName(name)]?.masked === true

const jobFailed = ({ name }: FoundUnit): string =>
  `Job for ${name} failed because the control process exited with error code.\nSee "systemctl status ${name}" and "journalctl -xeu ${name}" for details.\n`

/** Each unit in turn; the exit code is that of the last one that failed. */
function each(names: readonly string[], one: (name: string) => ToolAnswer): ToolAnswer {
  let all = answer(0)
  for (const name of names) {
    const { exitCode, stdout, stderr } = one(name)
    all = answer(exitCode === 0 ? all.exitCode : exitCode, all.stdout + stdout, all.stderr + stderr)
  }
  return all
}

function job(word: string, work: (state: SimState, unit: FoundUnit) => string | undefined): Verb {
  return (state, names) =>
    each(names, (name) => {
      const full = fullUnitName(name)
      const unit = findUnit(state, name)
      if (full.endsWith('.device'))
        return answer(3, '', `Failed to ${word} ${full}: Job type ${word} is not applicable for unit ${full}.\n`)
      if (!unit && !isMasked(state, name)) {
        const what = word === 'stop' ? 'loaded' : 'found'
        return answer(5, '', `Failed to ${word} ${full}: Unit ${full} not ${what}.\n`)
      }
      if (!unit || (isMasked(state, name) && word !== 'stop'))
        return answer(1, '', `Failed to ${word} ${full}: Unit ${full} is masked.\n`)
      const why = work(state, unit)
      return why === undefined ? answer(0) : answer(1, '', jobFailed(unit))
    })
}

function reloadUnit(state: SimState, unit: FoundUnit): string | undefined {
  if (!recordOf(state, unit).active) return 'it is not active'
  return unit.behaviour.reload?.(state)
}

function restartUnit(state: SimState, unit: FoundUnit): string | undefined {
  stopUnit(state, unit)
  return startUnit(state, unit)
}

const wants = (name: string): string =>
  name.endsWith('.socket')
    ? 'sockets.target.wants'
    : name.endsWith('.timer')
      ? 'timers.target.wants'
      : 'multi-user.target.wants'

const linkOf = (name: string): string => `/etc/systemd/system/${wants(name)}/${name}`

const noInstall = `The unit files have no installation config (WantedBy=, RequiredBy=, UpheldBy=,
Also=, or Alias= settings in the [Install] section, and DefaultInstance= for
template units). This means they are not meant to be enabled or disabled using systemctl.
\u0020
Possible reasons for having these kinds of units are:
* A unit may be statically enabled by being symlinked from another unit's
  .wants/, .requires/, or .upholds/ directory.
* A unit's purpose may be to act as a helper for some other unit which has
  a requirement dependency on it.
* A unit may be started when needed via activation (socket, path, timer,
  D-Bus, udev, scripted systemctl call, ...).
* In case of template units, the unit is meant to be enabled with some
  instance name specified.
`

const absent = (word: string, name: string): ToolAnswer =>
  answer(1, '', `Failed to ${word} unit: Unit ${fullUnitName(name)} does not exist\n`)

const enable: Verb = (state, names, now) =>
  each(names, (name) => {
    if (isMasked(state, name)) {
      const path = `/etc/systemd/system/${fullUnitName(name)}`
      return answer(1, '', `Failed to enable unit: Unit ${path} is masked\n`)
    }
    const unit = findUnit(state, name)
    if (!unit) return absent('enable', name)
    if (unit.isStatic) return answer(0, '', noInstall)
    const record = recordOf(state, unit)
    const said = record.enabled ? '' : `Created symlink '${linkOf(unit.name)}' -> '${unit.path}'.\n`
    record.enabled = true
    const why = now ? startUnit(state, unit) : undefined
    return why === undefined ? answer(0, '', said) : answer(1, '', said + jobFailed(unit))
  })

const disable: Verb = (state, names, now) =>
  each(names, (name) => {
    const unit = findUnit(state, name)
    const record = unit ? recordOf(state, unit) : state.units?.[fullUnitName(name)]
    // What is left of a unit whose file is gone can be disabled (scene 50).
    if (!record?.enabled && !unit) return absent('disable', name)
    const said = record?.enabled ? `Removed '${linkOf(unit?.name ?? fullUnitName(name))}'.\n` : ''
    if (record) record.enabled = false
    if (now && unit) stopUnit(state, unit)
    return answer(0, '', said)
  })

const mask: Verb = (state, names, now) =>
  each(names, (name) => {
    const unit = findUnit(state, name)
    const full = unit?.name ?? fullUnitName(name)
    const path = `/etc/systemd/system/${full}`
    if (state.files[path] !== undefined) return answer(1, '', `Failed to mask unit: File '${path}' already exists.\n`)
    state.units ??= {}
    const record = state.units[full] ?? { enabled: false, active: false }
    const isNew = record.masked !== true
    state.units[full] = { ...record, masked: true }
    if (now && unit) stopUnit(state, unit)
    const warning = unit ? '' : `Unit ${full} does not exist, proceeding anyway.\n`
    return answer(0, '', warning + (isNew ? `Created symlink '${path}' -> '/dev/null'.\n` : ''))
  })

const unmask: Verb = (state, names) =>
  each(names, (name) => {
    const full = findUnit(state, name)?.name ?? fullUnitName(name)
    const record = state.units?.[full]
    if (record?.masked !== true) return answer(0)
    delete record.masked
    return answer(0, '', `Removed '/etc/systemd/system/${full}'.\n`)
  })

const activity = (state: SimState, name: string): string => {
  const record = state.units?.[findUnit(state, name)?.name ?? '']
  return record?.failed === undefined ? (record?.active ? 'active' : 'inactive') : 'failed'
}

/** rc 0 when one of them is active (scene 49). */
const isActive: Verb = (state, names) => {
  const states = names.map((name) => activity(state, name))
  const isAnyKnown = names.some((name) => findUnit(state, name))
  const exitCode = states.includes('active') ? 0 : isAnyKnown ? 3 : 4
  return answer(exitCode, states.map((text) => `${text}\n`).join(''))
}

const isFailed: Verb = (state, names) => {
  const states = names.map((name) => activity(state, name))
  return answer(states.includes('failed') ? 0 : 1, states.map((text) => `${text}\n`).join(''))
}

const isEnabled: Verb = (state, names) => {
  const states = names.map((name) => enablement(state, name))
  const good = states.some((text) => ['enabled', 'static', 'alias'].includes(text))
  const exitCode = good ? 0 : states.every((text) => text === 'not-found') ? 4 : 1
  return answer(exitCode, states.map((text) => `${text}\n`).join(''))
}

function enablement(state: SimState, name: string): string {
  if (isMasked(state, name)) return 'masked'
  const unit = findUnit(state, name)
  if (!unit) return 'not-found'
  if (unit.name !== fullUnitName(name)) return 'alias'
  if (unit.isStatic) return 'static'
  return state.units?.[unit.name]?.enabled ? 'enabled' : 'disabled'
}

const status: Verb = (state, names) =>
  each(names, (name) => {
    const unit = findUnit(state, name)
    if (!unit) return answer(4, '', `Unit ${fullUnitName(name)} could not be found.\n`)
    const word = activity(state, name)
    return answer(word === 'active' ? 0 : 3, `${unit.name}\n     Active: ${word}\n`)
  })

/** Whatever has failed makes all of it `degraded` (systemctl(1)). */
const isSystemRunning: Verb = (state) => {
  const power = placeOf(state)?.guest.power
  if (power && state.now < power.readyAt) return answer(1, 'starting\n')
  const hasFailed = Object.values(state.units ?? {}).some(({ failed }) => failed !== undefined)
  return hasFailed ? answer(1, 'degraded\n') : answer(0, 'running\n')
}

const resetFailed: Verb = (state, names) => {
  const units = names.length === 0 ? Object.keys(state.units ?? {}) : names.map(fullUnitName)
  for (const name of units) {
    const job = jobOf(state, name)
    if (job && state.units?.[name]?.failed !== undefined) unload(state, job)
    delete state.units?.[name]?.failed
  }
  return answer(0)
}

const restart = job('restart', restartUnit)
const verbs: Readonly<Record<string, Verb>> = {
  start: job('start', startUnit),
  stop: job('stop', (state, unit) => {
    stopUnit(state, unit)
    return undefined
  }),
  restart,
  reload: job('reload', reloadUnit),
  'reload-or-restart': job('reload-or-restart', (state, unit) =>
    recordOf(state, unit).active && unit.behaviour.reload ? reloadUnit(state, unit) : restartUnit(state, unit),
  ),
  'try-restart': (state, names) =>
    restart(
      state,
      names.filter((name) => activity(state, name) === 'active'),
      false,
    ),
  enable,
  disable,
  mask,
  unmask,
  'is-active': isActive,
  'is-failed': isFailed,
  'is-enabled': isEnabled,
  'is-system-running': isSystemRunning,
  status,
  'reset-failed': resetFailed,
  'daemon-reload': (state) => {
    rereadUnitFiles(state)
    return answer(0)
  },
  reboot: (state) => leave(state, 'anew'),
  poweroff: (state) => leave(state, 'down'),
}

/** A guest goes by itself, after its answer. */
function leave(state: SimState, how: 'down' | 'anew'): ToolAnswer {
  const place = placeOf(state)
  if (place) askToLeave(place, how)
  else if (how === 'anew') return sim(state, { args: ['reboot'], stdin: '' })
  else throw new NotSimulated('a host that is switched off')
  return answer(0)
}

const warning = (name: string): string =>
  `Warning: The unit file, source configuration file or drop-ins of ${name} changed on disk. Run 'systemctl daemon-reload' to reload units.\n`

export const systemctl: Tool = (state, { args }) => {
  const options = readOptions('systemctl', args, [
    '-p --property=',
    '--value',
    '--now',
    '-q --quiet',
    '--no-pager',
    '--no-legend',
    '--plain',
    '--no-block',
    '--no-ask-password',
  ])
  const [word = '', ...names] = options.operands
  if (word === 'show') {
    const asked = options.given.flatMap(([name, value]) => (name === '-p' ? value.split(',') : []))
    return answer(0, showUnits(state, names, asked, has(options, '--value')))
  }
  const verb = Object.hasOwn(verbs, word) ? verbs[word] : undefined
  if (!verb || optionValue(options, '-p') !== undefined) throw new NotSimulated(`systemctl ${args.join(' ')}`)
  const isLooking = word.startsWith('is-') || word === 'status'
  if (!isLooking) readUnitFiles(state, names)
  const outdated = /start$/.test(word) ? names.map(fullUnitName).filter((name) => isOutdated(state, name)) : []
  const given = verb(state, names, has(options, '--now'))
  if (outdated.length > 0) return { ...given, stderr: outdated.map(warning).join('') + given.stderr }
  const isQuiet = has(options, '-q') && word.startsWith('is-')
  return isQuiet ? { ...given, stdout: '' } : given
}

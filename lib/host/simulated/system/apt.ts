/** apt-get, apt-mark, apt-cache: refusals are exit code 100 (services.jsonl scenes 52 to 60). */
import { has, type Options, optionValue, readOptions } from '../disk-tools/options.ts'
import type { SimState } from '../model.ts'
import { answer, NotSimulated, type Tool, type ToolAnswer } from '../tool.ts'
import { hasLists, readSources, type Source, update } from './apt-sources.ts'
import { allPackages, candidateOf, isInstalled } from './catalogue.ts'
import { wasInterrupted } from './dpkg.ts'
import { setUp, takeAway, withDependencies, withDependents } from './install.ts'
import { dpkgLocked, frontendLock, holder } from './locks.ts'
import { systemOf } from './state.ts'

interface Run {
  readonly state: SimState
  readonly options: Options
  readonly names: readonly string[]
  readonly sources: readonly Source[]
}

const reading = 'Reading package lists...\nBuilding dependency tree...\nReading state information...\n'
const indented = (names: readonly string[]): string => `  ${[...names].sort().join(' ')}\n`

const versionNow = (state: SimState, name: string): string => state.packages?.[name]?.version ?? ''

const setting = (options: Options, name: string): string | undefined =>
  options.given
    .filter(([given]) => given === '-o')
    .map(([, value]) => value.split(/=(.*)/s))
    .findLast(([key]) => key?.toLowerCase() === name.toLowerCase())?.[1]

/** Waited for only with DPkg::Lock::Timeout (scene 54). Nobody else does anything here while apt waits. */
function locked({ state, options }: Run): ToolAnswer | null {
  const held = holder(state)
  if (!held) return null
  const by = `Could not get lock ${frontendLock}. It is held by process ${held.pid} (${held.name})`
  const unable = `E: Unable to acquire the dpkg frontend lock (${frontendLock}), is another process using it?\n`
  const seconds = Number(setting(options, 'DPkg::Lock::Timeout') ?? 0)
  if (seconds === 0) return answer(100, '', `E: ${by}\n${unable}`)
  return answer(100, `Waiting for cache lock: ${by}...\n`.repeat(seconds), unable)
}

interface Work {
  readonly fresh: readonly string[]
  readonly newer: readonly string[]
  readonly gone: readonly string[]
}

const sentence = ({ fresh, newer, gone }: Work, left: number): string =>
  `${newer.length} upgraded, ${fresh.length} newly installed, ${gone.length} to remove and ${left} not upgraded.\n`

const isUpgradable = (state: SimState, name: string): boolean =>
  isInstalled(state, name) && candidateOf(state, name) !== versionNow(state, name) && hasLists(state)

const upgradable = (state: SimState): string[] =>
  Object.keys(state.packages ?? {}).filter((name) => allPackages().has(name) && isUpgradable(state, name))

/** Says what it is about to do, and does it unless it only simulates. */
function carryOut(run: Run, work: Work, asked: readonly string[], purge = false): ToolAnswer {
  const { state, options } = run
  const { fresh, newer, gone } = work
  const come = fresh.filter((name) => !asked.includes(name))
  const touched = [...newer, ...gone].filter((name) => state.system?.held?.includes(name))
  const stars = gone.map((name) => (purge ? `${name}*` : name))
  const head = [
    reading,
    come.length > 0 ? `The following additional packages will be installed:\n${indented(come)}` : '',
    gone.length > 0 ? `The following packages will be REMOVED:\n${indented(stars)}` : '',
    fresh.length > 0 ? `The following NEW packages will be installed:\n${indented(fresh)}` : '',
    touched.length > 0 ? `The following held packages will be changed:\n${indented(touched)}` : '',
    newer.length > 0 ? `The following packages will be upgraded:\n${indented(newer)}` : '',
    sentence(work, upgradable(state).filter((name) => !newer.includes(name)).length),
  ].join('')
  if (touched.length > 0 && !has(options, '--allow-change-held-packages'))
    return answer(100, head, 'E: Held packages were changed and -y was used without --allow-change-held-packages.\n')
  if (has(options, '-s')) return answer(0, head + simulated(state, work))
  const isNothing = fresh.length + newer.length + gone.length === 0
  if (isNothing) return answer(0, head)
  if (!has(options, '-y')) return answer(1, `${head}Do you want to continue? [Y/n] Abort.\n`)
  for (const name of gone) takeAway(state, name, purge)
  for (const name of [...fresh, ...newer]) setUp(state, name)
  const manual = systemOf(state)
  manual.manual = [...new Set([...(manual.manual ?? []), ...asked])]
  const lines = [
    ...gone.map((name) => `Removing ${name} ...\n`),
    ...[...fresh, ...newer].map((name) => `Setting up ${name} (${versionNow(state, name)}) ...\n`),
  ]
  return answer(0, head + lines.join(''))
}

function simulated(state: SimState, { fresh, newer, gone }: Work): string {
  const version = (name: string): string => candidateOf(state, name) ?? ''
  return [
    ...gone.map((name) => `Remv ${name} [${versionNow(state, name)}]\n`),
    ...fresh.map((name) => `Inst ${name} (${version(name)} localhost [all])\n`),
    ...newer.map((name) => `Inst ${name} [${versionNow(state, name)}] (${version(name)} localhost [all])\n`),
    ...[...fresh, ...newer].map((name) => `Conf ${name} (${version(name)} localhost [all])\n`),
  ].join('')
}

const unavailable = (name: string): string => `Package ${name} is not available, but is referred to by another package.
This may mean that the package is missing, has been obsoleted, or
is only available from another source

`

function install(run: Run): ToolAnswer {
  const { state, names } = run
  const wanted: string[] = []
  for (const word of names) {
    const [name = '', version] = word.split('=')
    const isKnown = isInstalled(state, name) || (allPackages().has(name) && hasLists(state))
    if (!isKnown) return answer(100, reading, `E: Unable to locate package ${name}\n`)
    if (version !== undefined && version !== candidateOf(state, name) && version !== versionNow(state, name))
      return answer(100, reading + unavailable(name), `E: Version '${version}' for '${name}' was not found\n`)
    wanted.push(name)
  }
  const missing = withDependencies(state, wanted)
  const newer = wanted.filter((name) => isUpgradable(state, name))
  const newest = wanted.filter((name) => isInstalled(state, name) && !newer.includes(name))
  const given = carryOut(run, { fresh: missing, newer, gone: [] }, wanted)
  const already = newest.map((name) => `${name} is already the newest version (${versionNow(state, name)}).\n`).join('')
  return { ...given, stdout: given.stdout.replace(reading, reading + already) }
}

const remove =
  (purge: boolean) =>
  (run: Run): ToolAnswer => {
    const { state, names } = run
    const isThere = (name: string): boolean => {
      const status = state.packages?.[name]?.status
      return status === 'installed' || (purge && status === 'config-files')
    }
    const unknown = names.find((name) => !allPackages().has(name) && state.packages?.[name] === undefined)
    if (unknown !== undefined) return answer(100, reading, `E: Unable to locate package ${unknown}\n`)
    const gone = withDependents(state, names.filter(isThere))
    return carryOut(run, { fresh: [], newer: [], gone }, [], purge || has(run.options, '--purge'))
  }

/** `upgrade` installs nothing new; `dist-upgrade` whatever the new versions need (apt-get(8)). */
const upgrade =
  (full: boolean) =>
  (run: Run): ToolAnswer => {
    const { state } = run
    const held = state.system?.held ?? []
    const newer = upgradable(state).filter((name) => !held.includes(name))
    const needed = withDependencies(
      state,
      newer.flatMap((name) => allPackages().get(name)?.depends ?? []).filter((name) => !isInstalled(state, name)),
    )
    const kept = newer.filter((name) => (allPackages().get(name)?.depends ?? []).some((one) => needed.includes(one)))
    const work = full
      ? { fresh: needed, newer, gone: [] }
      : { fresh: [], newer: newer.filter((name) => !kept.includes(name)), gone: [] }
    return carryOut(run, work, [])
  }

const nothingToDo = (run: Run): ToolAnswer => carryOut(run, { fresh: [], newer: [], gone: [] }, [])

const verbs: Readonly<Record<string, (run: Run) => ToolAnswer>> = {
  update: ({ state, sources }) => update(state, sources),
  install,
  remove: remove(false),
  purge: remove(true),
  autoremove: nothingToDo,
  upgrade: upgrade(false),
  'dist-upgrade': upgrade(true),
  'full-upgrade': upgrade(true),
  check: () => answer(0, reading),
  clean: () => answer(0),
}

export const aptGet: Tool = (state, { args }) => {
  const options = readOptions('apt-get', args, [
    '-y --yes --assume-yes',
    '-q --quiet',
    '-s --simulate --dry-run',
    '-o --option=',
    '-f --fix-broken',
    '--no-install-recommends',
    '--allow-change-held-packages',
    '--purge',
    '--allow-releaseinfo-change',
  ])
  const [verb = '', ...names] = options.operands
  const work = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined
  if (!work) throw new NotSimulated(`apt-get ${verb}`)
  const sources = readSources(state)
  if ('exitCode' in sources) return sources
  const run: Run = { state, options, names, sources }
  const isLooking = has(options, '-s') || verb === 'check'
  const held = isLooking ? null : locked(run)
  if (held) return held
  if (!isLooking && verb !== 'update' && wasInterrupted(state))
    return answer(
      100,
      '',
      "E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct the problem. \n",
    )
  return work(run)
}

export const aptMark: Tool = (state, { args: [verb = '', ...names] }) => {
  const held = state.system?.held ?? []
  if (verb === 'showhold') return answer(0, held.map((name) => `${name}\n`).join(''))
  if (verb === 'showmanual') {
    const manual = Object.keys(state.packages ?? {}).filter((name) => isInstalled(state, name))
    return answer(
      0,
      manual
        .filter((name) => names.length === 0 || names.includes(name))
        .map((name) => `${name}\n`)
        .join(''),
    )
  }
  if (verb !== 'hold' && verb !== 'unhold') throw new NotSimulated(`apt-mark ${verb}`)
  const locked = dpkgLocked(state)
  if (locked !== null)
    return answer(
      100,
      '',
      `${locked}E: Sub-process dpkg --set-selections returned an error code (2)\nE: Executing dpkg failed. Are you root?\n`,
    )
  const system = systemOf(state)
  const isHold = verb === 'hold'
  system.held = isHold ? [...new Set([...held, ...names])] : held.filter((name) => !names.includes(name))
  const say = (name: string): string => (isHold ? `${name} set on hold.\n` : `Canceled hold on ${name}.\n`)
  return answer(0, names.map(say).join(''))
}

/** What no repository has is left out without a word (scene 53). */
export const aptCache: Tool = (state, { args }) => {
  const options = readOptions('apt-cache', args, ['-q --quiet', '-o --option='])
  const [verb, ...names] = options.operands
  if (verb !== 'policy' || names.length === 0 || optionValue(options, '-q') === '-')
    throw new NotSimulated(`apt-cache ${args.join(' ')}`)
  const sources = readSources(state)
  if ('exitCode' in sources) return sources
  const blocks = names.map((name) => {
    const installed = isInstalled(state, name) ? versionNow(state, name) : undefined
    const candidate = hasLists(state) ? candidateOf(state, name) : installed
    if (candidate === undefined && installed === undefined) return ''
    const [source] = sources
    const where = source ? `        500 ${source.uri} ${source.suite} Packages\n` : ''
    return `${name}:\n  Installed: ${installed ?? '(none)'}\n  Candidate: ${candidate ?? '(none)'}\n  Version table:\n     ${candidate ?? installed} 500\n${where}`
  })
  return answer(0, blocks.join(''))
}

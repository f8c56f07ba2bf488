/** systemd-run(1) of a service, and what systemd 257 tells of one: it is there as long as it runs, remains, or has failed. */
import type { SimUnit } from '../area.ts'
import { type Options, optionValue, readOptions } from '../disk-tools/options.ts'
import { makeFolders, writeText } from '../filesystem.ts'
import type { SimState } from '../model.ts'
import { nextHex } from '../random.ts'
import { answer, NotSimulated, type Tool, type ToolAnswer } from '../tool.ts'
import { callTool, hasTool } from '../tools.ts'
import { findUnit } from './catalogue.ts'
import { type Act, addJob, advanceJobs, dropJob, type Job } from './job.ts'
import { isToolPath, programOf } from './program.ts'

const folder = '/run/systemd/transient'

const known = [
  '-u --unit=',
  '-p --property=',
  '-r --remain-after-exit',
  '-G --collect',
  '-q --quiet',
  '--no-block',
  '--description=',
  '--service-type=',
  '-E --setenv=',
  '--working-directory=',
]

/** Settings of a unit that change nothing of what is simulated. */
const ignored = ['Description', 'Environment', 'KillMode', 'TimeoutStopSec', 'WorkingDirectory', 'User', 'Group']

interface Settings {
  readonly isOneshot: boolean
  readonly stdout?: string
  readonly stderr?: string
  readonly seconds?: number
}

/** The last of several counts; standard error goes where standard output goes unless told (systemd.exec(5)). */
function settingsOf(options: Options): Settings {
  const given = options.given.flatMap(([name, value]) => (name === '-p' ? [value] : []))
  const values = new Map(given.map((text) => [text.replace(/=.*/s, ''), text.replace(/^[^=]*=/, '')]))
  const take = (name: string): string | undefined => {
    const value = values.get(name)
    values.delete(name)
    return value
  }
  const type = take('Type') ?? optionValue(options, '--service-type') ?? 'simple'
  const [output, errors, limit] = [take('StandardOutput'), take('StandardError'), take('RuntimeMaxSec')]
  for (const name of ignored) values.delete(name)
  const isKnown = ['simple', 'exec', 'oneshot'].includes(type) && /^(\d+s?|infinity)$/.test(limit ?? '0')
  if (values.size > 0 || !isKnown) throw new NotSimulated(`systemd-run ${given.join(' ')}`)
  const stdout = fileOf(output)
  const stderr = errors === undefined || errors === 'inherit' ? stdout : fileOf(errors)
  return {
    isOneshot: type === 'oneshot',
    ...(stdout === undefined ? {} : { stdout }),
    ...(stderr === undefined ? {} : { stderr }),
    ...(limit === undefined || limit === 'infinity' ? {} : { seconds: Number.parseInt(limit, 10) }),
  }
}

function fileOf(output: string | undefined): string | undefined {
  if (output === undefined || output === 'journal') return undefined
  const path = /^append:(\/.*)$/.exec(output)?.[1]
  if (path === undefined) throw new NotSimulated(`StandardOutput=${output}`)
  return path
}

export const systemdRun: Tool = (state, { args }) => {
  const end = args.indexOf('--')
  const start = end >= 0 ? end : args.findIndex((word) => !word.startsWith('-'))
  const argv = args.slice(end >= 0 ? end + 1 : start)
  const options = readOptions('systemd-run', args.slice(0, start), known)
  const unit = optionValue(options, '-u')
  if (start < 0 || unit === undefined || argv.length === 0) throw new NotSimulated(`systemd-run ${args.join(' ')}`)
  const name = unit.endsWith('.service') ? unit : `${unit}.service`
  const settings = settingsOf(options)
  const given = new Set(options.given.map(([option]) => option))
  if (settings.isOneshot && !given.has('--no-block')) throw new NotSimulated('systemd-run that waits for a oneshot')
  const program = startable(state, argv)
  if ('exitCode' in program) return program
  if (findUnit(state, name)) {
    const fault = `Unit ${name} was already loaded or has a fragment file.`
    return answer(1, '', `Failed to start transient service unit: ${fault}\n`)
  }
  makeFolders(state, folder)
  writeText(state, `${folder}/${name}`, `[Unit]\n[Service]\nExecStart="${argv.join('" "')}"\n`)
  state.units = { ...state.units, [name]: { enabled: false, active: true } }
  const { isOneshot, seconds, ...outputs } = settings
  const invocation = nextHex(state, 32)
  const made = { name, isOneshot, remains: given.has('-r'), invocation, ...outputs }
  addJob(state, { argv, left: within(program, state.now, seconds), unit: made })
  advance(state)
  if (given.has('-q')) return answer(0)
  return answer(0, '', `Running as unit: ${name}; invocation ID: ${invocation}\n`)
}

/** A tool does its work at once; one that can't be found is refused by systemd-run itself. */
function startable(state: SimState, argv: readonly string[]): Act[] | ToolAnswer {
  const [name = ''] = argv
  const program = programOf(state, argv)
  const refused = (why: string): ToolAnswer => answer(1, '', `Failed to find executable ${name}: ${why}\n`)
  if (program !== undefined && 'exitCode' in program)
    return refused(program.exitCode === 127 ? 'No such file or directory' : 'Permission denied')
  if (program !== undefined) return program
  if (!hasTool(state, isToolPath(name) ? name.slice(name.lastIndexOf('/') + 1) : name))
    return refused('No such file or directory')
  const { exitCode, stdout, stderr } = callTool(state, argv)
  const at = state.now
  return [
    { at, kind: 'says', text: stdout },
    { at, kind: 'complains', text: stderr },
    { at, kind: 'ends', exitCode },
  ]
}

/** TERM when its time is over. */
function within(acts: readonly Act[], now: number, seconds: number | undefined): Act[] {
  if (seconds === undefined || (acts.at(-1)?.at ?? 0) <= now + seconds) return [...acts]
  const at = now + seconds
  return [...acts.filter((act) => act.at < at), { at, kind: 'ends', signal: 15, isTimeout: true }]
}

export const jobOf = (state: SimState, unit: string): Job | undefined =>
  state.jobs?.find((job) => job.unit?.name === unit)

const hasFailed = ({ end }: Job): boolean => end !== undefined && end.exitCode !== 0

/** Time has passed: programs go on, and units whose program has ended are let go unless there is a reason to keep them. */
export function advance(state: SimState): void {
  advanceJobs(state)
  for (const job of state.jobs ?? []) {
    const record = job.unit && state.units?.[job.unit.name]
    if (!job.unit || !record || job.end === undefined) continue
    if (hasFailed(job)) Object.assign(record, { active: false, failed: resultOf(job) })
    else if (!job.unit.remains) unload(state, job)
  }
}

export function unload(state: SimState, job: Job): void {
  dropJob(state, job)
  delete state.units?.[job.unit?.name ?? '']
  delete state.files[`${folder}/${job.unit?.name}`]
}

/** Undefined when the unit is none of these. */
export function transientUnit(state: SimState, name: string): SimUnit | undefined {
  const job = jobOf(state, name)
  return job && { stop: (of) => unload(of, job) }
}

export const resultOf = ({ end }: Job): string => {
  if (end?.isTimeout) return 'timeout'
  if (end?.signal !== undefined) return 'signal'
  return (end?.exitCode ?? 0) === 0 ? 'success' : 'exit-code'
}

/** CLD_EXITED, CLD_KILLED (sigaction(2)). */
const exited = '1'
const killed = '2'

/** What `systemctl show` says of it beyond what it says of every service. */
export function shownOf(job: Job): Readonly<Record<string, string>> {
  const { end, pid, unit } = job
  const status = end?.signal ?? end?.exitCode ?? 0
  const isStarting = end === undefined && unit?.isOneshot === true
  const state = end === undefined ? (isStarting ? 'activating' : 'active') : hasFailed(job) ? 'failed' : 'active'
  return {
    Type: unit?.isOneshot ? 'oneshot' : 'simple',
    RemainAfterExit: unit?.remains ? 'yes' : 'no',
    MainPID: end === undefined ? String(pid) : '0',
    Result: resultOf(job),
    ExecMainPID: String(pid),
    ExecMainCode: end === undefined ? '0' : end.signal === undefined ? exited : killed,
    ExecMainStatus: String(status),
    ActiveState: state,
    SubState: end === undefined ? (isStarting ? 'start' : 'running') : hasFailed(job) ? 'failed' : 'exited',
    UnitFileState: 'transient',
    InvocationID: unit?.invocation ?? '',
  }
}

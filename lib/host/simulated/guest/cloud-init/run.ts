/** What cloud-init 25.1 did at the last boot, and `cloud-init status`, which tells it (cloudinit/cmd/status.py). */
import { has, optionValue, readOptions } from '../../disk-tools/options.ts'
import { writeText } from '../../filesystem.ts'
import type { SimState } from '../../model.ts'
import { answer, NotSimulated, type Tool, type ToolAnswer } from '../../tool.ts'

export interface CloudInitRun {
  readonly source: string
  readonly start: number
  readonly finished: number
  /** By the stage in which they came. */
  readonly errors: readonly Trouble[]
  readonly warnings: readonly Trouble[]
}

export interface Trouble {
  readonly stage: Stage
  readonly text: string
}

const stages = ['init-local', 'init', 'modules-config', 'modules-final'] as const
export type Stage = (typeof stages)[number]

export const isOver = (state: SimState): boolean =>
  state.cloudInit !== undefined && state.now >= state.cloudInit.finished

/** What went wrong in one stage is part of its record in status.json. */
function recordOf(run: CloudInitRun, stage: Stage, isDone: boolean) {
  const textsOf = (troubles: readonly Trouble[]): string[] =>
    troubles.flatMap((trouble) => (trouble.stage === stage ? [trouble.text] : []))
  const warnings = textsOf(run.warnings)
  return {
    errors: textsOf(run.errors),
    finished: isDone ? run.finished : null,
    recoverable_errors: warnings.length === 0 ? {} : { WARNING: warnings },
    start: run.start,
  }
}

const dateOf = (seconds: number): string => new Date(seconds * 1000).toUTCString().replace('GMT', '+0000')

interface Details {
  readonly run: CloudInitRun | undefined
  readonly status: string
  readonly extended: string
  readonly exitCode: number
}

function detailsOf(state: SimState): Details {
  const run = state.cloudInit
  // Without a drive for it, it is switched off at the boot (ds-identify).
  const running = run === undefined ? 'disabled' : isOver(state) ? 'done' : 'running'
  // Troubles come in the last stages: while it runs they are not there yet.
  if (!run || running === 'running') return { run, status: running, extended: running, exitCode: 0 }
  if (run.errors.length > 0) return { run, status: 'error', extended: `error - ${running}`, exitCode: 1 }
  if (run.warnings.length > 0) return { run, status: running, extended: `degraded ${running}`, exitCode: 2 }
  return { run, status: running, extended: running, exitCode: 0 }
}

export const cloudInit: Tool = (state, { args: [verb = '', ...rest] }) => {
  if (verb === '--version') return answer(0, '/usr/bin/cloud-init 25.1.4-1+deb13u1\n')
  if (verb === 'clean') return clean(state, rest)
  if (verb !== 'status') throw new NotSimulated(`cloud-init ${verb}`)
  const options = readOptions('cloud-init status', rest, ['-l --long', '-w --wait', '--format='])
  const waits = has(options, '-w')
  if (waits && state.cloudInit) state.now = Math.max(state.now, state.cloudInit.finished)
  const details = detailsOf(state)
  const format = optionValue(options, '--format') ?? 'tabular'
  if (format === 'json') return answer(details.exitCode, `${jsonOf(details, isOver(state))}\n`)
  if (format !== 'tabular') throw new NotSimulated(`cloud-init status --format ${format}`)
  const lines = [`${waits ? '\n' : ''}status: ${details.status}`, ...(has(options, '-l') ? longLines(details) : [])]
  return answer(details.exitCode, `${lines.join('\n')}\n`)
}

/** It takes away what it remembers of this instance, so that the next boot is a first one (cloudinit/cmd/clean.py). */
function clean(state: SimState, args: readonly string[]): ToolAnswer {
  const options = readOptions('cloud-init clean', args, ['-l --logs', '--machine-id'])
  const gone = ['/var/lib/cloud/', ...(has(options, '-l') ? ['/var/log/cloud-init'] : [])]
  for (const path of Object.keys(state.files)) if (gone.some((one) => path.startsWith(one))) delete state.files[path]
  // Whoever boots it makes a new one: first-boot(7), "ConditionFirstBoot".
  if (has(options, '--machine-id')) writeText(state, '/etc/machine-id', 'uninitialized\n', 0o444)
  return answer(0)
}

const bootCode = (run: CloudInitRun | undefined): string => `${run ? 'enabled' : 'disabled'}-by-generator`
const detail = (run: CloudInitRun | undefined): string => run?.source ?? 'Cloud-init disabled by cloud-init-generator'

function longLines({ run, extended, status }: Details): string[] {
  const told = status === 'running' ? undefined : run
  const [errors, warnings] = [told?.errors ?? [], told?.warnings ?? []].map((all) =>
    all.map(({ text }) => `\t- ${text}`),
  )
  return [
    `extended_status: ${extended}`,
    `boot_status_code: ${bootCode(run)}`,
    ...(run ? [`last_update: ${dateOf(told ? run.finished : run.start)}`] : []),
    `detail: ${detail(run)}`,
    ...(errors?.length ? ['errors:', ...errors] : ['errors: []']),
    ...(warnings?.length ? ['recoverable_errors:', 'WARNING:', ...warnings] : ['recoverable_errors: {}']),
  ]
}

/** Keys by alphabet, also of the stages. */
function jsonOf({ run, extended, status }: Details, isDone: boolean): string {
  const told = isDone ? run : run && { ...run, errors: [], warnings: [] }
  const record = told && Object.fromEntries(stages.map((stage) => [stage, recordOf(told, stage, isDone)]))
  const warnings = told?.warnings.map(({ text }) => text) ?? []
  const all: Record<string, unknown> = {
    boot_status_code: bootCode(run),
    datasource: run?.source.replace(/^DataSource(\w+).*/, '$1').toLowerCase() ?? '',
    detail: detail(run),
    errors: told?.errors.map(({ text }) => text) ?? [],
    extended_status: extended,
    last_update: run ? dateOf(isDone ? run.finished : run.start) : '',
    recoverable_errors: warnings.length === 0 ? {} : { WARNING: warnings },
    ...(run && { stage: isDone ? null : 'modules-final' }),
    status,
    ...record,
  }
  return JSON.stringify(
    Object.fromEntries(Object.entries(all).sort(([one], [other]) => (one < other ? -1 : 1))),
    null,
    2,
  )
}

/** Programs that take their time: what is left of them to be done, and what became of those that have ended. */
import { writeText } from '../filesystem.ts'
import type { SimState } from '../model.ts'
import { callTool } from '../tools.ts'
import { systemOf } from './state.ts'

/** `at` is when, in seconds of the system's time. */
export type Act = { readonly at: number } & (
  | { readonly kind: 'says' | 'complains'; readonly text: string }
  | { readonly kind: 'writes'; readonly path: string; readonly text: string }
  | { readonly kind: 'runs'; readonly argv: readonly string[] }
  | ({ readonly kind: 'ends' } & End)
)

/** By itself, or by a signal; `timeout`: its unit's RuntimeMaxSec was over. */
export interface End {
  readonly exitCode?: number
  readonly signal?: number
  readonly isTimeout?: true
}

export interface Job {
  readonly pid: number
  readonly argv: readonly string[]
  readonly since: number
  /** What is still to come, in order. */
  left: Act[]
  stdout: string
  stderr: string
  end?: End & { readonly at: number }
  /** The unit that it is the main process of. */
  readonly unit?: JobUnit
}

export interface JobUnit {
  readonly name: string
  readonly isOneshot: boolean
  /** RemainAfterExit. */
  readonly remains: boolean
  readonly invocation: string
  /** Files to which its outputs are appended, instead of to the journal. */
  readonly stdout?: string
  readonly stderr?: string
}

/** A number is not handed out twice until the next boot. */
export function addJob(state: SimState, job: Pick<Job, 'argv' | 'left' | 'unit'>): Job {
  const system = systemOf(state)
  system.lastPid = (system.lastPid ?? 700) + 1
  const added: Job = { ...job, pid: system.lastPid, since: state.now, stdout: '', stderr: '' }
  state.jobs = [...(state.jobs ?? []), added]
  return added
}

export function dropJob(state: SimState, job: Job): void {
  const others = (state.jobs ?? []).filter((each) => each !== job)
  if (others.length === 0) delete state.jobs
  else state.jobs = others
}

/** Does what is due by now. It is taken out first: a tool that is run on the way comes by here again. */
export function advanceJobs(state: SimState): void {
  const { now } = state
  for (const job of state.jobs ?? []) {
    const due = job.left.filter(({ at }) => at <= now)
    job.left = job.left.slice(due.length)
    for (const act of due) perform(state, job, act)
  }
  state.now = now
}

/** To its end, however long that takes. */
export function finishJob(state: SimState, job: Job): void {
  for (const act of job.left.splice(0)) {
    state.now = Math.max(state.now, act.at)
    perform(state, job, act)
  }
}

function perform(state: SimState, job: Job, act: Act): void {
  switch (act.kind) {
    case 'says':
      hear(state, job, 'stdout', act.text)
      return
    case 'complains':
      hear(state, job, 'stderr', act.text)
      return
    case 'writes': {
      const fault = writeText(state, act.path, `${act.text}\n`)
      if (fault !== null) hear(state, job, 'stderr', `${job.argv[0]}: cannot create ${act.path}: ${fault}\n`)
      return
    }
    case 'runs': {
      const { stdout, stderr } = callTool(state, act.argv)
      hear(state, job, 'stdout', stdout)
      hear(state, job, 'stderr', stderr)
      return
    }
    case 'ends': {
      const { kind, ...end } = act
      job.left = []
      job.end = end
    }
  }
}

function hear(state: SimState, job: Job, output: 'stdout' | 'stderr', text: string): void {
  if (text === '') return
  const file = job.unit?.[output]
  if (file === undefined) job[output] += text
  else writeText(state, file, (state.files[file]?.content ?? '') + text)
}

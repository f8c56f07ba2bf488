/** Executing one change: its steps in order, each journaled ahead, each seen by the view. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type CommandResult, FileRefused } from '../host/host.ts'
import { type Journal, tail } from '../state/journal.ts'
import type { FailureShown } from './events.ts'
import { Hopeless } from './hopeless.ts'
import type { Change, Step } from './resource.ts'
import { revealed } from './secret.ts'
import type { Running } from './session.ts'

/** What a running task needs of the run. */
export interface RunContext {
  readonly running: Running
  readonly journal: Journal
  /** Counts what changed the host. */
  countMutation(): void
}

/** Ctrl-C between two steps: not a failure, but the change is half done. */
export class Interrupted extends Error {}

/** A step failed; the message for a person is in `failure`. */
export class StepFailed extends Error {
  readonly failure: FailureShown

  constructor(failure: FailureShown) {
    super(failure.what)
    this.failure = failure
  }
}

/**
 * Executes a change. `marked` resolves once the task's stamp says "unfinished" on disk: no step changes the host before
 * that and before its own intent is in the journal.
 */
export async function execute(task: string, change: Change, context: RunContext, marked: Promise<void>): Promise<void> {
  const { running, journal } = context
  const { resource, action, risk, summary, fields, undo } = change
  const number = journal.nextChange()
  const started = performance.now()
  journal.note({ type: 'change', change: number, task, resource, action, risk, summary, fields, undo })
  running.emit({ type: 'change-start', task, resource, action, summary })
  let ok = false
  let why: string | null = null
  try {
    for (const [index, step] of change.steps.entries()) {
      if (running.stop.stopping) throw new Interrupted()
      await executeStep(task, change, step, { number, index: index + 1, marked }, context)
    }
    ok = true
  } catch (error) {
    why = error instanceof Error ? error.message : String(error)
    throw error
  } finally {
    journal.note({ type: 'changed', change: number, ok, why })
    running.emit({ type: 'change-end', task, resource, ok, durationMs: Math.round(performance.now() - started) })
  }
}

interface Place {
  /** Number of the change in the journal, and of the step in the change. */
  readonly number: number
  readonly index: number
  readonly marked: Promise<void>
}

async function executeStep(task: string, change: Change, step: Step, place: Place, context: RunContext): Promise<void> {
  const { running, journal } = context
  const { number, index } = place
  switch (step.kind) {
    case 'verify': {
      const wrong = await verified(step, running, (said) => {
        const text = running.secrets.redact(said)
        journal.note({ type: 'output', change: number, step: index, text })
        running.emit({ type: 'output', task, text })
      })
      if (wrong !== undefined) throw new StepFailed(verifyFailure(change, step, wrong))
      return
    }
    case 'write': {
      const { path } = step.file
      const before = (await running.reader.readFile(path)) ?? null
      if (step.replaces !== undefined && before !== step.replaces) {
        const wrong = `${path} was changed by someone else since it was looked at`
        throw new StepFailed(verifyFailure(change, { what: `${path} is as the plan found it` }, wrong))
      }
      journal.note({ type: 'intent', change: number, step: index, write: path, before })
      await onFile(place, context, () => running.host.writeFile(step.file)).catch((error) => {
        throw new StepFailed(fileFailure(change, path, error))
      })
      return
    }
    case 'remove': {
      const { path } = step
      const before = (await running.reader.readFile(path)) ?? null
      journal.note({ type: 'intent', change: number, step: index, remove: path, before })
      await onFile(place, context, () => running.host.removeFile(path)).catch((error) => {
        throw new StepFailed(fileFailure(change, path, error))
      })
      return
    }
    case 'command': {
      const call = () => runCommand(task, step, place, context)
      const { passing } = step
      let result = await call()
      const isPassing = passing?.says.some((text) => result.stderr.includes(text)) ?? false
      if (result.exitCode !== 0 && passing && isPassing && !running.stop.stopping) {
        const { timeoutMs } = step
        await runCommand(
          task,
          { argv: passing.settle, ...(timeoutMs === undefined ? {} : { timeoutMs }) },
          place,
          context,
        )
        result = await call()
      }
      let wrong = faultOf(step, result)
      for (let left = step.again?.times ?? 0; wrong && left > 0; left -= 1) {
        await sleep(step.again?.afterMs, undefined, { signal: running.stop.signal }).catch(() => undefined)
        if (running.stop.stopping) throw new Interrupted()
        result = await call()
        wrong = faultOf(step, result)
      }
      if (wrong && running.stop.signal.aborted) throw new Interrupted()
      if (wrong) throw new StepFailed(commandFailure(change, step, result, wrong.why))
      return
    }
  }
}

/** Undefined when it went well; `why` when its judge has words for it. */
function faultOf({ judge }: Step & { kind: 'command' }, result: CommandResult): { why?: string } | undefined {
  if (result.exitCode === null) return {}
  if (!judge) return result.exitCode === 0 ? undefined : {}
  const why = judge(result)
  return why === undefined ? undefined : { why }
}

/** One command: its intent on disk, the call, its result in the journal. */
async function runCommand(
  task: string,
  { argv, timeoutMs, stdin }: Pick<Step & { kind: 'command' }, 'argv' | 'timeoutMs' | 'stdin'>,
  { number, index, marked }: Place,
  { running, journal, countMutation }: RunContext,
): Promise<CommandResult> {
  journal.note({ type: 'intent', change: number, step: index, argv })
  await Promise.all([marked, journal.sync()])
  running.emit({ type: 'command-start', task, argv })
  countMutation()
  const options = {
    signal: running.stop.signal,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(stdin === undefined ? {} : { stdin: revealed(stdin) }),
  }
  const said = await running.host.mutate(argv, options)
  const { redact } = running.secrets
  const result = { ...said, stdout: redact(said.stdout), stderr: redact(said.stderr) }
  const { exitCode, timedOut } = result
  const durationMs = Math.round(result.durationMs)
  const [stdout, stderr] = [tail(result.stdout), tail(result.stderr)]
  journal.note({ type: 'done', change: number, step: index, exitCode, durationMs, stdout, stderr, timedOut })
  running.emit({ type: 'command-end', task, argv, exitCode, durationMs, stdout, stderr })
  return result
}

/** A change of one file, with its result in the journal. */
async function onFile({ number, index, marked }: Place, context: RunContext, work: () => Promise<void>): Promise<void> {
  const { journal, countMutation } = context
  await Promise.all([marked, journal.sync()])
  countMutation()
  const started = performance.now()
  const done = (exitCode: number, stderr: string): void => {
    const durationMs = Math.round(performance.now() - started)
    journal.note({
      type: 'done',
      change: number,
      step: index,
      exitCode,
      durationMs,
      stdout: '',
      stderr,
      timedOut: false,
    })
  }
  try {
    await work()
    done(0, '')
  } catch (error) {
    done(1, error instanceof Error ? error.message : String(error))
    throw error
  }
}

const lookAgainMs = 500

/** Why it is not so, once there is no more time to wait for it. */
async function verified(
  step: Step & { kind: 'verify' },
  running: Running,
  tell: (text: string) => void,
): Promise<string | undefined> {
  const deadline = performance.now() + (step.withinMs ?? 0)
  for (;;) {
    const { wrong, isFinal } = await checked(step, running, tell)
    if (wrong === undefined || isFinal || performance.now() >= deadline) return wrong
    if (running.stop.stopping) throw new Interrupted()
    await sleep(lookAgainMs)
  }
}

async function checked(step: Step & { kind: 'verify' }, { reader }: Running, tell: (text: string) => void) {
  try {
    return { wrong: await step.check(reader, tell), isFinal: false }
  } catch (error) {
    if (!(error instanceof Hopeless)) throw error
    return { wrong: error.message, isFinal: true }
  }
}

function fileFailure(change: Change, path: string, error: unknown): FailureShown {
  const said = error instanceof Error ? error.message : String(error)
  const mend = ['mend what is complained of, then run the same phx command again: it goes on from what it finds']
  if (!(error instanceof FileRefused)) {
    const what = `${change.summary}: ${said}`
    return { what, argv: null, exitCode: null, timedOut: false, stdout: '', stderr: '', mend }
  }
  const { argv, exitCode, timedOut } = error.result
  const what = `${change.summary}: ${argv[0]} refuses the new text of ${path}, which was left as it was: ${said}`
  return {
    what,
    argv,
    exitCode,
    timedOut,
    stdout: tail(error.result.stdout, 4096),
    stderr: tail(error.result.stderr, 4096),
    mend,
  }
}

function verifyFailure(
  change: Change,
  { what, withinMs, mend }: { what: string; withinMs?: number; mend?: readonly string[] },
  wrong: string,
): FailureShown {
  const waited = withinMs === undefined ? '' : ` within ${Math.round(withinMs / 1000)} s`
  return {
    what: `${change.summary}: stopped before going on, since it could not be verified${waited} that ${what}: ${wrong}`,
    argv: null,
    exitCode: null,
    timedOut: false,
    stdout: '',
    stderr: '',
    mend: mend ?? ['see what changed on the host, then run phx plan again'],
  }
}

function commandFailure(
  change: Change,
  { again, mend }: Step & { kind: 'command' },
  result: CommandResult,
  why?: string,
): FailureShown {
  const [tool] = result.argv
  const how = result.notFound
    ? `${tool} is not installed on the host`
    : result.timedOut
      ? `${tool} did not come back within ${Math.round(result.durationMs / 1000)} s and was given up on`
      : result.signal !== null
        ? `${tool} was ended by signal ${result.signal}`
        : (why ?? `${tool} ended with exit code ${result.exitCode}`)
  const often = again === undefined ? '' : `, also at the last of ${again.times + 1} tries`
  return {
    what: `${change.summary}: ${how}${often}`,
    argv: result.argv,
    exitCode: result.exitCode,
    timedOut: result.timedOut,
    stdout: tail(result.stdout, 4096),
    stderr: tail(result.stderr, 4096),
    mend: mend ?? [
      'mend what the tool complains of, then run the same phx command again: it goes on from what it finds',
    ],
  }
}

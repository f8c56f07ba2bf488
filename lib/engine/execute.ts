/** Executing one change: its steps in order, each journaled ahead, each seen by the view. */
import type { Argv, CommandResult } from '../host/host.ts'
import { type Journal, tail } from '../state/journal.ts'
import type { FailureShown } from './events.ts'
import type { Change, Step } from './resource.ts'
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
  const { number, index, marked } = place
  switch (step.kind) {
    case 'verify': {
      const wrong = await step.check(running.reader)
      if (wrong !== undefined) throw new StepFailed(verifyFailure(change, step.what, wrong))
      return
    }
    case 'write': {
      const { path } = step.file
      const before = (await running.reader.readFile(path)) ?? null
      journal.note({ type: 'intent', change: number, step: index, write: path, before })
      await Promise.all([marked, journal.sync()])
      context.countMutation()
      const started = performance.now()
      await running.host.writeFile(step.file)
      const durationMs = Math.round(performance.now() - started)
      journal.note({
        type: 'done',
        change: number,
        step: index,
        exitCode: 0,
        durationMs,
        stdout: '',
        stderr: '',
        timedOut: false,
      })
      return
    }
    case 'command': {
      const call = (argv: Argv) => runCommand(task, argv, step.timeoutMs, place, context)
      let result = await call(step.argv)
      const isPassing = step.passing?.says.some((text) => result.stderr.includes(text)) ?? false
      if (result.exitCode !== 0 && step.passing && isPassing && !running.stop.stopping) {
        await call(step.passing.settle)
        result = await call(step.argv)
      }
      if (result.exitCode !== 0 && running.stop.signal.aborted) throw new Interrupted()
      if (result.exitCode !== 0) throw new StepFailed(commandFailure(change, result))
      return
    }
  }
}

/** One command: its intent on disk, the call, its result in the journal. */
async function runCommand(
  task: string,
  argv: Argv,
  timeoutMs: number | undefined,
  { number, index, marked }: Place,
  { running, journal, countMutation }: RunContext,
): Promise<CommandResult> {
  journal.note({ type: 'intent', change: number, step: index, argv })
  await Promise.all([marked, journal.sync()])
  running.emit({ type: 'command-start', task, argv })
  countMutation()
  const options = { signal: running.stop.signal, ...(timeoutMs === undefined ? {} : { timeoutMs }) }
  const result = await running.host.mutate(argv, options)
  const { exitCode, timedOut } = result
  const durationMs = Math.round(result.durationMs)
  const [stdout, stderr] = [tail(result.stdout), tail(result.stderr)]
  journal.note({ type: 'done', change: number, step: index, exitCode, durationMs, stdout, stderr, timedOut })
  running.emit({ type: 'command-end', task, argv, exitCode, durationMs, stdout, stderr })
  return result
}

function verifyFailure(change: Change, what: string, wrong: string): FailureShown {
  return {
    what: `${change.summary}: stopped before going on, since it could not be verified that ${what}: ${wrong}`,
    argv: null,
    exitCode: null,
    timedOut: false,
    stdout: '',
    stderr: '',
    mend: ['see what changed on the host, then run phx plan again'],
  }
}

function commandFailure(change: Change, result: CommandResult): FailureShown {
  const [tool] = result.argv
  const how = result.notFound
    ? `${tool} is not installed on the host`
    : result.timedOut
      ? `${tool} did not come back within ${Math.round(result.durationMs / 1000)} s and was given up on`
      : result.signal !== null
        ? `${tool} was ended by signal ${result.signal}`
        : `${tool} ended with exit code ${result.exitCode}`
  return {
    what: `${change.summary}: ${how}`,
    argv: result.argv,
    exitCode: result.exitCode,
    timedOut: result.timedOut,
    stdout: tail(result.stdout, 4096),
    stderr: tail(result.stderr, 4096),
    mend: ['mend what the tool complains of, then run the same phx command again: it goes on from what it finds'],
  }
}

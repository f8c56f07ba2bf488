/** The end of a run: what changed, what was already so, what failed and with which command, how to go on. */
import type { FailureShown, Outcome, Summary, TaskResult } from '../../engine/events.ts'
import { mendLines, refusalLines, sign } from '../change.ts'
import type { Paint } from '../paint.ts'
import { count, duration, lastLines, printable, shellWords, some } from '../words.ts'
import type { Story } from './story.ts'

/** So many changes are listed one by one; `phx runs ID` has them all. */
const listed = 40

/** `listChanges` is for the view that has not told every change as it was made. */
export function summaryText(
  story: Story,
  summary: Summary,
  paint: Paint,
  { verbose, listChanges }: { verbose: boolean; listChanges: boolean },
): string {
  const of = (outcome: Outcome): readonly TaskResult[] => summary.tasks.filter((task) => task.outcome === outcome)
  const blocks = [
    listChanges ? changedLines(story, summary, paint) : [],
    of('failed').flatMap((task) => failedLines(task, paint, verbose)),
    of('refused').flatMap((task) => refusedLines(story, task, paint)),
    of('interrupted').map(
      (task) => `${paint.yellow('interrupted')} ${paint.bold(task.task)}: ${printable(task.why ?? '')}`,
    ),
    skippedLines(of('skipped'), paint),
    summary.rebootRequired.map((cause) => `${paint.yellow('reboot required')}: ${printable(cause)}`),
    [verdict(summary, paint), ...summary.next.map((line) => `${paint.cyan('→')} ${printable(line)}`)],
  ]
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n')}\n`
}

function changedLines(story: Story, summary: Summary, paint: Paint): readonly string[] {
  const done = summary.tasks.flatMap((task) =>
    (story.changes.get(task.task) ?? [])
      .filter((change) => change.ok)
      .map((change) => ({ ...change, task: task.task })),
  )
  const lines = done
    .slice(0, listed)
    .map((change) => `  ${sign(change.action)} ${change.task}  ${printable(change.summary)}`)
  if (done.length > listed) lines.push(`  and ${done.length - listed} more: phx runs ${summary.run}`)
  return lines.length > 0 ? [paint.green('changed'), ...lines] : []
}

function failedLines(task: TaskResult, paint: Paint, verbose: boolean): readonly string[] {
  const what = printable(task.failure?.what ?? task.why ?? 'no reason was given')
  return [
    `${paint.red('failed')} ${paint.bold(task.task)} after ${duration(task.durationMs)}: ${what}`,
    ...(task.failure ? failureLines(task.failure, paint, verbose).map((line) => `    ${line}`) : []),
  ]
}

function failureLines(failure: FailureShown, paint: Paint, verbose: boolean): readonly string[] {
  // A bug's stack trace stands where a command's output would.
  const output = failure.argv === null && !verbose ? [] : [...lastLines(failure.stdout), ...lastLines(failure.stderr)]
  const exit = failure.timedOut
    ? 'timed out'
    : failure.exitCode === null
      ? 'ended by a signal'
      : `exit code ${failure.exitCode}`
  return [
    ...(failure.argv === null ? [] : [paint.cyan(`$ ${printable(shellWords(failure.argv))}`), exit]),
    ...output.map((line) => `| ${line}`),
    ...mendLines(failure.mend, paint),
  ]
}

/** Every refusal of the plan, since the result names the first one only; or what was not agreed to, with its losses. */
function refusedLines(story: Story, task: TaskResult, paint: Paint): readonly string[] {
  const plan = story.plans.get(task.task)
  const head = `${paint.red('refused')} ${paint.bold(task.task)}`
  if (plan && plan.refusals.length > 0) {
    return [head, ...plan.refusals.flatMap((refusal) => refusalLines(refusal, paint)).map((line) => `    ${line}`)]
  }
  const missing = plan?.changes.filter((change) => change.consent?.agreed === false) ?? []
  return [
    `${head}: ${printable(task.why ?? '')}`,
    ...missing.flatMap((change) => [
      `    ${sign(change.action)} ${paint.bold(change.resource)} would lose`,
      ...(change.loss?.victims ?? []).map((victim) => `        ${printable(victim)}`),
    ]),
  ]
}

/** One line a reason, not a line a task: only the cause is worth a person's time. */
function skippedLines(tasks: readonly TaskResult[], paint: Paint): readonly string[] {
  const byCause = new Map<string, string[]>()
  for (const task of tasks) byCause.set(task.why ?? '', [...(byCause.get(task.why ?? '') ?? []), task.task])
  return [...byCause].map(([why, names]) => `${paint.yellow('skipped')} ${some(names)}: ${printable(why)}`)
}

function verdict(summary: Summary, paint: Paint): string {
  const took = duration(summary.durationMs)
  const idle = summary.changed + summary.failed + summary.refused + summary.skipped === 0
  if (idle && summary.exitCode === 0 && summary.rebootRequired.length === 0) {
    return paint.green(`Nothing to do: ${count(summary.unchanged, 'task is', 'tasks are')} up to date (${took}).`)
  }
  const parts = [
    `${summary.changed} changed`,
    `${summary.unchanged} already so`,
    ...(summary.failed > 0 ? [paint.red(`${summary.failed} failed`)] : []),
    ...(summary.refused > 0 ? [paint.red(`${summary.refused} refused`)] : []),
    ...(summary.skipped > 0 ? [paint.yellow(`${summary.skipped} skipped`)] : []),
  ]
  const touched =
    summary.mutations === 0 ? 'nothing was touched' : `${count(summary.mutations, 'command')} changed the host`
  const head = { 0: paint.green('Done'), 3: paint.red('Refused'), 130: paint.yellow('Interrupted') }[summary.exitCode]
  return `${head ?? paint.red('Failed')}: ${parts.join(', ')}; ${touched} (${took}).`
}

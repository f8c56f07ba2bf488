/** `phx plan` and `phx run --dry-run` for a person. */
import type { TaskPlan } from '../engine/events.ts'
import type { PlanDocument } from '../engine/session.ts'
import { changeLines, mendLines, noteLine, refusalLines } from './change.ts'
import type { Paint } from './paint.ts'
import { standingSign, standingText } from './standing.ts'
import { count, printable, some } from './words.ts'

export function planText(plan: PlanDocument, paint: Paint, verbose: boolean): string {
  const shown = plan.tasks.filter((task) => verbose || hasContent(task))
  const quiet = plan.tasks.filter((task) => !shown.includes(task)).map((task) => task.task)
  const lines = [
    `Plan for ${paint.bold(plan.host)}, config ${plan.config}, mode ${plan.mode}, targets ${plan.targets.join(' ')}`,
    '',
    ...shown.flatMap((task) => [...taskLines(task, paint), '']),
    ...(quiet.length > 0 ? [`${paint.green('✓')} up to date: ${some(quiet)}`, ''] : []),
    verdict(plan, paint),
  ]
  return `${lines.join('\n')}\n`
}

const hasContent = (task: TaskPlan): boolean =>
  task.reason.standing !== 'up to date' ||
  task.changes.length + task.refusals.length + task.notes.length + task.reboot.length > 0

function taskLines(task: TaskPlan, paint: Paint): readonly string[] {
  const { standing, text } = task.reason
  const title = task.title === task.task ? '' : `  ${printable(task.title)}`
  const needs = task.needs.length > 0 ? [paint.dim(`  after ${some(task.needs)}`)] : []
  return [
    `${standingSign(standing, paint)} ${paint.bold(task.task)}${title}`,
    `  ${standingText(standing, paint)}: ${printable(text)}`,
    ...needs,
    // A refusal's own lines stand with its table below.
    ...(standing === 'unreadable' ? mendLines(task.reason.mend, paint).map((line) => `  ${line}`) : []),
    ...task.refusals.flatMap((refusal) => refusalLines(refusal, paint)).map((line) => `  ${line}`),
    ...task.changes.flatMap((change) => changeLines(change, paint)).map((line) => `  ${line}`),
    ...task.notes.map((note) => `  ${noteLine(note, paint)}`),
    ...task.reboot.map((cause) => `  ${paint.yellow('reboot required')}: ${printable(cause)}`),
  ]
}

function verdict(plan: PlanDocument, paint: Paint): string {
  const { changes, destructive, refusals, consentMissing, unreadable, upToDate, rebootRequired } = plan.summary
  if (changes + refusals + unreadable === 0 && rebootRequired > 0) {
    return paint.yellow(
      `Nothing to do before a reboot of the host: ${count(rebootRequired, 'task waits', 'tasks wait')} for it.`,
    )
  }
  if (changes + refusals + unreadable === 0) {
    return paint.green(`Nothing to do: ${count(upToDate, 'task is', 'tasks are')} up to date.`)
  }
  const tasks = plan.tasks.filter((task) => task.changes.length > 0).length
  const parts = [
    `${count(changes, 'change')} in ${count(tasks, 'task')}`,
    ...(destructive > 0 ? [paint.red(`${destructive} destructive`)] : []),
    ...(refusals > 0 ? [paint.red(`${count(refusals, 'refusal')}`)] : []),
    ...(unreadable > 0 ? [paint.red(`${count(unreadable, 'task')} could not be looked at`)] : []),
    `${count(upToDate, 'task')} up to date`,
  ]
  const targets = plan.targets.join(' ')
  const next =
    refusals > 0
      ? 'A run would be refused, and nothing touched.'
      : consentMissing > 0 && plan.mode !== 'interactive'
        ? `A run would be refused, and nothing touched: ${count(consentMissing, 'destructive change')} nobody agreed to.`
        : changes === 0
          ? 'A run would change nothing, and fail for what could not be looked at.'
          : `${plan.verb === 'run' ? 'Converge' : 'Go on'} with: phx ${plan.verb} ${targets}`
  return `${paint.bold('Plan:')} ${parts.join(', ')}.\n${next}`
}

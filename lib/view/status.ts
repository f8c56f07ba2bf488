/** `phx status` and `phx why` for a person. */
import type { TaskStatus } from '../engine/session.ts'
import { fieldLines, mendLines, noteLine } from './change.ts'
import { type GuestShown, guestLines } from './guests.ts'
import type { Paint } from './paint.ts'
import { standingSign, standingText } from './standing.ts'
import { count, duration, printable, table, when } from './words.ts'

export function statusText(tasks: readonly TaskStatus[], guests: readonly GuestShown[], paint: Paint): string {
  if (tasks.length === 0) return 'The config declares no task.\n'
  const rows = tasks.map((task) => [
    `${standingSign(task.reason.standing, paint)} ${task.task}`,
    standingText(task.reason.standing, paint),
    task.lastRun === null ? '-' : when(task.lastRun),
    task.lastDurationMs === null ? '' : duration(task.lastDurationMs),
    printable(task.reason.text),
  ])
  const upToDate = tasks.filter((task) => task.reason.standing === 'up to date').length
  const inside = guestLines(guests, paint)
  const warnings = tasks.flatMap(({ notes }) => notes.filter(({ level }) => level === 'warning'))
  const told = warnings.map((note) => noteLine(note, paint))
  const end = `${upToDate} of ${count(tasks.length, 'task')} up to date.`
  return `${[...table(rows), '', ...(inside.length > 0 ? [...inside, ''] : []), ...(told.length > 0 ? [...told, ''] : []), end].join('\n')}\n`
}

/** `asked` in full; what it needs only where it is not up to date either, since the reason may lie there. */
export function whyText(asked: readonly TaskStatus[], needed: readonly TaskStatus[], paint: Paint): string {
  const behind = needed.filter((task) => task.reason.standing !== 'up to date')
  const lines = [
    ...asked.flatMap((task) => [...whyLines(task, paint), '']),
    ...(behind.length > 0
      ? [
          'What it needs is not up to date either:',
          ...table(
            behind.map((task) => [`  ${task.task}`, standingText(task.reason.standing, paint), task.reason.text]),
          ),
          '',
        ]
      : []),
  ]
  return `${lines.join('\n').trimEnd()}\n`
}

function whyLines(task: TaskStatus, paint: Paint): readonly string[] {
  const { standing, text, inputs, drift, mend } = task.reason
  const took = task.lastDurationMs === null ? '' : `, in ${duration(task.lastDurationMs)}`
  const stamp =
    task.lastRun === null
      ? 'stamp: none, phx has not converged it here'
      : `stamp: converged ${when(task.lastRun)}${took}, run ${task.run ?? '?'}`
  return [
    `${paint.bold(task.task)}  ${printable(task.title)}`,
    `${standingText(standing, paint)}: ${printable(text)}`,
    ...(inputs.length > 0
      ? ['inputs that changed, from the stamp to the config:', ...indented(fieldLines(inputs))]
      : []),
    ...(drift.length > 0
      ? [
          'outputs that drifted, from what was last applied to what the host shows:',
          ...indented(fieldLines(drift.map((one) => ({ ...one, field: `${one.resource} ${one.field}` })))),
        ]
      : []),
    ...mendLines(mend, paint),
    stamp,
    ...(task.needs.length > 0 ? [`needs: ${task.needs.join(', ')}`] : []),
  ]
}

const indented = (lines: readonly string[]): readonly string[] => lines.map((line) => `  ${line}`)

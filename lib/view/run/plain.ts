/** A run for people without a terminal: one line for each thing that happens, nothing for what was already so. */
import type { RunEvent } from '../../engine/events.ts'
import { noteLine, sign } from '../change.ts'
import type { Screen } from '../screen.ts'
import { count, duration, lastLines, printable, shellWords } from '../words.ts'
import { Story } from './story.ts'
import { summaryText } from './summary.ts'
import type { RunView } from './view.ts'

export function plainView(screen: Screen, verbose: boolean): RunView {
  const story = new Story()
  return {
    emit(event) {
      story.take(event)
      if (event.type === 'warning') screen.err(warningText(event.text, screen))
      else for (const line of eventLines(event, screen, verbose)) screen.out(`${line}\n`)
    },
    close() {
      if (story.summary)
        screen.out(`\n${summaryText(story, story.summary, screen.paint, { verbose, listChanges: false })}`)
      return Promise.resolve()
    },
  }
}

export function warningText(text: string, screen: Screen): string {
  return `phx: ${screen.errPaint.yellow('warning')}: ${printable(text)}\n`
}

/** How a run introduces itself, and what its plan found: the same for every view. */
export function headLines(event: RunEvent, screen: Screen): readonly string[] {
  const { paint } = screen
  switch (event.type) {
    case 'run':
      return [
        `${paint.bold(`phx ${event.verb}`)} ${event.targets.join(' ')} on ${event.host}, mode ${event.mode}, run ${event.run}`,
      ]
    case 'plan':
      return event.plan.notes
        .filter((note) => note.level === 'warning')
        .map((note) => `${event.plan.task}: ${noteLine(note, paint)}`)
    case 'planned':
      return event.toChange + event.refusals === 0
        ? []
        : [`${count(event.tasks, 'task')}: ${event.toChange} to change with ${count(event.changes, 'change')}`]
    default:
      return []
  }
}

function eventLines(event: RunEvent, screen: Screen, verbose: boolean): readonly string[] {
  const { paint } = screen
  switch (event.type) {
    case 'task-start': {
      // What a guest that did not run needs is seen only now, and what others changed may matter to it.
      const how = event.changes === 0 ? 'looked at again' : count(event.changes, 'change')
      return [`[${event.task}] ${printable(event.title)}: ${how}`]
    }
    case 'change-start':
      return [`[${event.task}]   ${sign(event.action)} ${event.resource}  ${printable(event.summary)}`]
    case 'command-start':
      return verbose ? [`[${event.task}]     ${paint.cyan(`$ ${printable(shellWords(event.argv))}`)}`] : []
    case 'command-end':
      return verbose
        ? [...lastLines(event.stdout), ...lastLines(event.stderr)].map((line) => `[${event.task}]     | ${line}`)
        : []
    case 'output':
      return verbose
        ? lastLines(event.text, Number.POSITIVE_INFINITY).map((line) => `[${event.task}]     | ${line}`)
        : []
    case 'change-end':
      return event.ok
        ? []
        : [`[${event.task}]   ${event.resource} ${paint.red('failed')} after ${duration(event.durationMs)}`]
    case 'task-end': {
      if (event.outcome === 'unchanged') return verbose ? [`[${event.task}] already so`] : []
      if (event.outcome === 'skipped' || event.outcome === 'refused') return [`[${event.task}] ${event.outcome}`]
      const colour = event.outcome === 'changed' ? paint.green : paint.red
      return [`[${event.task}] ${colour(event.outcome)} in ${duration(event.durationMs)}`]
    }
    case 'stopping':
      return [paint.yellow(event.why)]
    case 'run':
    case 'plan':
    case 'planned':
      return headLines(event, screen)
    case 'warning':
    case 'summary':
      return []
  }
}

/** A run on a terminal: live rows while it changes things, then the summary. Nothing is drawn when nothing is to do. */
import type { RunEvent } from '../../engine/events.ts'
import type { Screen } from '../screen.ts'
import { headLines, warningText } from './plain.ts'
import type { LiveRows } from './rows.ts'
import { Story } from './story.ts'
import { summaryText } from './summary.ts'
import type { RunView } from './view.ts'

export function terminalView(screen: Screen, verbose: boolean): RunView {
  const story = new Story()
  /** Events that came before listr2 was loaded. */
  let early: RunEvent[] = []
  let loading: Promise<LiveRows> | null = null
  let rows: LiveRows | null = null

  async function load(): Promise<LiveRows> {
    const { LiveRows } = await import('./rows.ts')
    rows = new LiveRows(
      [...story.plans.values()].filter((plan) => plan.changes.length > 0),
      screen.stdout,
    )
    for (const event of early) rows.take(event)
    early = []
    return rows
  }

  return {
    emit(event) {
      story.take(event)
      if (event.type === 'warning') screen.err(warningText(event.text, screen))
      for (const line of headLines(event, screen)) screen.out(`${line}\n`)
      if (event.type === 'stopping' && !loading) screen.out(`${event.why}\n`)
      // Questions are asked at the gate, before the first task starts: nothing draws over them.
      if (event.type === 'task-start') loading ??= load()
      if (rows) rows.take(event)
      else if (loading) early.push(event)
    },
    async close() {
      if (loading) await (await loading).close()
      if (story.summary)
        screen.out(`\n${summaryText(story, story.summary, screen.paint, { verbose, listChanges: true })}`)
    },
  }
}

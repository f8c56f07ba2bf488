/** A run for programs: one event a line, each with the version of the format. */
import type { Screen } from '../screen.ts'
import type { RunView } from './view.ts'

export function jsonView(screen: Screen): RunView {
  return {
    emit: (event) => screen.out(`${JSON.stringify({ ...event, format: 1 })}\n`),
    close: () => Promise.resolve(),
  }
}

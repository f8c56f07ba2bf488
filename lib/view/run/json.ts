/** A run for programs: one event a line. */
import type { Screen } from '../screen.ts'
import type { RunView } from './view.ts'

export function jsonView(screen: Screen): RunView {
  return {
    emit: (event) => screen.out(`${JSON.stringify(event)}\n`),
    close: () => Promise.resolve(),
  }
}

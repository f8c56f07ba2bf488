/** A view of a run: it is told every event, and closed when the run is over. */
import type { Emit } from '../../engine/events.ts'

export interface RunView {
  readonly emit: Emit
  /** Resolves when all is printed. */
  close(): Promise<void>
}

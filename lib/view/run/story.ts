/** A run so far, folded from its events: what every view for people tells from. */
import type { RunEvent, Summary, TaskPlan } from '../../engine/events.ts'

export interface ChangeTold {
  readonly resource: string
  readonly action: string
  readonly summary: string
  readonly ok: boolean
}

export class Story {
  /** Tasks of which the plan had something to say. */
  readonly plans = new Map<string, TaskPlan>()
  /** Changes by task, as they ended. */
  readonly changes = new Map<string, ChangeTold[]>()
  /** The command under way, by task. */
  readonly commands = new Map<string, readonly string[]>()
  summary: Summary | null = null
  dryRun = false
  readonly #begun = new Map<string, Omit<ChangeTold, 'ok'>>()

  take(event: RunEvent): void {
    switch (event.type) {
      case 'run':
        this.dryRun = event.dryRun
        break
      case 'plan':
        this.plans.set(event.plan.task, event.plan)
        break
      case 'change-start':
        this.#begun.set(`${event.task} ${event.resource}`, event)
        break
      case 'change-end': {
        const begun = this.#begun.get(`${event.task} ${event.resource}`)
        if (begun) this.changes.set(event.task, [...(this.changes.get(event.task) ?? []), { ...begun, ok: event.ok }])
        break
      }
      case 'command-start':
        this.commands.set(event.task, event.argv)
        break
      case 'command-end':
      case 'task-end':
        this.commands.delete(event.task)
        break
      case 'summary':
        this.summary = event
        break
      case 'warning':
      case 'planned':
      case 'task-start':
      case 'output':
      case 'stopping':
        break
    }
  }
}

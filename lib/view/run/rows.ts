/**
 * The live rows of a run, drawn by listr2. It is a view and nothing else: every row waits for the engine's own events,
 * and no signal handler is installed (listr2's would call process.exit(127)). listr2 9 redraws all rows on every change
 * of one, and 200 of them take it seconds: there are at most twenty, changed a few times a second.
 */
import { DefaultRenderer, Listr, ListrLogger, ListrTaskState, type ListrTaskWrapper, ProcessOutput } from 'listr2'
import type { RunEvent, TaskPlan, TaskResult } from '../../engine/events.ts'
import type { Output } from '../screen.ts'
import { count, duration, printable, some } from '../words.ts'

const most = 20

/** listr2 looks at process.stdout before it draws; here the caller has decided that somebody watches. */
class LiveRenderer extends DefaultRenderer {
  static override nonTTY = true
}

type Wrapper = ListrTaskWrapper<object, typeof LiveRenderer, typeof LiveRenderer>

/** One row: a task, or all those that have no row of their own. */
class Row {
  readonly tasks = new Map<string, TaskResult | null>()
  readonly #title: string
  readonly #running = new Map<string, { readonly since: number; step: string }>()
  #wrapper: Wrapper | null = null
  #end: { resolve(): void; reject(error: Error): void } | null = null
  #said = ''
  #abandoned = false

  constructor(title: string, tasks: readonly string[]) {
    this.#title = title
    for (const task of tasks) this.tasks.set(task, null)
  }

  get title(): string {
    return this.#title
  }

  /** What listr2 calls the task's work: it ends when the engine says so. */
  work(wrapper: Wrapper): Promise<void> {
    this.#wrapper = wrapper
    wrapper.task.state$ = ListrTaskState.WAITING
    const ended = new Promise<void>((resolve, reject) => {
      this.#end = { resolve, reject }
    })
    this.show('')
    if (this.#abandoned) this.abandon()
    return ended
  }

  start(task: string): void {
    this.#running.set(task, { since: Date.now(), step: '' })
  }

  step(task: string, text: string): void {
    const running = this.#running.get(task)
    if (running) running.step = text
  }

  finish(result: TaskResult): void {
    this.#running.delete(result.task)
    this.tasks.set(result.task, result)
  }

  /** Brings the row up to date; `suffix` is said beside whatever is running. */
  show(suffix: string): void {
    const wrapper = this.#wrapper
    // Once a row has ended, listr2 may have ended too: whatever it is told then, it draws everything again.
    if (!wrapper || !this.#end) return
    const results = [...this.tasks.values()]
    if (this.#running.size + results.filter((result) => result !== null).length === 0) return
    if (wrapper.task.state === ListrTaskState.WAITING) wrapper.task.state$ = ListrTaskState.STARTED
    if (results.every((result) => result !== null)) this.#close(wrapper, results)
    else {
      const text = `${this.#now(results)}${suffix}`
      if (text !== this.#said) wrapper.output = text
      this.#said = text
    }
  }

  #now(results: readonly (TaskResult | null)[]): string {
    const [first] = this.#running
    if (this.tasks.size === 1) {
      return first ? `${first[1].step} ${duration(Date.now() - first[1].since)}`.trimStart() : ''
    }
    const ended = results.filter((result) => result !== null).length
    return `${ended} of ${this.tasks.size} ended; running: ${some([...this.#running.keys()], 3)}`
  }

  #close(wrapper: Wrapper, results: readonly TaskResult[]): void {
    const bad = results.filter(({ outcome }) => outcome === 'failed' || outcome === 'refused')
    const idle = results.filter(({ outcome }) => outcome === 'skipped' || outcome === 'interrupted')
    const [only] = results
    const took = results.length === 1 && only ? ` (${duration(only.durationMs)})` : ''
    const end = this.#end
    this.#end = null
    if (bad.length > 0) {
      const what = results.length === 1 ? (bad[0]?.outcome ?? 'failed') : `${bad.length} failed`
      end?.reject(new Error(`${this.#title}: ${what}${took}`))
    } else if (idle.length === results.length) {
      wrapper.skip(`${this.#title}: ${printable(only?.why ?? 'skipped')}`)
      end?.resolve()
    } else {
      wrapper.title = `${this.#title}${took}`
      end?.resolve()
    }
  }

  /** For a run that ended without a word about this row: nothing may wait for ever. */
  abandon(): void {
    this.#abandoned = true
    this.#end?.resolve()
  }
}

export class LiveRows {
  readonly #rows: readonly Row[]
  readonly #rowOf = new Map<string, Row>()
  readonly #drawn: Promise<unknown>
  readonly #clock: NodeJS.Timeout
  #suffix = ''

  constructor(plans: readonly TaskPlan[], stdout: Output) {
    const apart = plans.length > most ? plans.slice(0, most - 1) : plans
    const rest = plans.slice(apart.length)
    this.#rows = [
      ...apart.map((plan) => new Row(`${plan.task}: ${count(plan.changes.length, 'change')}`, [plan.task])),
      ...(rest.length > 0
        ? [
            new Row(
              `${rest.length} more tasks`,
              rest.map((plan) => plan.task),
            ),
          ]
        : []),
    ]
    for (const row of this.#rows) for (const task of row.tasks.keys()) this.#rowOf.set(task, row)
    const stream = stdout as NodeJS.WriteStream
    const logger = new ListrLogger({
      useIcons: true,
      toStderr: [],
      processOutput: new ProcessOutput(stream, process.stderr, { leaveEmptyLine: false }),
    })
    const listr = new Listr<object, typeof LiveRenderer, typeof LiveRenderer>(
      this.#rows.map((row) => ({ title: row.title, task: (_context, wrapper) => row.work(wrapper) })),
      {
        concurrent: true,
        exitOnError: false,
        registerSignalListeners: false,
        renderer: LiveRenderer,
        fallbackRenderer: LiveRenderer,
        rendererOptions: { logger, formatOutput: 'truncate', collapseErrors: true, collapseSkips: true },
      },
    )
    this.#drawn = listr.run()
    this.#clock = setInterval(() => this.#show(), 200)
  }

  /** Notes an event; the rows show it at the next tick, so that a thousand events cost no thousand redraws. */
  take(event: RunEvent): void {
    if (event.type === 'stopping') this.#suffix = `  ${event.why}`
    if (!('task' in event)) return
    const row = this.#rowOf.get(event.task)
    if (event.type === 'task-start') row?.start(event.task)
    if (event.type === 'change-start') row?.step(event.task, printable(event.summary))
    if (event.type === 'task-end') row?.finish(event)
  }

  #show(): void {
    for (const row of this.#rows) row.show(this.#suffix)
  }

  async close(): Promise<void> {
    clearInterval(this.#clock)
    this.#show()
    for (const row of this.#rows) row.abandon()
    await this.#drawn
  }
}

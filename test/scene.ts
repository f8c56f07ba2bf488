/**
 * A simulated host, a config, and phx run on both in this process: what the tests of every area ask. `EngineScene` keeps
 * the host in memory and calls the engine; `CommandScene` keeps it in a folder and calls phx as a person does.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { PhxConfig } from '../lib/config/generated/types.ts'
import type { ChangeShown, RunEvent, Summary, TaskPlan } from '../lib/engine/events.ts'
import type { TaskModule } from '../lib/engine/resource.ts'
import type { PlanDocument } from '../lib/engine/session.ts'
import type { SimState } from '../lib/host/simulated/model.ts'
import type { ToolAnswer } from '../lib/host/simulated/tool.ts'

export interface Ran {
  readonly summary: Summary
  readonly events: readonly RunEvent[]
  /** What was carried out; of the area's own tasks alone where the scene says so. */
  readonly commands: readonly string[]
}

const folders: string[] = []
process.once('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

export abstract class Scene {
  /** What phx and the test write beside the host; it goes with the process. */
  readonly folder: string = mkdtempSync(join(tmpdir(), 'phx-scene-'))
  protected abstract readonly modules: readonly TaskModule<PhxConfig>[]
  /** How the ids of the area's own tasks begin. */
  protected abstract readonly step: string
  /** Commands of tasks before it, such as the pool's, are left out. */
  protected readonly ownCommands: boolean = false

  constructor() {
    folders.push(this.folder)
  }

  abstract get state(): SimState

  abstract run(exitCode?: number): Promise<Ran>

  abstract plan(): Promise<PlanDocument>

  protected abstract tool(argv: readonly string[], stdin: string): Promise<ToolAnswer>

  /** A call of one of the host's tools, whatever comes of it. */
  call(line: string | readonly string[], stdin = ''): Promise<ToolAnswer> {
    return this.tool(typeof line === 'string' ? line.split(' ') : line, stdin)
  }

  /** One that has to succeed. */
  async sim(line: string | readonly string[], stdin = ''): Promise<string> {
    const { exitCode, stdout, stderr } = await this.call(line, stdin)
    assert.is(exitCode, 0, `${line}: ${stdout}${stderr}`)
    return stdout
  }

  text(path: string): string | undefined {
    return this.state.files[path]?.content
  }

  protected ran(summary: Summary, events: readonly RunEvent[]): Ran {
    const shown = this.ownCommands ? this.step : ''
    const commands = events.flatMap((event) => {
      return event.type === 'command-start' && event.task.startsWith(shown) ? [event.argv.join(' ')] : []
    })
    return { summary, events, commands }
  }

  async #looked(): Promise<readonly TaskPlan[]> {
    const { tasks } = await this.plan()
    assert.equal(
      tasks.flatMap((task) => task.unreadable ?? []),
      [],
    )
    return tasks
  }

  /** The plan of the area's own task, or of the first of them. */
  async task(): Promise<TaskPlan> {
    const found = (await this.#looked()).find(({ task }) => task.startsWith(this.step))
    if (found === undefined) return assert.unreachable(`there is a plan of ${this.step}`) as never
    return found
  }

  /** Changes of the area's own tasks. */
  async changes(): Promise<readonly ChangeShown[]> {
    const tasks = await this.#looked()
    return tasks.filter(({ task }) => task.startsWith(this.step)).flatMap(({ changes }) => changes)
  }

  async summaries(): Promise<readonly string[]> {
    return (await this.changes()).map(({ summary }) => summary)
  }

  async notes(): Promise<string> {
    return (await this.#looked()).flatMap((task) => task.notes.map(({ text }) => text)).join('\n')
  }

  /** Refusals of a run that touches nothing, each with what to do about it. */
  async refused(): Promise<string> {
    const before = JSON.stringify(this.state)
    await this.run(3)
    assert.is(JSON.stringify(this.state), before, 'a refused run touches nothing')
    const refusals = (await this.plan()).tasks.flatMap((task) => task.refusals)
    assert.ok(refusals.length > 0)
    assert.ok(refusals.every(({ mend }) => mend.length > 0))
    return refusals.map(({ why, mend }) => [why, ...mend].join('\n')).join('\n')
  }

  async nothingToDo(): Promise<void> {
    const before = JSON.stringify(this.state)
    const { summary, commands } = await this.run(0)
    assert.equal(commands, [])
    assert.is(summary.mutations, 0)
    assert.is(JSON.stringify(this.state), before, 'a run with nothing to do touches nothing')
  }

  /** Runs, and once more, which has to find nothing to do; returns the first. */
  async converge(): Promise<Ran> {
    const first = await this.run(0)
    await this.nothingToDo()
    return first
  }
}

/** A scene whose host is in memory and which calls the engine, so that a test can put a host of its own in between. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { type FeatureScript, keepScripts } from '../lib/config/feature-scripts.ts'
import type { PhxConfig } from '../lib/config/generated/types.ts'
import { parseConfig } from '../lib/config/load.ts'
import type { RunEvent } from '../lib/engine/events.ts'
import { buildGraph, select } from '../lib/engine/graph.ts'
import { plan } from '../lib/engine/plan.ts'
import type { Order } from '../lib/engine/resource.ts'
import { run } from '../lib/engine/run.ts'
import { type PlanDocument, type Running, StopSignal } from '../lib/engine/session.ts'
import { type Host, readerOf } from '../lib/host/host.ts'
import { SimulatedHost } from '../lib/host/simulated/host.ts'
import type { SimState } from '../lib/host/simulated/model.ts'
import type { ToolAnswer } from '../lib/host/simulated/tool.ts'
import { callTool } from '../lib/host/simulated/tools.ts'
import { SecretStore } from '../lib/secrets/store.ts'
import { StateFolder } from '../lib/state/folder.ts'
import { stampedTasks } from '../lib/state/stamp.ts'
import { type Ran, Scene } from './scene.ts'

export interface Ordered {
  readonly order: Order
  readonly targets: readonly string[]
  readonly allow?: readonly string[]
}

export abstract class EngineScene extends Scene {
  readonly host: SimulatedHost
  config: PhxConfig
  targets: readonly string[] = ['setup']
  /** What lies beside the config for the features of its guests. */
  scripts: readonly FeatureScript[] = []

  constructor(config: PhxConfig, state: SimState) {
    super()
    this.config = config
    this.host = new SimulatedHost(state, null)
  }

  get state(): SimState {
    return this.host.state
  }

  protected tool(argv: readonly string[], stdin: string): Promise<ToolAnswer> {
    return this.host.change((state) => callTool(state, argv, stdin))
  }

  /** A file that is there keeps its owner, and its mode unless another is given. */
  async write(path: string, content: string, mode?: number): Promise<void> {
    await this.host.change((state) => {
      const there = state.files[path]
      state.files[path] = { ...there, type: 'file', content, mode: mode ?? there?.mode ?? 0o644 }
    })
  }

  #running(host: Host, events: RunEvent[], ordered?: Ordered): Running {
    const loaded = parseConfig(JSON.stringify(this.config), 'test.json')
    if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join('; '))
    keepScripts(loaded.config, this.scripts)
    const state = new StateFolder(join(this.folder, 'state'))
    const stamped = stampedTasks(state)
    const graph = buildGraph(
      this.modules.flatMap((module) =>
        ordered
          ? (module.orders?.(ordered.order, loaded.config, ofModule(module, stamped)) ?? [])
          : module.expand(loaded.config, stamped),
      ),
    )
    const targets = ordered?.targets ?? this.targets
    const reader = readerOf(host)
    return {
      reader,
      secrets: new SecretStore(reader, {}),
      reboot: false,
      host,
      graph,
      selected: select(graph, targets, ordered?.order !== 'destroy' && ordered?.order !== 'restart'),
      state,
      now: () => new Date(),
      config: 'test.json',
      targets,
      policy: { mode: 'safe', allow: ordered?.allow ?? [], config: null },
      command: 'phx run',
      verb: ordered?.order ?? 'run',
      jobs: 2,
      failFast: false,
      emit: (event) => events.push(event),
      ask: async () => null,
      stop: new StopSignal(),
    }
  }

  plan(): Promise<PlanDocument> {
    return plan(this.#running(this.host, []))
  }

  async run(exitCode = 0, host: Host = this.host): Promise<Ran> {
    const events: RunEvent[] = []
    const summary = await run(this.#running(host, events))
    assert.is(summary.exitCode, exitCode, JSON.stringify(summary.tasks, null, 1))
    return this.ran(summary, events)
  }

  /** An order, such as phx destroy, for these targets, with consent for these resources. */
  async order(ordered: Ordered, exitCode = 0, host: Host = this.host): Promise<Ran> {
    const events: RunEvent[] = []
    const summary = await run(this.#running(host, events, ordered))
    assert.is(summary.exitCode, exitCode, JSON.stringify(summary.tasks, null, 1))
    return this.ran(summary, events)
  }

  /** All that phx wrote beside the host: stamps, journal, lock. */
  stateTexts(): string {
    const folder = join(this.folder, 'state')
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8', withFileTypes: true })
    return files
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
      .join('\n')
  }
}

/** As phx hands them out: a module sees stamps of its own tasks. */
const ofModule = ({ name }: { readonly name: string }, stamped: readonly string[]): string[] =>
  stamped.filter((id) => id.split(':')[0] === name)

/** The host with a secret where phx wants one. */
export function withSecret(state: SimState, path: string, secret: string): SimState {
  state.files['/etc/phx'] = { type: 'dir', content: '', mode: 0o755 }
  state.files['/etc/phx/secrets'] = { type: 'dir', content: '', mode: 0o700 }
  state.files[path] = { type: 'file', content: `${secret}\n`, mode: 0o600 }
  return state
}

/** Dies at its n-th change, before or after it took effect, and answers nothing from then on: as with kill -9. */
export function dyingAt(host: Host, nth: number, after: boolean): { host: Host; hasDied: () => boolean } {
  let count = 0
  const dead = (): boolean => count > nth || (count === nth && !after)
  const guard = async <T>(change: () => Promise<T>): Promise<T> => {
    count += 1
    if (dead()) throw new Error('killed')
    const done = await change()
    if (count >= nth) throw new Error('killed')
    return done
  }
  const dying: Host = {
    ...readerOf(host),
    mutate: (argv, options) => guard(() => host.mutate(argv, options)),
    writeFile: (file) => guard(() => host.writeFile(file)),
    removeFile: (path) => guard(() => host.removeFile(path)),
    close: () => host.close(),
  }
  return { host: dying, hasDied: () => count >= nth }
}

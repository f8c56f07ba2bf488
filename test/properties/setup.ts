/** A simulated host, and the whole `setup` of any config planned and run on it by the engine, in this process. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { keepScripts, scriptOf } from '../../lib/config/feature-scripts.ts'
import type { PhxConfig } from '../../lib/config/generated/types.ts'
import { parseConfig } from '../../lib/config/load.ts'
import { declaredZfs } from '../../lib/config/zfs.ts'
import type { RunEvent, Summary } from '../../lib/engine/events.ts'
import { buildGraph, select } from '../../lib/engine/graph.ts'
import { plan, status } from '../../lib/engine/plan.ts'
import { run } from '../../lib/engine/run.ts'
import { type PlanDocument, type Running, StopSignal, type TaskStatus } from '../../lib/engine/session.ts'
import { type Host, readerOf } from '../../lib/host/host.ts'
import type { SimulatedHost } from '../../lib/host/simulated/host.ts'
import { SecretStore } from '../../lib/secrets/store.ts'
import { StateFolder } from '../../lib/state/folder.ts'
import { stampedTasks } from '../../lib/state/stamp.ts'
import { modules } from '../../tasks/index.ts'

/** The features that random and fixed configs name. */
const scripts = [scriptOf('docker', '#!/bin/bash\necho docker\n'), scriptOf('agent', '#!/bin/bash\necho agent\n')]

export interface Ran {
  readonly summary: Summary
  /** Commands that were run, files that were written or removed, in order. */
  readonly commands: readonly string[]
  readonly events: readonly RunEvent[]
}

/** The config with its feature scripts, or what is wrong with it. */
export function loaded(document: unknown): { readonly config: PhxConfig } | { readonly wrong: readonly string[] } {
  const found = parseConfig(JSON.stringify(document), 'test.json')
  if (!found.ok) return { wrong: found.problems.map(({ path, message }) => `${path}: ${message}`) }
  keepScripts(found.config, scripts)
  return { config: found.config }
}

export class Setup {
  readonly #folder: string = mkdtempSync(join(tmpdir(), 'phx-setup-'))
  readonly host: SimulatedHost
  config: PhxConfig

  constructor(host: SimulatedHost, config: PhxConfig) {
    this.host = host
    this.config = config
  }

  #running(host: Host, events: RunEvent[]): Running {
    const found = loaded(this.config)
    if ('wrong' in found) throw new Error(found.wrong.join('; '))
    const state = new StateFolder(join(this.#folder, 'state'))
    const stamped = stampedTasks(state)
    const graph = buildGraph(modules.flatMap((module) => module.expand(found.config, stamped)))
    const reader = readerOf(host)
    return {
      reader,
      secrets: new SecretStore(reader, {}),
      reboot: false,
      host,
      graph,
      selected: graph.tasks.length === 0 ? [] : select(graph, ['setup'], true),
      state,
      now: () => new Date(),
      config: 'test.json',
      targets: ['setup'],
      policy: { mode: 'safe', allow: [], config: declaredZfs(found.config).consent },
      command: 'phx run',
      verb: 'run',
      jobs: 2,
      failFast: false,
      emit: (event) => events.push(event),
      ask: async () => null,
      stop: new StopSignal(),
    }
  }

  plan(host: Host = this.host): Promise<PlanDocument> {
    return plan(this.#running(host, []))
  }

  status(): Promise<readonly TaskStatus[]> {
    return status(this.#running(this.host, []))
  }

  async run(host: Host = this.host): Promise<Ran> {
    const events: RunEvent[] = []
    const summary = await run(this.#running(host, events))
    const commands = events.flatMap((event) => (event.type === 'command-start' ? [event.argv.join(' ')] : []))
    return { summary, commands, events }
  }

  /** All that phx wrote beside the host: stamps, journal, lock. */
  stateTexts(): string {
    const entries = readdirSync(this.#folder, { recursive: true, encoding: 'utf8', withFileTypes: true })
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
      .join('\n')
  }

  clean(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** What a command works with: the config, the host, the state folder and the graph, opened in this order. */
import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PhxConfig } from '../config/generated/types.ts'
import { allowRestarts } from '../config/guests/restarts.ts'
import { loadConfig } from '../config/load.ts'
import { secretFiles } from '../config/secrets.ts'
import { declaredDisks, declaredZfs } from '../config/zfs.ts'
import { buildGraph, type Graph, select, targetsOf, withGuards } from '../engine/graph.ts'
import type { Order, Task } from '../engine/resource.ts'
import type { Looking } from '../engine/session.ts'
import { type Host, readerOf } from '../host/host.ts'
import { openHost } from '../host/open.ts'
import { SecretStore } from '../secrets/store.ts'
import { StateFolder } from '../state/folder.ts'
import { stampedTasks } from '../state/stamp.ts'
import type { Screen } from '../view/screen.ts'
import { problemLines } from '../view/validate.ts'
import type { Environment, Modules } from './environment.ts'
import { InvalidConfig, ofFolder } from './exit.ts'
import { guestNames, guestTargets } from './guest-names.ts'
import type { Invocation } from './invocation.ts'

export interface Session {
  readonly looking: Looking
  readonly host: Host
  close(): Promise<void>
}

export interface Wanted {
  /** Targets when none is named; null means every task. */
  readonly byDefault: readonly string[] | null
  /** False for the commands that change the host. */
  readonly readOnly: boolean
  /** True for the commands that take guests and nothing else. */
  readonly guestsOnly?: true
  /** Something else than what is declared. */
  readonly order?: Order
}

export async function openSession(
  invocation: Invocation,
  environment: Environment,
  screen: Screen,
  wanted: Wanted,
): Promise<Session> {
  const loaded = loadConfig(invocation.config)
  if (!loaded.ok) throw new InvalidConfig(loaded.file, loaded.problems)
  for (const problem of loaded.problems) screen.err(`${problemLines(problem, screen.errPaint).join('\n')}\n`)
  const { config } = loaded
  if (invocation.restart) allowRestarts(config)
  const folder = stateFolderOf(invocation)
  const state = new StateFolder(folder.path)
  const { order } = wanted
  const modules = await environment.modules()
  const tasks = order ? ordered(order, modules, config, state) : expand(modules, config, state)
  const graph = buildGraph(tasks)
  const deps = order ? takesAlong[order] : invocation.deps
  const words = wanted.guestsOnly
    ? guestTargets(invocation.command.name, invocation.words, guestNames(tasks), config)
    : invocation.words
  const { targets, selected } = choose(graph, words, deps, wanted.byDefault)
  const host = await ofFolder(
    openHost(invocation.host, declaredDisks(config), { readOnly: wanted.readOnly, secretFiles: secretFiles(config) }),
  )
  const reader = readerOf(host)
  const looking: Looking = {
    reader,
    secrets: new SecretStore(reader, environment.variables),
    graph,
    selected,
    state,
    now: () => new Date(),
    config: invocation.config,
    verb: order ?? 'run',
    targets,
    policy: { mode: invocation.mode, allow: invocation.allowDestroy, config: declaredZfs(config).consent },
  }
  const close = async (): Promise<void> => {
    await host.close()
    if (folder.throwAway) rmSync(folder.path, { recursive: true, force: true })
  }
  return { looking, host, close }
}

/** Where stamps and journal are. A folder is only ever made by a run. */
export function stateFolderOf(invocation: Invocation): { path: string; throwAway: boolean } {
  const { stateDir, host } = invocation
  if (stateDir !== null) return { path: stateDir, throwAway: false }
  if (host.startsWith('simulated:')) return { path: join(host.slice('simulated:'.length), 'state'), throwAway: false }
  if (host === 'simulated')
    return { path: join(tmpdir(), `phx-simulated-${process.pid}-${Date.now()}`), throwAway: true }
  return { path: '/var/lib/phx', throwAway: false }
}

/** Tasks of every module; a module is told which of its stamps the config no longer accounts for. */
function expand(modules: Modules, config: PhxConfig, state: StateFolder): readonly Task[] {
  const stamped = stampedTasks(state)
  return modules.flatMap((module) => {
    const declared = module.expand(config, [])
    const ids = new Set(declared.map((task) => task.id))
    const orphans = ofModule(module, stamped).filter((id) => !ids.has(id))
    return orphans.length > 0 ? module.expand(config, orphans.sort()) : declared
  })
}

const ofModule = ({ name }: Modules[number], stamped: readonly string[]): string[] => {
  const prefix = `${name}:`
  return stamped.filter((id) => id.startsWith(prefix) || id === name)
}

/** Whether an order for one thing is one for those that have to do it before: never to be gone. */
const takesAlong: Readonly<Record<Order, boolean>> = { destroy: false, start: true, stop: true, restart: false }

function ordered(order: Order, modules: Modules, config: PhxConfig, state: StateFolder): readonly Task[] {
  const stamped = stampedTasks(state)
  return modules.flatMap((module) => module.orders?.(order, config, ofModule(module, stamped).sort()) ?? [])
}

function choose(graph: Graph<Task>, words: readonly string[], deps: boolean, byDefault: readonly string[] | null) {
  const named = words.length > 0 ? words : byDefault
  // A config of sections that phx does not act on yet declares no task, and no group either.
  if (graph.tasks.length === 0 && words.length === 0) return { targets: named ?? ['everything'], selected: [] }
  // Every task at once needs no search, and no group that holds them all.
  if (named === null) return { targets: ['everything'], selected: graph.tasks }
  const selected = select(graph, named, deps)
  return { targets: named, selected: deps ? selected : withGuards(graph, selected) }
}

/** For shell completion: what the command can be given, by the config named on the line; nothing when it can't be read. */
export async function targetNames(
  words: readonly string[],
  environment: Environment,
  order: Order | null,
  guestsOnly: boolean,
): Promise<readonly string[]> {
  const at = words.findIndex((word) => word === '-c' || word === '--config')
  const file = at < 0 ? undefined : words[at + 1]
  const loaded = loadConfig(file ?? 'phoenix.config.json')
  if (!loaded.ok) return []
  const { config } = loaded
  const tasks = (await environment.modules()).flatMap(
    (module) => (order ? module.orders?.(order, config, []) : module.expand(config, [])) ?? [],
  )
  if (guestsOnly) return guestNames(tasks)
  return targetsOf(tasks)
}

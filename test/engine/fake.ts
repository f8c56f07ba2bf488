/**
 * A host of named values and tasks that set them: enough to try the engine without any storage. `set NAME VALUE` is the
 * only command; a test can make it fail, hang until released, or see what ran when.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RunEvent, Summary } from '../../lib/engine/events.ts'
import { buildGraph, select } from '../../lib/engine/graph.ts'
import type { Change, Comparison, Lock, Resource, Risk, Task, Value } from '../../lib/engine/resource.ts'
import { run } from '../../lib/engine/run.ts'
import { noSecrets } from '../../lib/engine/secret.ts'
import { type ConsentPolicy, type ConsentQuestion, type Running, StopSignal } from '../../lib/engine/session.ts'
import {
  type Argv,
  type CommandResult,
  type FileStat,
  type FileToWrite,
  type Host,
  type MutateOptions,
  readerOf,
} from '../../lib/host/host.ts'
import { StateFolder } from '../../lib/state/folder.ts'

const result = (argv: Argv, exitCode: number, stderr = ''): CommandResult => ({
  argv,
  exitCode,
  signal: null,
  stdout: '',
  stderr,
  durationMs: 1,
  timedOut: false,
  notFound: false,
})

export class FakeHost implements Host {
  readonly name = 'fake'
  readonly values = new Map<string, string>()
  readonly log: string[] = []
  /** Called in place of a command; return a result to answer for it. */
  intercept: (argv: Argv, options: MutateOptions) => Promise<CommandResult | undefined> | CommandResult | undefined =
    () => undefined

  query(): Promise<CommandResult> {
    throw new Error('the fake host knows no commands that read')
  }
  async readFile(path: string): Promise<string | undefined> {
    return this.values.get(path)
  }
  async stat(path: string): Promise<FileStat | undefined> {
    const text = this.values.get(path)
    return text === undefined ? undefined : { type: 'file', mode: 0o600, uid: 0, gid: 0, size: text.length }
  }
  async listDir(): Promise<undefined> {}
  async realpath(path: string): Promise<string> {
    return path
  }
  async hasTool(): Promise<boolean> {
    return true
  }
  inside(): never {
    throw new Error('the fake host has no guests')
  }
  async mutate(argv: Argv, options: MutateOptions = {}): Promise<CommandResult> {
    this.log.push(argv.slice(1).join(' '))
    const answer = await this.intercept(argv, options)
    if (answer) return answer
    const [, name, value] = argv
    if (name !== undefined && value !== undefined) this.values.set(name, value)
    return result(argv, 0)
  }
  async writeFile({ path, content }: FileToWrite): Promise<void> {
    this.log.push(`write ${path}`)
    this.values.set(path, content)
  }
  async removeFile(path: string): Promise<void> {
    this.log.push(`remove ${path}`)
    this.values.delete(path)
  }
  async close(): Promise<void> {}

  static failed(argv: Argv, stderr = 'no luck'): CommandResult {
    return result(argv, 1, stderr)
  }
}

export interface FakeResource {
  readonly id: string
  readonly want: string
  readonly locks?: readonly Lock[]
  readonly risk?: Risk
  /** What has to be typed; part of the identity that consent is bound to is the live value. */
  readonly typed?: string
  readonly refuse?: (live: string | undefined) => string | undefined
}

export function fakeResource({ id, want, locks = [], risk = 'safe', typed = 'YES', refuse }: FakeResource): Resource {
  return {
    id,
    locks,
    async compare(look): Promise<Comparison> {
      const live = await look.reader.readFile(id)
      const why = refuse?.(live)
      const refusals = why === undefined ? [] : [{ resource: id, why, fields: [], mend: [] }]
      const shown = live === undefined ? null : { value: live }
      if (live === want || why !== undefined) return { changes: [], refusals, notes: [], live: shown }
      const change: Change = {
        resource: id,
        action: live === undefined ? 'create' : 'update',
        risk,
        summary: `set ${id}`,
        fields: [{ field: 'value', from: live ?? null, to: want }],
        steps: [{ kind: 'command', argv: ['set', id, want] }],
        undo: { impossible: 'a test' },
        ...(risk === 'destructive'
          ? { loss: { victims: [`${id} = ${live}`], typed: [typed], identity: live ?? 'nothing' } }
          : {}),
      }
      return { changes: [change], refusals: [], notes: [], live: shown }
    },
  }
}

export interface FakeTask {
  readonly id: string
  readonly needs?: readonly string[]
  readonly groups?: readonly string[]
  readonly inputs?: { readonly [name: string]: Value }
  readonly resources?: readonly Resource[]
  /** Short for one resource `r:ID` that wants this value. */
  readonly want?: string
}

export function fakeTask({ id, needs = [], groups = ['setup'], inputs, resources, want = 'on' }: FakeTask): Task {
  return {
    id,
    title: `task ${id}`,
    version: 1,
    groups,
    needs,
    inputs: inputs ?? { want },
    resources: resources ?? [fakeResource({ id: `r:${id}`, want })],
  }
}

export const safe: ConsentPolicy = { mode: 'safe', allow: [], config: null }

export interface Bench {
  readonly host: FakeHost
  readonly state: StateFolder
  readonly events: RunEvent[]
  readonly questions: ConsentQuestion[]
  running(tasks: readonly Task[], more?: Partial<Running>): Running
  run(tasks: readonly Task[], more?: Partial<Running>): Promise<Summary>
}

/** A fake host with a state folder of its own, for the length of one test. */
export async function withBench<T>(body: (bench: Bench) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'phx-engine-'))
  const host = new FakeHost()
  const state = new StateFolder(join(folder, 'state'))
  const events: RunEvent[] = []
  const questions: ConsentQuestion[] = []
  const bench: Bench = {
    host,
    state,
    events,
    questions,
    running(tasks, more = {}) {
      const graph = buildGraph(tasks)
      const targets = more.targets ?? ['setup']
      return {
        reader: readerOf(host),
        secrets: noSecrets,
        host,
        graph,
        selected: select(graph, targets, true),
        state,
        now: () => new Date(),
        config: 'test.json',
        targets,
        policy: safe,
        command: 'phx run',
        verb: 'run',
        jobs: 4,
        reboot: false,
        failFast: false,
        emit: (event) => events.push(event),
        ask: async (question) => {
          questions.push(question)
          return null
        },
        stop: new StopSignal(),
        ...more,
      }
    },
    run: (tasks, more) => run(bench.running(tasks, more)),
  }
  try {
    return await body(bench)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export const outcomes = (summary: Summary): Record<string, string> =>
  Object.fromEntries(summary.tasks.map(({ task, outcome }) => [task, outcome]))

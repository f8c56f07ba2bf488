/**
 * The journal: one append-only file a run, one JSON object a line. Written ahead: the intent is on disk before the
 * command starts, the result follows. A torn last line (power cut, kill) is left out when it is read.
 */
import { appendFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { FieldChange } from '../engine/resource.ts'
import { StateError, textOf } from './disk.ts'
import type { StateFolder } from './folder.ts'

export type RunOutcome = 'ok' | 'failed' | 'refused' | 'interrupted'

export type JournalLine =
  | {
      readonly type: 'run'
      readonly format: 1
      readonly run: string
      readonly at: string
      readonly command: string
      readonly host: string
      readonly mode: string
      readonly targets: readonly string[]
      readonly pid: number
    }
  | {
      readonly type: 'change'
      readonly change: number
      readonly task: string
      readonly resource: string
      readonly action: string
      readonly risk: string
      readonly summary: string
      readonly fields: readonly FieldChange[]
      /** Commands that would undo it, or why nothing can. */
      readonly undo: { readonly commands: readonly (readonly string[])[] } | { readonly impossible: string }
    }
  | { readonly type: 'intent'; readonly change: number; readonly step: number; readonly argv: readonly string[] }
  | {
      readonly type: 'intent'
      readonly change: number
      readonly step: number
      readonly remove: string
      readonly before: string | null
    }
  | {
      readonly type: 'intent'
      readonly change: number
      readonly step: number
      readonly write: string
      /** What the file held, null when it was not there. */
      readonly before: string | null
    }
  | {
      readonly type: 'done'
      readonly change: number
      readonly step: number
      readonly exitCode: number | null
      readonly durationMs: number
      readonly stdout: string
      readonly stderr: string
      readonly timedOut: boolean
    }
  | { readonly type: 'output'; readonly change: number; readonly step: number; readonly text: string }
  | { readonly type: 'changed'; readonly change: number; readonly ok: boolean; readonly why: string | null }
  | {
      readonly type: 'task'
      readonly task: string
      readonly outcome: string
      readonly durationMs: number
      readonly why: string | null
    }
  | {
      readonly type: 'end'
      readonly outcome: RunOutcome
      readonly exitCode: number
      readonly durationMs: number
      readonly mutations: number
    }

/** At most this much of a command's output is kept in the journal, its end. */
const keptOutput = 16 * 1024
export const tail = (text: string, length = keptOutput): string =>
  text.length > length ? `…${text.slice(-length)}` : text

/** A sortable id: the time to the millisecond in UTC, and three characters against two runs in one of them. */
export function newRunId(now: Date): string {
  const time = now.toISOString().replace(/[-:.]/g, '')
  const salt = Math.floor(Math.random() * 36 ** 3)
  return `${time}-${salt.toString(36).padStart(3, '0')}`
}

export class Journal {
  readonly run: string
  readonly #state: StateFolder
  readonly #path: string
  #pending: string[] = []
  #flushing: Promise<void> | null = null
  #changes = 0
  #isNew = true

  constructor(state: StateFolder, run: string) {
    this.#state = state
    this.run = run
    this.#path = join(state.runs, `${run}.jsonl`)
  }

  /** Notes a line; it reaches the disk with the next `sync` at the latest. */
  note(line: JournalLine): void {
    this.#pending.push(JSON.stringify(line))
  }

  nextChange(): number {
    this.#changes += 1
    return this.#changes
  }

  /** Resolves when every line noted so far is on disk. Callers at the same moment share one sync. */
  async sync(): Promise<void> {
    while (this.#flushing) await this.#flushing
    if (this.#pending.length === 0) return
    // One turn of the event loop, so that tasks that start together share the sync.
    this.#flushing = new Promise<void>((next) => setImmediate(next)).then(() => this.#flush())
    try {
      await this.#flushing
    } finally {
      this.#flushing = null
    }
  }

  /**
   * Writes what is left without waiting for the disk: for the end of a run that changed nothing, of which a power cut
   * may take the record. A run that changed something ends with `sync`.
   */
  write(): void {
    if (this.#pending.length === 0) return
    try {
      appendFileSync(this.#path, this.#pending.map((line) => `${line}\n`).join(''), { mode: 0o600 })
    } catch (error) {
      throw new StateError(this.#path, error as Error)
    }
    this.#pending = []
  }

  async #flush(): Promise<void> {
    const text = this.#pending.map((line) => `${line}\n`).join('')
    this.#pending = []
    await this.#state.disk.append(this.#path, text)
    if (this.#isNew) await this.#state.disk.syncDir(this.#state.runs)
    this.#isNew = false
  }
}

export interface CommandRecord {
  readonly argv: readonly string[] | null
  readonly write: string | null
  readonly remove: string | null
  /** Null when the run ended before the command did. */
  readonly exitCode: number | null
  readonly finished: boolean
  readonly timedOut: boolean
  readonly durationMs: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface ChangeRecord {
  readonly task: string
  readonly resource: string
  readonly action: string
  readonly risk: string
  readonly summary: string
  readonly fields: readonly FieldChange[]
  readonly undo: { readonly commands: readonly (readonly string[])[] } | { readonly impossible: string }
  /** Null when the run ended in its middle. */
  readonly ok: boolean | null
  readonly commands: readonly CommandRecord[]
  /** What a long job said while it was waited for. */
  readonly output: string
}

export interface RunRecord {
  readonly run: string
  readonly at: string
  readonly command: string
  readonly host: string
  readonly mode: string
  readonly targets: readonly string[]
  /** `interrupted` also when the journal has no end: the process was killed or the power failed. */
  readonly outcome: RunOutcome
  readonly exitCode: number | null
  readonly durationMs: number | null
  readonly mutations: number
  readonly tasks: readonly {
    readonly task: string
    readonly outcome: string
    readonly durationMs: number
    readonly why: string | null
  }[]
  readonly changes: readonly ChangeRecord[]
}

function parseLines(text: string): JournalLine[] {
  const lines: JournalLine[] = []
  for (const line of text.split('\n')) {
    if (line === '') continue
    try {
      lines.push(JSON.parse(line) as JournalLine)
    } catch {
      // A torn line: the run died while it was written. What it would have said never happened, or is unknown.
    }
  }
  return lines
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** One run from its journal's text; undefined when not even its first line is whole. */
export function parseRun(text: string): RunRecord | undefined {
  const lines = parseLines(text)
  const head = lines.find((line) => line.type === 'run')
  if (head?.type !== 'run') return undefined
  const end = lines.find((line) => line.type === 'end')
  const changes = new Map<number, Mutable<ChangeRecord> & { commands: Mutable<CommandRecord>[] }>()
  const steps = new Map<string, Mutable<CommandRecord>>()
  for (const line of lines) {
    if (line.type === 'change') {
      const { type: _type, change, ...shown } = line
      changes.set(change, { ...shown, ok: null, commands: [], output: '' })
    } else if (line.type === 'intent') {
      const command: Mutable<CommandRecord> = {
        argv: 'argv' in line ? line.argv : null,
        write: 'write' in line ? line.write : null,
        remove: 'remove' in line ? line.remove : null,
        exitCode: null,
        finished: false,
        timedOut: false,
        durationMs: null,
        stdout: '',
        stderr: '',
      }
      steps.set(`${line.change}/${line.step}`, command)
      changes.get(line.change)?.commands.push(command)
    } else if (line.type === 'done') {
      const command = steps.get(`${line.change}/${line.step}`)
      if (command) {
        const { exitCode, durationMs, stdout, stderr, timedOut } = line
        Object.assign(command, { exitCode, durationMs, stdout, stderr, timedOut, finished: true })
      }
    } else if (line.type === 'output') {
      const change = changes.get(line.change)
      if (change) change.output += line.text
    } else if (line.type === 'changed') {
      const change = changes.get(line.change)
      if (change) change.ok = line.ok
    }
  }
  const { run, at, command, host, mode, targets } = head
  return {
    run,
    at,
    command,
    host,
    mode,
    targets,
    outcome: end?.type === 'end' ? end.outcome : 'interrupted',
    exitCode: end?.type === 'end' ? end.exitCode : null,
    durationMs: end?.type === 'end' ? end.durationMs : null,
    mutations: end?.type === 'end' ? end.mutations : steps.size,
    tasks: lines.flatMap((line) => {
      if (line.type !== 'task') return []
      const { task, outcome, durationMs, why } = line
      return [{ task, outcome, durationMs, why }]
    }),
    changes: [...changes.values()],
  }
}

/** Ids of the runs on record, newest first. */
export function runIds(state: StateFolder): readonly string[] {
  try {
    return readdirSync(state.runs)
      .filter((name) => name.endsWith('.jsonl'))
      .map((name) => name.slice(0, -'.jsonl'.length))
      .sort()
      .reverse()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** One run; undefined when there is none of that id. */
export function readRun(state: StateFolder, run: string): RunRecord | undefined {
  if (!runIds(state).includes(run)) return undefined
  return parseRun(textOf(join(state.runs, `${run}.jsonl`)) ?? '')
}

/** Every run on record, newest first. */
export function listRuns(state: StateFolder): readonly RunRecord[] {
  return runIds(state).flatMap((run) => readRun(state, run) ?? [])
}

/**
 * Stamps: one file a task, readable by a person. A stamp is a hint about *why*; the live host decides *what*.
 * It is marked unfinished before the first mutation and written whole after the proof, never the other way round.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Value } from '../engine/resource.ts'
import { textOf } from './disk.ts'
import type { StateFolder } from './folder.ts'

export type Fields = { readonly [name: string]: Value }

export interface Stamp {
  readonly format: 1
  readonly task: string
  readonly version: number
  /** `unfinished`: a run began to change the host for this task and did not get to its proof. */
  readonly state: 'converged' | 'unfinished'
  /** The run that converged it last, when (ISO 8601), and how long that took; null before the first time. */
  readonly run: string | null
  readonly at: string | null
  readonly durationMs: number | null
  /** Declared values that run converged to. */
  readonly inputs: Fields
  /** Live values as they were proved, by resource. */
  readonly outputs: { readonly [resource: string]: Fields | null }
  /** Resources that phx made: what it may remove when they are no longer declared. */
  readonly created: readonly string[]
  /** The run that last changed something for it; absent when none is known to have. */
  readonly changed?: string
  /** While unfinished: the run that began, and what it was about to make. */
  readonly begun: { readonly run: string; readonly at: string; readonly creating: readonly string[] } | null
}

/** A task's id as a file's name: what can't stand in one is percent-encoded. */
const fileName = (task: string): string => `${task.replace(/[%/]/g, (sign) => encodeURIComponent(sign))}.json`

/** Ids of tasks that have a stamp, by the names of the files alone, in no order; none without a folder. Creates nothing. */
export function stampedTasks(state: StateFolder): readonly string[] {
  const tasks: string[] = []
  for (const name of filesIn(state.stamps)) {
    if (!name.endsWith('.json')) continue
    const encoded = name.slice(0, -'.json'.length)
    const task = encoded.includes('%') ? encoded.replace(/%2F|%25/g, (sign) => decodeURIComponent(sign)) : encoded
    if (task !== '' && !task.endsWith(':')) tasks.push(task)
  }
  return tasks
}

function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

const isFields = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isNames = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((name) => typeof name === 'string')

/** A text that is no stamp reads as none: the host decides what to do, and the next proof writes it anew. */
export function parseStamp(text: string): Stamp | undefined {
  try {
    const stamp = JSON.parse(text) as Partial<Stamp> | null
    const whole =
      stamp?.format === 1 &&
      typeof stamp.task === 'string' &&
      typeof stamp.version === 'number' &&
      (stamp.state === 'converged' || stamp.state === 'unfinished') &&
      isFields(stamp.inputs) &&
      isFields(stamp.outputs) &&
      Object.values(stamp.outputs).every((live) => live === null || isFields(live)) &&
      isNames(stamp.created) &&
      (stamp.begun === null || (isFields(stamp.begun) && isNames(stamp.begun.creating)))
    return whole ? (stamp as Stamp) : undefined
  } catch {
    return undefined
  }
}

/** What a task left behind, if that can be read. Creates nothing. */
export function readStamp(state: StateFolder, task: string): Stamp | undefined {
  const text = textOf(`${state.stamps}/${fileName(task)}`)
  const stamp = text === undefined ? undefined : parseStamp(text)
  // A copy that someone put in its place speaks for nothing.
  return stamp?.task === task ? stamp : undefined
}

/** The run that last changed something, or may have before it was cut off. */
export const lastChange = (stamp: Stamp | undefined): string | undefined =>
  stamp?.state === 'unfinished' ? stamp.begun?.run : stamp?.changed

export function writeStamp(state: StateFolder, stamp: Stamp): Promise<void> {
  return state.replacer.replace(join(state.stamps, fileName(stamp.task)), `${JSON.stringify(stamp, null, 2)}\n`)
}

/** Removes them for good; what has none is no error. */
export async function removeStamps(state: StateFolder, tasks: readonly string[]): Promise<void> {
  await Promise.all(tasks.map((task) => state.disk.remove(join(state.stamps, fileName(task)))))
  await state.disk.syncDir(state.stamps)
}

/** The same stamp, marked as begun by this run: what was true before stays readable until the proof replaces it. */
export function unfinished(
  previous: Stamp | undefined,
  task: { readonly id: string; readonly version: number },
  begun: { readonly run: string; readonly at: string; readonly creating: readonly string[] },
): Stamp {
  const creating = [...new Set([...(previous?.begun?.creating ?? []), ...begun.creating])].sort()
  const base = previous ?? {
    format: 1,
    task: task.id,
    version: task.version,
    run: null,
    at: null,
    durationMs: null,
    inputs: {},
    outputs: {},
    created: [],
  }
  return { ...base, state: 'unfinished', begun: { run: begun.run, at: begun.at, creating } }
}

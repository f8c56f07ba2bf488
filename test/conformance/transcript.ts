/** The recordings' format: one JSON object a line, a scene of calls or a single call (test/transcripts/README.md). */
import { readFileSync } from 'node:fs'

export interface RecordedCall {
  argv: string[]
  stdin?: string | null
  rc: number | null
  stdout: string
  stderr: string
  note?: string
  cwd?: string
  /** Left running to the end of the scene. */
  background?: boolean
  /** Never came back; then `rc` means nothing. */
  timed_out?: boolean
  /** Watched files round the call (services.jsonl): text, null when absent. */
  files_before?: Record<string, string | null>
  files_after?: Record<string, string | null>
}

export interface RecordedEvent {
  event: string
  disk?: string
  seconds?: number
}

export interface Scene {
  n: number
  group: string
  note: string
  disks: { by_id: string; size_bytes: number }[]
  calls: (RecordedCall | RecordedEvent)[]
}

/** File text or the names in a folder (path with a slash at the end); null is absent. */
export type Watched = Record<string, string | string[] | null>

export interface SingleCall {
  n: number
  group: string
  note: string
  argv?: string[]
  stdin?: string | null
  rc?: number
  stdout?: string
  stderr?: string
  parallel?: RecordedCall[]
  before: Watched
  after: Watched
  zfs_list_after?: string
  zfs_changed?: boolean
}

export const isEvent = (step: RecordedCall | RecordedEvent): step is RecordedEvent => 'event' in step
export const isScene = (line: Scene | SingleCall): line is Scene => 'calls' in line

export function readTranscript(file: string): (Scene | SingleCall)[] {
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line))
    .filter((entry) => !('header' in entry))
}

/** A container's configuration as the real pct left it, from test/transcripts/pct.jsonl. */
import { join } from 'node:path'
import { isScene, readTranscript } from '../conformance/transcript.ts'

const transcript = join(import.meta.dirname, '..', 'transcripts', 'pct.jsonl')

export function recordedConf(n: number, container: string): string {
  const line = readTranscript(transcript).find((one) => one.n === n)
  const text = line === undefined || isScene(line) ? undefined : line.before[`/etc/pve/lxc/${container}.conf`]
  if (typeof text !== 'string') throw new Error(`no recorded configuration of ${container} at ${n}`)
  return text
}

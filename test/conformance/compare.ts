/** Compares what a simulated tool answered with what the real one did, by meaning rather than by letter. */
import type { ToolAnswer } from '../../lib/host/simulated/tool.ts'
import { compareJson, jsonDocuments } from './json.ts'
import { maskText } from './mask.ts'
import { tableRows } from './tables.ts'
import type { RecordedCall } from './transcript.ts'

/** One line each: what was recorded, what was simulated. */
export function differences(recorded: RecordedCall, simulated: ToolAnswer): string[] {
  if (recorded.timed_out === true)
    return simulated.hangs === true ? [] : [`recorded: never came back; simulated: rc ${simulated.exitCode}`]
  if (simulated.hangs === true) return [`recorded: rc ${recorded.rc}; simulated: never comes back`]
  const found: string[] = []
  if ((recorded.rc === 0) !== (simulated.exitCode === 0))
    found.push(`rc: recorded ${recorded.rc}, simulated ${simulated.exitCode}`)
  found.push(...compareLines('stderr', textLines(recorded.stderr), textLines(simulated.stderr)))
  const real = jsonDocuments(recorded.stdout)
  const ours = jsonDocuments(simulated.stdout)
  if (real !== null && ours !== null) found.push(...compareJson(real, ours))
  else
    found.push(
      ...compareLines('stdout', tableRows(recorded.argv, recorded.stdout), tableRows(recorded.argv, simulated.stdout)),
    )
  return found
}

/** Masked lines with runs of blanks made one, without empty ones. */
function textLines(text: string): string[] {
  return maskText(text)
    .split('\n')
    .map((line) => line.trim().replace(/\s+/g, ' '))
    .filter((line) => line !== '')
}

function compareLines(stream: string, real: readonly string[], ours: readonly string[]): string[] {
  const found: string[] = []
  for (let index = 0; index < Math.max(real.length, ours.length); index++) {
    if (real[index] === ours[index]) continue
    found.push(
      `${stream} line ${index + 1}:\n      recorded:  ${real[index] ?? '(none)'}\n      simulated: ${ours[index] ?? '(none)'}`,
    )
  }
  const more = found.length - 8
  return more > 0 ? [...found.slice(0, 8), `${stream}: and ${more} more lines`] : found
}

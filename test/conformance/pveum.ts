/** Replays single calls of pveum. Lists come in random order (facts, proxmox-tools.md), secrets are blanked in the recordings. */
import { blankHost } from '../../lib/host/simulated/blank.ts'
import { callTool } from '../../lib/host/simulated/tools.ts'
import { compareJson, jsonDocuments } from './json.ts'
import { maskText } from './mask.ts'
import type { Step } from './scene.ts'
import { neverCalled } from './skips.ts'
import type { SingleCall, Watched } from './transcript.ts'
import { type Verdict, verdictOf } from './verdict.ts'

export function replayPveum(line: SingleCall): Step[] {
  const { argv = [] } = line
  return [{ argv, verdict: replay(line, argv) }]
}

function replay(line: SingleCall, argv: string[]): Verdict {
  const state = blankHost([])
  for (const [path, text] of Object.entries(line.before)) {
    if (typeof text === 'string') state.files[path] = { type: 'file', content: text, mode: 0o640 }
    else delete state.files[path]
  }
  const ours = callTool(state, argv, line.stdin ?? '')
  const refused = ours.exitCode === 127 && ours.stderr.startsWith('not simulated')
  const reason = refused ? neverCalled(argv) : null
  if (reason !== null) return { kind: 'skip', reason }

  const found: string[] = []
  if ((line.rc === 0) !== (ours.exitCode === 0))
    found.push(`rc: recorded ${line.rc} ${JSON.stringify(line.stderr)}, simulated ${ours.exitCode} ${ours.stderr}`)
  const [real, mine] = [said(line.stderr ?? ''), said(ours.stderr)]
  if (real !== mine) found.push(`stderr: recorded ${JSON.stringify(real)}, simulated ${JSON.stringify(mine)}`)
  found.push(...compareOutput(line.stdout ?? '', ours.stdout))
  found.push(...compareFiles(line.after, (path) => state.files[path]?.content ?? null))
  return verdictOf(found)
}

/** Errors of parameters come in no order that means anything. */
const said = (text: string): string =>
  maskText(text)
    .split('\n')
    .filter((row) => row !== '')
    .sort()
    .join('\n')

function compareOutput(recorded: string, simulated: string): string[] {
  const [real, ours] = [jsonDocuments(recorded.replaceAll(blanked, uuid)), jsonDocuments(simulated)]
  if (real !== null && ours !== null) return compareJson(sortRows(real), sortRows(ours))
  const [text, own] = [rowsOf(recorded), rowsOf(simulated)]
  return text === own ? [] : [`stdout: recorded ${JSON.stringify(text)}, simulated ${JSON.stringify(own)}`]
}

const blanked = '<token blanked>'
const uuid = '00000000-0000-0000-0000-000000000000'

const sortRows = <T>(document: T): T =>
  Array.isArray(document)
    ? (document
        .map((row) => [JSON.stringify(row), row] as const)
        .sort()
        .map(([, row]) => row) as T)
    : document

const rowsOf = (text: string): string =>
  maskText(text.replaceAll(blanked, uuid))
    .split('\n')
    .map((row) => row.trimEnd())
    .join('\n')

/** Of files with hashes and secrets in them only the names compare. */
function compareFiles(after: Watched, ours: (path: string) => string | null): string[] {
  return Object.entries(after).flatMap(([path, recorded]) => {
    const visible = (text: string | null): string =>
      path.includes('/priv/') ? (text ?? '').replace(/[: ].*/g, '') : (text ?? '')
    const [real, mine] = [visible(recorded as string | null), visible(ours(path))]
    return real === mine ? [] : [`${path}: recorded ${JSON.stringify(real)}, simulated ${JSON.stringify(mine)}`]
  })
}

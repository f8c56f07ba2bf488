/**
 * `npm run conformance -- [FILE.jsonl…] [--scene N] [-v]`: replays recordings of real tools against the simulated host.
 * One call is one count. Without files it replays the four that lie in test/transcripts.
 */
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { chanceAt } from './chance.ts'
import { replayScene } from './scene.ts'
import { replaySingle } from './single.ts'
import { isScene, readTranscript } from './transcript.ts'
import type { Replayed, Verdict } from './verdict.ts'

const ownFiles = ['zfs', 'disks', 'pvesm', 'pvesm-zfs', 'pveum', 'pct', 'qm', 'services'].map((name) =>
  join(import.meta.dirname, `../transcripts/${name}.jsonl`),
)

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { scene: { type: 'string', multiple: true }, verbose: { type: 'boolean', short: 'v' } },
})

function replayFile(file: string, only: readonly number[]): Replayed[] {
  const replayed: Replayed[] = []
  let lists: string | undefined
  for (const line of readTranscript(file)) {
    if (only.length === 0 || only.includes(line.n)) {
      const steps = isScene(line) ? replayScene(line) : replaySingle(line, lists)
      for (const { argv, verdict } of steps) {
        const chance = verdict.kind === 'fail' ? chanceAt(basename(file), line.n, argv) : null
        const judged: Verdict =
          chance === null ? verdict : { kind: 'skip', reason: `${argv.slice(0, 2).join(' ')}: ${chance}` }
        replayed.push({ file: basename(file), n: line.n, note: line.note, argv, verdict: judged })
      }
    }
    if (!isScene(line)) lists = line.zfs_list_after
  }
  return replayed
}

function printFailures(replayed: readonly Replayed[]): void {
  for (const { file, n, note, argv, verdict } of replayed) {
    if (verdict.kind === 'pass' && values.verbose) console.log(`pass ${file} ${n}: ${argv.join(' ')}`)
    if (verdict.kind === 'skip' && values.verbose) console.log(`skip ${file} ${n}: ${argv.join(' ')}`)
    if (verdict.kind !== 'fail') continue
    console.log(`FAIL ${file} ${n} (${note})\n    $ ${argv.join(' ')}`)
    for (const difference of verdict.differences) console.log(`    ${difference}`)
  }
}

function printSkips(replayed: readonly Replayed[]): void {
  const reasons = new Map<string, number>()
  for (const { verdict } of replayed)
    if (verdict.kind === 'skip') reasons.set(verdict.reason, (reasons.get(verdict.reason) ?? 0) + 1)
  if (reasons.size === 0) return
  console.log('skipped, because phx never calls it or the recording is of chance:')
  for (const [reason, count] of [...reasons].sort((a, b) => b[1] - a[1]))
    console.log(`  ${String(count).padStart(4)}  ${reason}`)
}

const files = positionals.length === 0 ? ownFiles : positionals
const replayed = files.flatMap((file) => replayFile(file, (values.scene ?? []).map(Number)))
const count = (kind: string): number => replayed.filter(({ verdict }) => verdict.kind === kind).length

printFailures(replayed)
printSkips(replayed)
for (const file of new Set(replayed.map((each) => each.file))) {
  const own = replayed.filter((each) => each.file === file)
  const passed = own.filter(({ verdict }) => verdict.kind === 'pass').length
  console.log(`${file}: ${passed} of ${own.length} passed`)
}
console.log(`${count('pass')} passed, ${count('fail')} failed, ${count('skip')} skipped`)
if (count('fail') > 0) process.exitCode = 1

/** Nothing to do: a no-op run over 10, 1,000 and 10,000 up-to-date tasks, beside other runners and Node's bare start. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { randomGraph, writeFiles, writeMake, writeMise, writeNinja, writeWireit } from './graphs.ts'
import type { Rig } from './rig.ts'
import { type Contender, inTurn, once, table } from './timing.ts'

/** What a run may cost, as a multiple of `node -e 0`. */
const limits: ReadonlyMap<number, number> = new Map([
  [10, 1.5],
  [1000, 3],
  [10_000, 8],
])

/** Tools that check 10,000 tasks in minutes, not seconds, are left out there. */
const slowest: Readonly<Record<string, number>> = { wireit: 1000, mise: 1000 }

export async function noop(rig: Rig): Promise<string> {
  const rows: string[][] = []
  for (const [size, limit] of limits) {
    const graph = randomGraph(size)
    // A folder each: what one tool touches would be out of date for the next.
    const own = (tool: string): string => {
      const folder = join(rig.scratch, `noop-${size}-${tool}`)
      mkdirSync(folder)
      writeFiles(folder, graph, true)
      writeFileSync(join(folder, 'phoenix.config.json'), '{}')
      for (const write of [writeNinja, writeMake, writeWireit, writeMise]) write(folder, graph, 'touch $out')
      return folder
    }
    const others = ['ninja', 'make', 'wireit', 'mise'].filter(
      (tool) => size <= (slowest[tool] ?? Number.POSITIVE_INFINITY),
    )
    const contenders: Contender[] = [
      { name: 'node -e 0', argv: [process.execPath, '-e', '0'] },
      rig.phx(own('phx'), { BENCH_TASKS: String(size) }),
      ...others.flatMap((tool) => rig.others(own(tool)).filter(({ name }) => name === tool)),
    ]
    // The first run brings every tool's own records up to date; only later ones have nothing to do.
    for (const contender of contenders) await once(contender)
    const timed = await inTurn(contenders, size >= 1000 ? 9 : 25)
    const bare = timed[0]?.medianMs ?? 1
    for (const { name, minMs, medianMs, maxMs, memoryMib } of timed) {
      const ratio = medianMs / bare
      const target = name === 'phx' ? `≤ ${limit}: ${ratio <= limit ? 'met' : 'missed'}` : ''
      rows.push([
        String(size),
        name,
        medianMs.toFixed(0),
        `${minMs.toFixed(0)} to ${maxMs.toFixed(0)}`,
        ratio.toFixed(2),
        memoryMib === null ? '' : memoryMib.toFixed(0),
        target,
      ])
    }
  }
  return table(['tasks', 'tool', 'ms (median)', 'ms (range)', '× node -e 0', 'MiB', 'target'], rows)
}

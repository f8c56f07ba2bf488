/** Everything to do: 1,000 independent tasks with -j 8, stamps and journal durable, beside ninja. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { randomGraph, writeFiles, writeNinja } from './graphs.ts'
import type { Rig } from './rig.ts'
import { once, table } from './timing.ts'

const tasks = 1000
const jobs = 8

export async function parallel(rig: Rig): Promise<string> {
  const rows: string[][] = []
  for (const ms of [100, 10]) {
    const folder = join(rig.scratch, `parallel-${ms}`)
    mkdirSync(folder)
    const graph = randomGraph(tasks, true)
    writeFiles(folder, graph, false)
    writeFileSync(join(folder, 'phoenix.config.json'), '{}')
    writeNinja(folder, graph, `sleep ${ms / 1000} && : >$out`)
    const clean = (): void => {
      for (const part of ['out', 'state', '.ninja_log']) rmSync(join(folder, part), { recursive: true, force: true })
      writeFiles(folder, graph, false)
    }
    const ideal = (tasks * ms) / jobs
    const ninja = rig.others(folder).find(({ name }) => name === 'ninja')
    const contenders = [
      rig.phx(folder, { BENCH_TASKS: String(tasks), BENCH_INDEPENDENT: '1', BENCH_SLEEP: String(ms / 1000) }, [
        '-j',
        String(jobs),
      ]),
      ...(ninja ? [{ ...ninja, argv: [...ninja.argv, '-j', String(jobs)] }] : []),
    ]
    for (const contender of contenders) {
      const { ms: taken } = await once({ ...contender, before: clean })
      const share = ideal / taken
      const target = contender.name === 'phx' && ms === 100 ? `≥ 90 %: ${share >= 0.9 ? 'met' : 'missed'}` : ''
      rows.push([
        `${ms} ms`,
        contender.name,
        (taken / 1000).toFixed(2),
        (ideal / 1000).toFixed(2),
        `${(share * 100).toFixed(0)} %`,
        target,
      ])
    }
  }
  return table(['a task takes', 'tool', 's', 'ideal s', 'of the ideal', 'target'], rows)
}

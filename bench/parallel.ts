/**
 * Everything to do: 1,000 independent tasks with -j 8, stamps and journal durable. Once with tasks that are a timer in the
 * process, which shows what phx itself adds, and once with tasks that are a process each, beside ninja.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fakeTask, withBench } from '../test/engine/fake.ts'
import { randomGraph, writeFiles, writeNinja } from './graphs.ts'
import type { Rig } from './rig.ts'
import { once, table } from './timing.ts'

const tasks = 1000
const jobs = 8

export async function parallel(rig: Rig): Promise<string> {
  const rows: string[][] = []
  const add = (ms: number, what: string, taken: number, target = ''): void => {
    const ideal = (tasks * ms) / jobs
    const share = `${((ideal / taken) * 100).toFixed(0)} %`
    rows.push([`${ms} ms`, what, (taken / 1000).toFixed(2), (ideal / 1000).toFixed(2), share, target])
  }
  for (const ms of [100, 10]) {
    const timers = await withTimers(ms)
    const isMet = (tasks * ms) / jobs / timers >= 0.9
    add(ms, 'phx, a task is a timer', timers, ms === 100 ? `≥ 90 %: ${isMet ? 'met' : 'missed'}` : '')
    for (const { name, ms: taken } of await withProcesses(rig, ms)) add(ms, `${name}, a task is a process`, taken)
  }
  return table(['a task takes', 'what', 's', 'ideal s', 'of the ideal', 'target'], rows)
}

async function withTimers(ms: number): Promise<number> {
  return withBench(async ({ host, run }) => {
    host.intercept = async () => {
      await sleep(ms)
      return undefined
    }
    const all = Array.from({ length: tasks }, (_, index) => fakeTask({ id: `t${index}` }))
    const started = performance.now()
    const { exitCode, mutations } = await run(all, { jobs })
    if (exitCode !== 0 || mutations !== tasks)
      throw new Error(`the run ended with ${exitCode} after ${mutations} tasks`)
    return performance.now() - started
  })
}

async function withProcesses(rig: Rig, ms: number): Promise<{ name: string; ms: number }[]> {
  const folder = join(rig.scratch, `parallel-${ms}`)
  mkdirSync(folder)
  const graph = randomGraph(tasks, true)
  writeFileSync(join(folder, 'phoenix.config.json'), '{}')
  writeNinja(folder, graph, `sleep ${ms / 1000} && : >$out`)
  const clean = (): void => {
    for (const part of ['out', 'state', '.ninja_log']) rmSync(join(folder, part), { recursive: true, force: true })
    writeFiles(folder, graph, false)
  }
  const env = { BENCH_TASKS: String(tasks), BENCH_INDEPENDENT: '1', BENCH_SLEEP: String(ms / 1000) }
  const ninja = rig.others(folder).find(({ name }) => name === 'ninja')
  const contenders = [
    rig.phx(folder, env, ['-j', String(jobs)]),
    ...(ninja ? [{ ...ninja, argv: [...ninja.argv, '-j', String(jobs)] }] : []),
  ]
  const taken: { name: string; ms: number }[] = []
  for (const contender of contenders) {
    taken.push({ name: contender.name, ms: (await once({ ...contender, before: clean })).ms })
  }
  return taken
}

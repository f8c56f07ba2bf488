/**
 * phx with a synthetic graph in place of its own tasks: the same command line, engine, state and host, and one task for
 * each node of the benchmark's graph. A task's output is a file; one probe lists a hundred of them.
 *
 * Environment: BENCH_FOLDER (holds in/ and out/), BENCH_TASKS, BENCH_INDEPENDENT=1, BENCH_SLEEP (seconds a task takes).
 */
import { join } from 'node:path'
import { main } from '../lib/cli/main.ts'
import type { Change, Probe, Task } from '../lib/engine/resource.ts'
import { bucketOf, randomGraph } from './graphs.ts'

const folder = process.env.BENCH_FOLDER ?? '.'
const seconds = process.env.BENCH_SLEEP ?? '0'

const outputsIn = (bucket: string): Probe<ReadonlySet<string>> => ({
  id: bucket,
  read: async ({ reader }) => new Set(await reader.listDir(join(folder, bucket))),
})

function task(name: string, needs: readonly string[]): Task {
  const id = `file:${name}`
  const change: Change = {
    resource: id,
    action: 'create',
    risk: 'safe',
    summary: `make ${name}`,
    fields: [{ field: 'exists', from: false, to: true }],
    // BENCH_FOLDER is a temporary folder of the benchmark's own.
    steps: [
      {
        kind: 'command',
        argv: ['sh', '-c', 'sleep "$1" && : >"$2"', 'sh', seconds, join(folder, bucketOf(name), name)],
      },
    ],
    undo: { commands: [['rm', join(folder, bucketOf(name), name)]] },
  }
  return {
    id: name,
    title: `make ${name}`,
    version: 1,
    groups: ['setup'],
    needs,
    inputs: { name, in: `in/${name}` },
    resources: [
      {
        id,
        locks: [{ name: id, mode: 'exclusive' }],
        async compare(look) {
          const exists = (await look.at(outputsIn(bucketOf(name)))).has(name)
          return { changes: exists ? [] : [change], refusals: [], notes: [], live: exists ? { exists } : null }
        },
      },
    ],
  }
}

const graph = randomGraph(Number(process.env.BENCH_TASKS ?? 10), process.env.BENCH_INDEPENDENT === '1')
process.exitCode = await main(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  variables: process.env,
  modules: [{ name: 'bench', expand: () => graph.map(({ name, needs }) => task(name, needs)) }],
})
process.stderr.write(`maxRSS ${process.resourceUsage().maxRSS}\n`)

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

const folder = (): string => process.env.BENCH_FOLDER ?? '.'

const outputsIn = (bucket: string): Probe<ReadonlySet<string>> => ({
  id: bucket,
  read: async ({ reader }) => new Set(await reader.listDir(join(folder(), bucket))),
})

function task(name: string, needs: readonly string[]): Task {
  const id = `file:${name}`
  const change = (): Change => ({
    resource: id,
    action: 'create',
    risk: 'safe',
    summary: `make ${name}`,
    fields: [{ field: 'exists', from: false, to: true }],
    // BENCH_FOLDER is a temporary folder of the benchmark's own.
    steps: [
      {
        kind: 'command',
        argv: [
          'sh',
          '-c',
          'sleep "$1" && : >"$2"',
          'sh',
          process.env.BENCH_SLEEP ?? '0',
          join(folder(), bucketOf(name), name),
        ],
      },
    ],
    undo: { commands: [['rm', join(folder(), bucketOf(name), name)]] },
  })
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
          return { changes: exists ? [] : [change()], refusals: [], notes: [], live: exists ? { exists } : null }
        },
      },
    ],
  }
}

export async function program(argv: readonly string[], own: NodeJS.Process): Promise<number> {
  const { BENCH_TASKS, BENCH_INDEPENDENT } = process.env
  const graph = randomGraph(Number(BENCH_TASKS ?? 10), BENCH_INDEPENDENT === '1')
  const code = await main(argv, {
    get stdin() {
      return own.stdin
    },
    stdout: own.stdout,
    stderr: own.stderr,
    variables: own.env,
    modules: async () => [{ name: 'bench', expand: () => graph.map(({ name, needs }) => task(name, needs)) }],
  })
  own.stderr.write(`maxRSS ${process.resourceUsage().maxRSS}\n`)
  return code
}

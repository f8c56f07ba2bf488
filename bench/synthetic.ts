/**
 * phx with a synthetic graph in place of its own tasks: the same command line, engine, state and host, and one task for
 * each node of the benchmark's graph. A task's output is a file; one probe lists a hundred of them.
 *
 * Environment: BENCH_FOLDER (holds in/ and out/), BENCH_TASKS, BENCH_INDEPENDENT=1, BENCH_SLEEP (seconds a task takes).
 */
import { join } from 'node:path'
import { main } from '../lib/cli/main.ts'
import type { Change, Comparison, Lock, Look, Probe, Resource, Task } from '../lib/engine/resource.ts'
import { bucketOf, randomGraph } from './graphs.ts'

const folder = (): string => process.env.BENCH_FOLDER ?? '.'

const probes = new Map<string, Probe<ReadonlySet<string>>>()

function outputsIn(bucket: string): Probe<ReadonlySet<string>> {
  const known = probes.get(bucket)
  if (known) return known
  const read: Probe<ReadonlySet<string>>['read'] = async ({ reader }) =>
    new Set(await reader.listDir(join(folder(), bucket)))
  const probe = { id: bucket, read }
  probes.set(bucket, probe)
  return probe
}

class OutputFile implements Resource {
  readonly id: string
  readonly locks: readonly Lock[]
  readonly #name: string

  constructor(name: string) {
    this.id = `file:${name}`
    this.locks = [{ name: this.id, mode: 'exclusive' }]
    this.#name = name
  }

  async compare(look: Look): Promise<Comparison> {
    const exists = (await look.at(outputsIn(bucketOf(this.#name)))).has(this.#name)
    return { changes: exists ? [] : [this.#make()], refusals: [], notes: [], live: exists ? { exists } : null }
  }

  /** BENCH_FOLDER is a temporary folder of the benchmark's own. */
  #make(): Change {
    const path = join(folder(), bucketOf(this.#name), this.#name)
    const argv = ['sh', '-c', 'sleep "$1" && : >"$2"', 'sh', process.env.BENCH_SLEEP ?? '0', path]
    return {
      resource: this.id,
      action: 'create',
      risk: 'safe',
      summary: `make ${this.#name}`,
      fields: [{ field: 'exists', from: false, to: true }],
      steps: [{ kind: 'command', argv }],
      undo: { commands: [['rm', path]] },
    }
  }
}

const task = (name: string, needs: readonly string[]): Task => ({
  id: name,
  title: `make ${name}`,
  version: 1,
  groups: ['setup'],
  needs,
  inputs: { name, in: `in/${name}` },
  resources: [new OutputFile(name)],
})

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

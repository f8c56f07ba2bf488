/**
 * A call of phx with task modules of the test's own: files in a temporary folder, on the local host, so that what phx
 * did can be read back. `simulated` would do as well; here nothing of phx but the command line is made up.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { main } from '../../lib/cli/main.ts'
import type { PhxConfig } from '../../lib/config/generated/types.ts'
import type { Change, Resource, Step, Task, TaskModule } from '../../lib/engine/resource.ts'

export interface FileTask {
  readonly id: string
  readonly needs?: readonly string[]
  readonly groups?: readonly string[]
  /** What the file should hold; the file's name is the id. */
  readonly content: string
  /** Commands to run before the file is written. */
  readonly commands?: readonly (readonly string[])[]
  readonly destructive?: boolean
  readonly refusal?: string
}

export class Scene {
  readonly folder = mkdtempSync(join(tmpdir(), 'phx-cli-'))
  tasks: readonly FileTask[] = []

  constructor() {
    writeFileSync(this.path('config.json'), '{}\n')
  }

  path(name: string): string {
    return join(this.folder, name)
  }

  clean(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }

  get modules(): readonly TaskModule<PhxConfig>[] {
    return [{ name: 'file', expand: () => this.tasks.map((task) => this.#task(task)) }]
  }

  #task(file: FileTask): Task {
    return {
      id: file.id,
      title: `file ${file.id}`,
      version: 1,
      groups: file.groups ?? ['files', 'setup'],
      needs: file.needs ?? [],
      inputs: { content: file.content },
      resources: [this.#resource(file)],
    }
  }

  #resource(file: FileTask): Resource {
    const path = this.path(file.id)
    return {
      id: `file:${file.id}`,
      locks: [{ name: path, mode: 'exclusive' }],
      compare: async ({ reader }) => {
        const live = (await reader.readFile(path)) ?? null
        const refusals =
          file.refusal === undefined
            ? []
            : [{ resource: `file:${file.id}`, why: file.refusal, fields: [], mend: ['mend it'] }]
        const changes = live === file.content ? [] : [changeOf(file, path, live)]
        return { changes, refusals, notes: [], live: live === null ? null : { content: live } }
      },
    }
  }

  /** Calls phx on the local host with this folder's config and state. */
  async phx(argv: readonly string[], stdin = '') {
    const [command = '', ...rest] = argv
    const onHost = command === 'validate' ? [] : ['--state-dir', this.path('state')]
    const config = command === 'runs' ? [] : ['-c', this.path('config.json')]
    return callPhx([command, ...config, ...onHost, ...rest], { modules: this.modules, stdin })
  }
}

function changeOf(file: FileTask, path: string, live: string | null): Change {
  const steps: Step[] = (file.commands ?? []).map((argv) => ({ kind: 'command', argv }))
  steps.push({ kind: 'write', file: { path, content: file.content, mode: 0o644 } })
  const change: Change = {
    resource: `file:${file.id}`,
    action: live === null ? 'create' : 'update',
    risk: file.destructive ? 'destructive' : 'safe',
    summary: `write ${file.id}`,
    fields: [{ field: 'content', from: live, to: file.content }],
    steps,
    undo: { impossible: 'not kept' },
  }
  if (!file.destructive) return change
  return { ...change, loss: { victims: [`what ${file.id} held`], typed: [file.id], identity: live ?? '' } }
}

export async function callPhx(
  argv: readonly string[],
  more: {
    readonly modules?: readonly TaskModule<PhxConfig>[]
    readonly stdin?: string
    readonly variables?: object
  } = {},
) {
  const [stdout, stderr] = [new Kept(), new Kept()]
  const code = await main(argv, {
    stdin: Readable.from(more.stdin ? [more.stdin] : []),
    stdout,
    stderr,
    variables: { ...more.variables },
    modules: async () => more.modules ?? [],
  })
  return { code, out: stdout.text, err: stderr.text }
}

class Kept extends Writable {
  text = ''

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString()
    done()
  }
}

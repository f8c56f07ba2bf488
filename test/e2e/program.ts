/**
 * phx as a person has it: `bin/phx.js`, built anew when a source is younger, in a process of its own.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

export const root = join(import.meta.dirname, '../..')

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly out: string
  readonly err: string
}

export interface Call {
  readonly cwd: string
  /** Given whole, then the input ends; null leaves it open. */
  readonly stdin?: string | null
  readonly variables?: Readonly<Record<string, string>>
  /** Arguments of Node, before the program. */
  readonly node?: readonly string[]
}

function isStale(): boolean {
  const built = statSync(join(root, 'bin/phx.js'), { throwIfNoEntry: false })?.mtimeMs
  if (built === undefined) return true
  const sources = ['lib', 'tasks', 'scripts', 'bin/phx.mts', 'bin/program.mts', 'package.json'].flatMap((name) => {
    const path = join(root, name)
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return [path]
    return readdirSync(path, { recursive: true, encoding: 'utf8' }).map((below) => join(path, below))
  })
  return sources.some((path) => (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) > built)
}

/** An abstract socket (unix(7)) as a lock: test files run side by side, and only one may build. */
async function exclusively(work: () => Promise<void>): Promise<void> {
  for (;;) {
    const held = await new Promise<Server | null>((done) => {
      const server = createServer()
      server.once('error', () => done(null))
      server.listen(`\0phx-e2e-build ${root}`.slice(0, 100), () => done(server))
    })
    if (!held) {
      await setTimeout(50)
      continue
    }
    try {
      return await work()
    } finally {
      held.close()
    }
  }
}

async function ensureBuilt(): Promise<void> {
  if (!isStale()) return
  await exclusively(async () => {
    if (!isStale()) return
    const { code, err } = await ended(spawn(process.execPath, [join(root, 'scripts/build.mjs')], { cwd: root }))
    if (code !== 0) throw new Error(`scripts/build.mjs failed: ${err}`)
  })
}

/** A child's output and how it ended. */
export function ended(child: ChildProcess): Promise<Ended> {
  let [out, err] = ['', '']
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (err += text))
  return new Promise((done) => child.on('close', (code, signal) => done({ code, signal, out, err })))
}

/** A copy of the built program in a scratch folder: a build during the test must not change it under its feet. */
export class Program {
  readonly scratch: string = mkdtempSync(join(tmpdir(), 'phx-e2e-'))
  /** The TMPDIR of every call. */
  readonly temporary: string = join(this.scratch, 'tmp')
  readonly #path = join(this.scratch, 'program/bin/phx.js')
  #made = 0

  static async open(): Promise<Program> {
    await ensureBuilt()
    const program = new Program()
    mkdirSync(join(program.scratch, 'program'))
    mkdirSync(program.temporary)
    cpSync(join(root, 'bin'), join(program.scratch, 'program/bin'), { recursive: true })
    writeFileSync(join(program.scratch, 'program/package.json'), '{"type":"module"}\n')
    if (!existsSync(program.#path)) throw new Error('bin/phx.js is not there after the build')
    return program
  }

  start(args: readonly string[], call: Call): ChildProcess {
    const child = spawn(process.execPath, [...(call.node ?? []), this.#path, ...args], {
      cwd: call.cwd,
      // Nothing of the surroundings: a test must not depend on who runs it.
      env: { PATH: process.env.PATH ?? '', HOME: call.cwd, TMPDIR: this.temporary, ...call.variables },
    })
    child.stdin?.on('error', () => undefined) // EPIPE: it ended without reading
    if (call.stdin !== null) child.stdin?.end(call.stdin ?? '')
    return child
  }

  call(args: readonly string[], call: Call): Promise<Ended> {
    return ended(this.start(args, call))
  }

  folder(): string {
    this.#made += 1
    const path = join(this.scratch, String(this.#made))
    mkdirSync(path)
    return path
  }

  clean(): void {
    rmSync(this.scratch, { recursive: true, force: true })
  }
}

/** Runs the work for each, two at a time: one for each core of the smallest machine. */
export async function twoAtATime<T>(list: Iterable<T>, work: (one: T) => Promise<void>): Promise<void> {
  const queue = list[Symbol.iterator]()
  const worker = async (): Promise<void> => {
    for (let next = queue.next(); !next.done; next = queue.next()) await work(next.value)
  }
  await Promise.all([worker(), worker()])
}

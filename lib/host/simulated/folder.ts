/**
 * Where a simulated host lives between runs: FOLDER/host.json, whole after every change (temporary file, fsync, rename),
 * so that `kill -9` at any instant leaves the host as it was before or after a command, as a real one would be.
 */
import { createHash } from 'node:crypto'
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, statSync, writeSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join, resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { textOfHost } from './guest/share.ts'
import type { SimState } from './model.ts'

export interface Stored {
  state: SimState
  /** Of `state`, as textOfHost says it: a look that changed it is found out by that. */
  text: string
  /** Tells a file apart from the one that replaces it. */
  version: string
}

export class HostFolder {
  readonly path: string
  readonly #file: string

  constructor(folder: string) {
    this.path = resolve(folder)
    this.#file = join(this.path, 'host.json')
  }

  /** What stands for the file's content: another after each write, by whichever process. Undefined when there is none. */
  version(): string | undefined {
    const stat = statSync(this.#file, { bigint: true, throwIfNoEntry: false })
    return stat === undefined ? undefined : `${stat.ino} ${stat.mtimeNs} ${stat.size}`
  }

  read(): Stored | undefined {
    const version = this.version()
    if (version === undefined) return undefined
    const state = parse(readFileSync(this.#file, 'utf8'), this.#file)
    return { state, text: textOfHost(state), version }
  }

  write(state: SimState): Stored {
    mkdirSync(this.path, { recursive: true })
    const temporary = `${this.#file}.${process.pid}`
    const file = openSync(temporary, 'w', 0o600)
    try {
      writeSync(file, JSON.stringify(state))
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(temporary, this.#file)
    syncFolder(this.path)
    return { state, text: textOfHost(state), version: this.version() ?? '' }
  }

  /**
   * Keeps every other process out until it has ended. The lock is an abstract unix socket (unix(7)): the kernel gives it
   * back when the process dies, and there is nothing to clean up.
   */
  async exclusively<T>(work: () => T): Promise<T> {
    const name = `\0phx-sim ${createHash('sha256').update(this.path).digest('hex').slice(0, 40)}`
    const deadline = Date.now() + PATIENCE
    for (;;) {
      const held = await listen(name)
      if (held !== null) {
        try {
          return work()
        } finally {
          held.close()
        }
      }
      if (Date.now() > deadline)
        throw new Error(`simulated host ${this.path}: another process has held it for ${PATIENCE / 1000} s`)
      await setTimeout(2)
    }
  }
}

const PATIENCE = 30_000

function parse(text: string, file: string): SimState {
  let state: unknown
  try {
    state = JSON.parse(text)
  } catch (cause) {
    throw new Error(`${file} is not the state of a simulated host: ${String(cause)}`, { cause })
  }
  const whole = (state as Partial<SimState> | null) ?? {}
  if (
    whole.format !== 1 ||
    ![whole.disks, whole.pools, whole.mounts].every(Array.isArray) ||
    typeof whole.files !== 'object'
  )
    throw new Error(`${file} is not the state of a simulated host that this phx understands`)
  return state as SimState
}

function listen(name: string): Promise<Server | null> {
  return new Promise((done, failed) => {
    const server = createServer((connection) => connection.destroy())
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? done(null) : failed(error)))
    server.listen(name, () => done(server))
  })
}

function syncFolder(path: string): void {
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

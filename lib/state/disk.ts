/**
 * The few ways in which phx writes its own state, each durable when its promise resolves. One interface, so that a
 * test can kill the process before, inside and after every single one.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

export interface Disk {
  /** Creates the folder and its parents (0700: stamps and journals name what is on the host). */
  makeDir(path: string): void
  /** Writes a new file and syncs its content. */
  write(path: string, text: string): Promise<void>
  /** Appends and syncs the content. */
  append(path: string, text: string): Promise<void>
  rename(from: string, to: string): Promise<void>
  /** One that is not there is no error. */
  remove(path: string): Promise<void>
  /** Syncs a folder, so that a rename or a new file in it survives a power cut (rename(2), fsync(2)). */
  syncDir(path: string): Promise<void>
}

/** A file's text; undefined when it went since it was listed, or is a folder that someone put there. */
export function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'EISDIR') return undefined
    throw error
  }
}

/** phx can't keep its own record: the disk is full, the file system read-only. Nothing is wrong with the host itself. */
export class StateError extends Error {
  readonly code: string | undefined
  readonly syscall: string | undefined

  constructor(path: string, cause: NodeJS.ErrnoException) {
    super(`phx can't write its own record ${path}: ${cause.message}`, { cause })
    this.code = cause.code
    this.syscall = cause.syscall
  }
}

async function recording(path: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    throw error instanceof Error ? new StateError(path, error) : error
  }
}

async function writeSynced(path: string, flags: 'w' | 'a', text: string): Promise<void> {
  const file = await open(path, flags, 0o600)
  try {
    await file.writeFile(text)
    await file.datasync()
  } finally {
    await file.close()
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** By hand: below /proc, where mkdir(2) says ENOENT although the parent is there, Node's own recursion never ends (seen: 20.20). */
function makeDir(path: string): void {
  if (existsSync(path)) return
  if (dirname(path) !== path) makeDir(dirname(path))
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    // Another process was faster.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !existsSync(path)) throw error
  }
}

export const realDisk: Disk = {
  makeDir,
  write: (path, text) => recording(path, () => writeSynced(path, 'w', text)),
  append: (path, text) => recording(path, () => writeSynced(path, 'a', text)),
  rename: (from, to) => recording(to, () => rename(from, to)),
  remove: (path) => recording(path, () => rm(path, { force: true })),
  syncDir: (path) => recording(path, () => syncFolder(path)),
}

interface Replacement {
  path: string
  text: string
  done(): void
  failed(error: unknown): void
}

/**
 * Replaces files whole: temp file, fsync, rename, fsync of the folder. What is asked for while a batch is under way
 * forms the next batch: eight tasks that end together pay for one folder sync, not for eight.
 */
export class Replacer {
  readonly #disk: Disk
  #waiting: Replacement[] = []
  #working = false

  constructor(disk: Disk) {
    this.#disk = disk
  }

  replace(path: string, text: string): Promise<void> {
    return new Promise((done, failed) => {
      // Two texts for one file in one batch: only the later one counts, both callers wait for it.
      const same = this.#waiting.find((one) => one.path === path)
      if (same) {
        const earlier = { done: same.done, failed: same.failed }
        same.text = text
        same.done = () => {
          earlier.done()
          done()
        }
        same.failed = (error) => {
          earlier.failed(error)
          failed(error)
        }
      } else this.#waiting.push({ path, text, done, failed })
      if (!this.#working) void this.#work()
    })
  }

  async #work(): Promise<void> {
    this.#working = true
    // One turn of the event loop, so that tasks that end together share the batch.
    await new Promise<void>((next) => setImmediate(next))
    while (this.#waiting.length > 0) {
      const batch = this.#waiting
      this.#waiting = []
      await this.#commit(batch)
    }
    this.#working = false
  }

  async #commit(batch: readonly Replacement[]): Promise<void> {
    try {
      await Promise.all(batch.map((one) => this.#disk.write(`${one.path}.tmp`, one.text)))
      await Promise.all(batch.map((one) => this.#disk.rename(`${one.path}.tmp`, one.path)))
      await Promise.all([...new Set(batch.map((one) => dirname(one.path)))].map((folder) => this.#disk.syncDir(folder)))
    } catch (error) {
      for (const one of batch) one.failed(error)
      return
    }
    for (const one of batch) one.done()
  }
}

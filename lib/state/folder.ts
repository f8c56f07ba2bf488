/**
 * The state folder of one host:
 *
 *   stamps/TASK.json   what a task left behind when it converged, or that it was begun and not finished
 *   runs/RUN.jsonl     the journal of one run
 *   lock.json          who holds the run lock, since when, doing what (the lock itself is the kernel's)
 *
 * Opening it for reading creates nothing.
 */
import { realpathSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { type Disk, Replacer, realDisk } from './disk.ts'

export class StateFolder {
  readonly path: string
  readonly disk: Disk
  readonly replacer: Replacer
  readonly stamps: string
  readonly runs: string
  readonly lockInfo: string

  constructor(path: string, disk: Disk = realDisk) {
    this.path = resolve(path)
    this.disk = disk
    this.replacer = new Replacer(disk)
    this.stamps = join(this.path, 'stamps')
    this.runs = join(this.path, 'runs')
    this.lockInfo = join(this.path, 'lock.json')
  }

  /** Makes what a run needs. Only `run` calls it. */
  prepare(): void {
    this.disk.makeDir(this.stamps)
    this.disk.makeDir(this.runs)
  }

  /** The folder by its real path, whatever links lead to it: two spellings are one lock. */
  identity(): string {
    let existing = this.path
    const rest: string[] = []
    for (;;) {
      try {
        return join(realpathSync(existing), ...rest)
      } catch {
        if (dirname(existing) === existing) return this.path
        rest.unshift(basename(existing))
        existing = dirname(existing)
      }
    }
  }
}

/**
 * Who may run now: a task gets one of `jobs` slots and all its locks at once, or waits. Nobody holds one lock while
 * waiting for another, so tasks can't wait for each other in a circle. Among those that could start, the task at the
 * head of the longest remaining chain goes first.
 */
import type { Lock } from './resource.ts'

interface Request {
  readonly locks: readonly Lock[]
  readonly priority: number
  admit(): void
}

/** One lock a name: exclusive when any resource of the task wants it so. Sorted, so that equal sets look equal. */
export function mergeLocks(locks: readonly Lock[]): readonly Lock[] {
  const byName = new Map<string, Lock>()
  for (const lock of locks) {
    if (lock.mode === 'exclusive' || !byName.has(lock.name)) byName.set(lock.name, lock)
  }
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

export class Admission {
  #free: number
  readonly #exclusive = new Set<string>()
  readonly #shared = new Map<string, number>()
  /** Highest priority first; in order of arrival among equals. */
  #waiting: Request[] = []

  constructor(jobs: number) {
    this.#free = jobs
  }

  /** Resolves, once the task may run, with the function that gives everything back (calling it twice is harmless). */
  enter(locks: readonly Lock[], priority: number): Promise<() => void> {
    return new Promise((resolve) => {
      const admit = (): void => {
        this.#take(locks)
        let held = true
        resolve(() => {
          if (!held) return
          held = false
          this.#giveBack(locks)
          this.#admitWhoCan()
        })
      }
      const behind = this.#waiting.findIndex((other) => other.priority < priority)
      this.#waiting.splice(behind === -1 ? this.#waiting.length : behind, 0, { locks, priority, admit })
      this.#admitWhoCan()
    })
  }

  #admitWhoCan(): void {
    for (let index = 0; this.#free > 0 && index < this.#waiting.length; ) {
      const request = this.#waiting[index]
      if (request && this.#isFree(request.locks)) {
        this.#waiting.splice(index, 1)
        request.admit()
      } else index++
    }
  }

  #isFree(locks: readonly Lock[]): boolean {
    return locks.every(
      ({ name, mode }) => !this.#exclusive.has(name) && (mode === 'shared' || (this.#shared.get(name) ?? 0) === 0),
    )
  }

  #take(locks: readonly Lock[]): void {
    this.#free -= 1
    for (const { name, mode } of locks) {
      if (mode === 'exclusive') this.#exclusive.add(name)
      else this.#shared.set(name, (this.#shared.get(name) ?? 0) + 1)
    }
  }

  #giveBack(locks: readonly Lock[]): void {
    this.#free += 1
    for (const { name, mode } of locks) {
      if (mode === 'exclusive') this.#exclusive.delete(name)
      else this.#shared.set(name, (this.#shared.get(name) ?? 0) - 1)
    }
  }
}

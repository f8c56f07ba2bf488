/**
 * The run lock: an abstract unix socket, held by the kernel for as long as the process lives. `kill -9` leaves nothing
 * to clean up. `lock.json` beside it only says who holds it; it may be stale and decides nothing.
 *
 * Abstract sockets belong to a network namespace (unix(7)): two runs in two namespaces on one folder don't see each other.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { userInfo } from 'node:os'
import { StateError } from './disk.ts'
import type { StateFolder } from './folder.ts'

export interface Holder {
  readonly pid: number
  readonly since: string
  readonly command: string
  readonly user: string
}

export class LockedError extends Error {
  readonly holder: Holder | null

  constructor(holder: Holder | null) {
    const who = holder
      ? `pid ${holder.pid} (${holder.user}), since ${holder.since}: ${holder.command}`
      : 'another process'
    super(`another run holds the lock: ${who}`)
    this.holder = holder
  }
}

function readHolder(state: StateFolder): Holder | null {
  try {
    const holder = JSON.parse(readFileSync(state.lockInfo, 'utf8')) as Holder
    return typeof holder.pid === 'number' ? holder : null
  } catch {
    return null // The info file is a courtesy: without it the message says less.
  }
}

/** An abstract name holds 107 bytes (unix(7)): a longer path is hashed. */
async function socketName(path: string): Promise<string> {
  const name = `\0phx-run ${path}`
  if (Buffer.byteLength(name) <= 100) return name
  const { createHash } = await import('node:crypto')
  return `\0phx-run sha256 ${createHash('sha256').update(path).digest('hex')}`
}

/** Takes the lock or rejects with LockedError. The returned function gives it back. */
export async function takeLock(state: StateFolder, command: string, now: Date): Promise<() => Promise<void>> {
  const name = await socketName(state.identity())
  const server: Server = createServer((connection) => connection.destroy())
  await new Promise<void>((held, failed) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      failed(error.code === 'EADDRINUSE' ? new LockedError(readHolder(state)) : error),
    )
    server.listen(name, held)
  })
  server.unref()
  const holder: Holder = { pid: process.pid, since: now.toISOString(), command, user: userName() }
  try {
    writeFileSync(state.lockInfo, `${JSON.stringify(holder)}\n`, { mode: 0o600 })
  } catch (error) {
    server.close()
    throw new StateError(state.lockInfo, error as Error)
  }
  return () => new Promise((freed) => server.close(() => freed()))
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    return `uid ${process.getuid?.() ?? '?'}` // no passwd entry for this uid
  }
}

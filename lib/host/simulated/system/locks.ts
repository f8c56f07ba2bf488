/**
 * The locks of apt and dpkg: a POSIX lock on each file, seen in /proc/locks, and who has them open (services.jsonl
 * scene 54). Files under /proc/PID stand for the process that holds them.
 */
import { makeFolders } from '../filesystem.ts'
import type { SimState } from '../model.ts'
import { answer, type Tool } from '../tool.ts'
import { type SystemState, systemOf } from './state.ts'

export const frontendLock = '/var/lib/dpkg/lock-frontend'
const lockFiles = [frontendLock, '/var/lib/dpkg/lock', '/var/lib/apt/lists/lock', '/var/cache/apt/archives/lock']

export const holder = (state: SimState): SystemState['aptLock'] => state.system?.aptLock

/** What dpkg says, or null when nobody holds it. */
export function dpkgLocked(state: SimState): string | null {
  const held = holder(state)
  if (!held) return null
  return `dpkg: error: dpkg frontend lock was locked by ${held.program} process with pid ${held.pid}
Note: removing the lock file is always wrong, can damage the locked area
and the entire system. See <https://wiki.debian.org/Teams/Dpkg/FAQ#db-lock>.
`
}

/** `hold-lock apt PID NAME [PROGRAM]`: apt names a process by its name, dpkg by its program. */
export function holdLock(
  state: SimState,
  [which, pid = '1150', name = 'apt-get', program = `/usr/bin/${name}`]: readonly string[],
): string | null {
  if (which !== 'apt') return 'only the lock of apt can be held: hold-lock apt PID NAME'
  systemOf(state).aptLock = { pid: Number(pid), name, program }
  makeFolders(state, `/proc/${pid}/fd`)
  state.files[`/proc/${pid}/comm`] = { type: 'file', content: `${name.slice(0, 15)}\n`, mode: 0o444 }
  state.symlinks ??= {}
  lockFiles.forEach((path, index) => {
    if (state.symlinks) state.symlinks[`/proc/${pid}/fd/${index + 4}`] = path
  })
  return null
}

export function releaseLock(state: SimState): string | null {
  const held = holder(state)
  if (!held) return 'nobody holds it'
  delete systemOf(state).aptLock
  const below = (path: string): boolean => path === `/proc/${held.pid}` || path.startsWith(`/proc/${held.pid}/`)
  for (const path of Object.keys(state.files)) if (below(path)) delete state.files[path]
  for (const path of Object.keys(state.symlinks ?? {})) if (below(path)) delete state.symlinks?.[path]
  return null
}

/** /proc/locks (proc_locks(5)): number, class, advisory, mode, PID, device and inode, range. */
export function procLocks(state: SimState): string {
  const held = holder(state)
  const rows = held ? lockFiles.map((_, index) => `POSIX  ADVISORY  WRITE ${held.pid} fe:00:${1000 + index} 0 EOF`) : []
  return rows.map((row, index) => `${index + 1}: ${row}\n`).join('')
}

/** The file's name goes to stderr, the PIDs to stdout. */
export const fuser: Tool = (state, { args }) => {
  const files = args.filter((word) => !word.startsWith('-'))
  const held = holder(state)
  const open = held ? files.filter((path) => lockFiles.includes(path)) : []
  if (open.length === 0 || !held) return answer(1)
  return answer(0, open.map(() => `  ${held.pid}`).join(''), open.map((path) => `${path}:\n`).join(''))
}

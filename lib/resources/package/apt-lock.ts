/**
 * Who is at work with apt or dpkg. The file that lies there says nothing (removing it is "always wrong", dpkg says): the
 * lock is the kernel's. /proc/locks names processes that hold one, and what those have open shows which; psmisc's fuser
 * need not be there (both seen: services.jsonl scene 54).
 */
import type { Step } from '../../engine/resource.ts'
import type { Reader } from '../../host/host.ts'

/** dpkg's, and the two that apt-get takes for lists and downloads: those it doesn't wait for (apt.conf(5)). */
const lockFiles: readonly string[] = [
  '/var/lib/dpkg/lock-frontend',
  '/var/lib/dpkg/lock',
  '/var/lib/apt/lists/lock',
  '/var/cache/apt/archives/lock',
]

/** A first upgrade after a start may take its time (apt-daily-upgrade.service). */
const patienceMs = 300_000

/** PIDs with a POSIX lock for writing: `1: POSIX  ADVISORY  WRITE 1150 fe:00:1000 0 EOF` (proc_locks(5)). */
const lockers = (text: string): string[] => [
  ...new Set(text.split('\n').flatMap((line) => /^\d+: POSIX\s+\S+\s+WRITE\s+(\d+)\s/.exec(line)?.[1] ?? [])),
]

async function holdsApt(reader: Reader, pid: string): Promise<boolean> {
  const open = (await reader.listDir(`/proc/${pid}/fd`)) ?? []
  const paths = await Promise.all(open.map((fd) => reader.realpath(`/proc/${pid}/fd/${fd}`)))
  return paths.some((path) => path !== undefined && lockFiles.includes(path))
}

/** `process 1150 (unattended-upgr)`, or undefined when nobody holds a lock of apt's. */
export async function aptHolder(reader: Reader): Promise<string | undefined> {
  for (const pid of lockers((await reader.readFile('/proc/locks')) ?? '')) {
    if (!(await holdsApt(reader, pid))) continue
    const name = (await reader.readFile(`/proc/${pid}/comm`))?.trim() ?? 'ended'
    return `process ${pid} (${name})`
  }
  return undefined
}

/** Waits for whoever holds it, and says who that is when time is up. Nobody is ever killed for it. */
export const aptIsFree: Step = {
  kind: 'verify',
  what: 'no other apt or dpkg is at work',
  withinMs: patienceMs,
  mend: [
    'see what it does: ps -fp PID, and tail /var/log/apt/term.log',
    'let it end, then run phx again; never remove the lock file, and never kill dpkg',
  ],
  async check(reader) {
    const holder = await aptHolder(reader)
    return holder === undefined ? undefined : `the lock is held by ${holder}`
  },
}

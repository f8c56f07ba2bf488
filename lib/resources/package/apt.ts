/** How phx calls apt-get and dpkg. */
import type { Step } from '../../engine/resource.ts'
import type { CommandResult } from '../../host/host.ts'

/** How long a lock that another apt or dpkg takes in between is waited for. */
const lockWaitSeconds = 300
const deadlineMs = 1_800_000

const noninteractive = ['env', 'DEBIAN_FRONTEND=noninteractive']

/**
 * One transaction that asks nothing: an admin's changed configuration files stay (`--force-confold`, dpkg(1)), and a
 * held lock is waited for (apt.conf(5), DPkg::Lock::Timeout; without it apt-get gives up at once).
 */
export function aptGet(args: readonly string[]): Step {
  const argv = [
    ...noninteractive,
    'apt-get',
    '-y',
    '-q',
    ...['-o', `DPkg::Lock::Timeout=${lockWaitSeconds}`],
    ...['-o', 'Dpkg::Options::=--force-confdef'],
    ...['-o', 'Dpkg::Options::=--force-confold'],
    ...args,
  ]
  return { kind: 'command', argv, timeoutMs: deadlineMs }
}

/** What apt said of errors, without its remarks. */
const complaints = ({ stderr }: CommandResult): string[] => stderr.split('\n').filter((line) => /^E: /.test(line))

/**
 * Fetches the lists. One repository that can't be reached makes it exit code 100 although all others are there (facts,
 * 4.11): it fails only when the complaint is of one of `ours`, or of no repository at all.
 */
export function aptUpdate(ours: readonly string[] | 'all' = 'all'): Step {
  return {
    kind: 'command',
    argv: [...noninteractive, 'apt-get', '-q', 'update'],
    timeoutMs: deadlineMs,
    judge(result) {
      if (result.exitCode === 0) return undefined
      const said = complaints(result)
      const isOurs = (line: string): boolean => ours === 'all' || ours.some((uri) => line.includes(uri))
      const isOfNone = (line: string): boolean => !/^E: (Failed to fetch|The repository) /.test(line)
      const bad = said.filter((line) => isOurs(line) || isOfNone(line))
      if (bad.length === 0 && said.length > 0) return undefined
      const why = bad.join('; ') || `apt-get ended with exit code ${result.exitCode}`
      return /enterprise\.proxmox\.com.*401/.test(why)
        ? `${why}: this host has no subscription for it; declare "proxmox": "no-subscription" in host.repositories`
        : why
    },
  }
}

/** Finishes what was cut short: packages that are unpacked but not configured. */
export const dpkgConfigure: Step = {
  kind: 'command',
  argv: [...noninteractive, 'dpkg', '--force-confdef', '--force-confold', '--configure', '-a'],
  timeoutMs: deadlineMs,
}

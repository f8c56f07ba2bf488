/** How phx calls apt-get. */
import type { Step } from '../../engine/resource.ts'

/** How long a lock that another apt or dpkg holds is waited for. */
const lockWaitSeconds = 300
const deadlineMs = 1_800_000

/**
 * One transaction that asks nothing: an admin's changed configuration files stay (`--force-confold`, dpkg(1)), and a
 * held lock is waited for (apt.conf(5), DPkg::Lock::Timeout; without it apt-get gives up at once).
 */
export function aptGet(args: readonly string[]): Step {
  const argv = [
    'env',
    'DEBIAN_FRONTEND=noninteractive',
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

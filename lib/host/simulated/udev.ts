/**
 * What udev says of the devices, which is what lsblk shows: it reads a device anew only some time after it was written,
 * so right after `wipefs -a` lsblk still shows what was there (facts, D6, D10, D12). Time is counted in calls that could
 * change the host: reading calls leave everything as it is.
 */
import type { BlockDevice } from './devices.ts'
import type { DeviceFacts, SimState } from './model.ts'
import { allFacts, probeFacts } from './probe.ts'

/** How many changing calls later udev has caught up (disks.jsonl 6: not yet after one). */
const LAG = 2

/** Those that wait for udev themselves (gdisk sleeps a second, parted and libzfs settle) or take long enough. */
const patient = ['sgdisk', 'parted', 'partprobe', 'udevadm', 'sim', 'sh', 'sleep', 'zpool', 'zfs']

const isPatient = (argv: readonly string[]): boolean => patient.includes(argv[0] ?? '') && argv[1] !== 'labelclear'

export function settle(state: SimState): void {
  state.udev.stale = {}
}

/** Called after each call that could change the host, with what a probe of the devices had found before it. */
export function rememberStale(
  state: SimState,
  argv: readonly string[],
  before: ReadonlyMap<string, DeviceFacts>,
): void {
  const { stale } = state.udev
  for (const [node, memory] of Object.entries(stale)) {
    memory.calls--
    if (memory.calls <= 0) delete stale[node]
  }
  for (const [node, facts] of allFacts(state)) {
    const known = before.get(node)
    if (known === undefined || JSON.stringify(known) === JSON.stringify(facts)) continue
    if (isPatient(argv)) delete stale[node]
    else stale[node] = { calls: LAG, known }
  }
}

/** What lsblk is told. */
export function knownFacts(state: SimState, device: BlockDevice): DeviceFacts {
  return state.udev.stale[device.node]?.known ?? probeFacts(state, device)
}

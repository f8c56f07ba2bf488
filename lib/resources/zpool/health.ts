/** What is not well with a pool that is as declared: said, never acted upon. */
import type { Note } from '../../engine/resource.ts'
import type { LivePool } from '../probes/pools.ts'
import { type Group, isOpen } from './layout.ts'

/** What `zpool status` prints where its JSON says CANT_OPEN (seen: zfs.jsonl scene 46). */
const stateWord = (state: string | undefined): string => (state === 'CANT_OPEN' ? 'UNAVAIL' : (state ?? 'unknown'))

export function healthNotes(id: string, pool: LivePool, groups: readonly Group[]): Note[] {
  const warn = (text: string): Note => ({ resource: id, level: 'warning', text })
  const ill = groups
    .flatMap((group) => group.members)
    .filter((member) => !isOpen(member))
    .map(({ leaf, path }) =>
      warn(
        `pool ${pool.name} is degraded: ${path} is ${stateWord(leaf?.state)}; bring it back (zpool online ${pool.name} ${leaf?.name}) or replace it (zpool replace ${pool.name} ${leaf?.name} NEW-DISK)`,
      ),
    )
  const replacing = groups
    .flatMap((group) => group.members)
    .filter((member) => member.replaces !== null)
    .map(({ path }) => warn(`pool ${pool.name}: ${path} is taking over from another disk; zpool status ${pool.name}`))
  const failing = groups
    .flatMap((group) => group.members)
    .filter(({ leaf }) => leaf !== null && leaf.failed.reads + leaf.failed.writes + leaf.failed.checksums > 0)
    .map(({ path }) =>
      warn(
        `pool ${pool.name}: ${path} has failed to read, write or return what was written; see zpool status ${pool.name} and smartctl -a, then replace it, or zpool clear ${pool.name}`,
      ),
    )
  const errors =
    pool.errors > 0
      ? [warn(`pool ${pool.name} has ${pool.errors} data errors: zpool status -v ${pool.name} names the files`)]
      : []
  const rest =
    pool.state !== 'ONLINE' && ill.length + failing.length + errors.length === 0
      ? [warn(`pool ${pool.name} is ${pool.state}: ${pool.status ?? `see zpool status ${pool.name}`}`)]
      : []
  return [...ill, ...replacing, ...failing, ...errors, ...rest]
}

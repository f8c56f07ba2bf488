/**
 * What is the matter with a pool, in the order in which ZFS looks (check_status in libzfs_status.c), and the words that
 * `zpool status` and `zpool import` have for it (print_status_reason and show_import in zpool_main.c).
 */
import type { Pool, Vdev } from '../model.ts'
import { pendingFeatures } from './features.ts'
import { rootHealth } from './health.ts'
import { topLevels } from './tree.ts'

export type Reason =
  | 'ok'
  | 'corrupt label, enough replicas'
  | 'corrupt label, too few replicas'
  | 'faulted, enough replicas'
  | 'faulted, too few replicas'
  | 'suspended'
  | 'corrupt data'
  | 'failing device'
  | 'offline'
  | 'removed'
  | 'features disabled'
  | 'other host'

interface Words {
  readonly status: string
  readonly action: string
  readonly id: string | null
}

/** `\t` begins each further line, as printed and as in JSON. */
const lines = (...text: string[]): string => `${text.join('\n\t')}\n`

const said: Readonly<Record<Exclude<Reason, 'ok' | 'other host'>, Words>> = {
  'corrupt label, enough replicas': {
    status: lines(
      'One or more devices could not be used because the label is missing or',
      'invalid.  Sufficient replicas exist for the pool to continue',
      'functioning in a degraded state.',
    ),
    action: lines("Replace the device using 'zpool replace'."),
    id: 'ZFS-8000-4J',
  },
  'corrupt label, too few replicas': {
    status: lines(
      'One or more devices could not be used because the label is missing ',
      'or invalid.  There are insufficient replicas for the pool to continue',
      'functioning.',
    ),
    action: lines('Destroy and re-create the pool from', 'a backup source.'),
    id: 'ZFS-8000-5E',
  },
  'faulted, enough replicas': {
    status: lines(
      'One or more devices are faulted in response to persistent errors.',
      'Sufficient replicas exist for the pool to continue functioning in a',
      'degraded state.',
    ),
    action: lines("Replace the faulted device, or use 'zpool clear' to mark the device", 'repaired.'),
    id: null,
  },
  'faulted, too few replicas': {
    status: lines(
      'One or more devices are faulted in response to persistent errors.  There are insufficient replicas for the pool to',
      'continue functioning.',
    ),
    action: lines(
      'Destroy and re-create the pool from a backup source.  Manually marking the device',
      "repaired using 'zpool clear' may allow some data to be recovered.",
    ),
    id: null,
  },
  suspended: {
    status: lines('One or more devices are faulted in response to IO failures.'),
    action: lines("Make sure the affected devices are connected, then run 'zpool clear'."),
    id: 'ZFS-8000-HC',
  },
  'corrupt data': {
    status: lines(
      'One or more devices has experienced an error resulting in data',
      'corruption.  Applications may be affected.',
    ),
    action: lines('Restore the file in question if possible.  Otherwise restore the', 'entire pool from backup.'),
    id: 'ZFS-8000-8A',
  },
  'failing device': {
    status: lines(
      'One or more devices has experienced an unrecoverable error.  An',
      'attempt was made to correct the error.  Applications are unaffected.',
    ),
    action: lines(
      'Determine if the device needs to be replaced, and clear the errors',
      "using 'zpool clear' or replace the device with 'zpool replace'.",
    ),
    id: 'ZFS-8000-9P',
  },
  offline: {
    status: lines(
      'One or more devices has been taken offline by the administrator.',
      'Sufficient replicas exist for the pool to continue functioning in a',
      'degraded state.',
    ),
    action: lines("Online the device using 'zpool online' or replace the device with", "'zpool replace'."),
    id: null,
  },
  removed: {
    status: lines(
      'One or more devices have been removed.',
      'Sufficient replicas exist for the pool to continue functioning in a',
      'degraded state.',
    ),
    // The missing quote is ZFS's own.
    action: lines("Online the device using zpool online' or replace the device with", "'zpool replace'."),
    id: null,
  },
  'features disabled': {
    status: lines(
      'Some supported and requested features are not enabled on the pool.',
      'The pool can still be used, but some features are unavailable.',
    ),
    action: lines(
      "Enable all features using 'zpool upgrade'. Once this is done,",
      'the pool may no longer be accessible by software that does not support',
      'the features. See zpool-features(7) for details.',
    ),
    id: null,
  },
}

/** For zpool status; null when there is nothing to say. */
export const wordsFor = (reason: Reason): Words | null =>
  reason === 'ok' || reason === 'other host' ? null : said[reason]

export const isProblem = (reason: Reason): boolean => reason !== 'ok' && reason !== 'features disabled'

/** `candidate`: it is not imported, only looked at; whether another host has it, its labels say. */
export function reasonOf(pool: Pool, candidate: { readonly otherHost: boolean } | null = null): Reason {
  if (candidate?.otherHost === true) return 'other host'
  if (pool.suspended) return 'suspended'
  const leaves = [...topLevels(pool).flatMap(settledLeaves), ...pool.cache]
  const any = (test: (leaf: Vdev) => boolean): boolean => leaves.some(test)
  const isBroken = (leaf: Vdev): boolean => leaf.state === 'UNAVAIL'
  const isFaulted = (leaf: Vdev): boolean => leaf.state === 'FAULTED'
  if (rootHealth(pool).state === 'UNAVAIL') {
    return any(isFaulted) ? 'faulted, too few replicas' : 'corrupt label, too few replicas'
  }
  if (candidate === null && pool.errorCount > 0) return 'corrupt data'
  if (any(isFaulted)) return 'faulted, enough replicas'
  if (any(isBroken)) return 'corrupt label, enough replicas'
  if (candidate === null && any(hasErrors)) return 'failing device'
  if (any((leaf) => leaf.state === 'OFFLINE')) return 'offline'
  if (any((leaf) => leaf.state === 'REMOVED')) return 'removed'
  return pendingFeatures(pool).length > 0 ? 'features disabled' : 'ok'
}

/** What is being replaced is not held against the pool. */
const settledLeaves = (vdev: Vdev): Vdev[] =>
  vdev.type === 'replacing' ? [] : vdev.children.length === 0 ? [vdev] : vdev.children.flatMap(settledLeaves)

const hasErrors = (leaf: Vdev): boolean =>
  leaf.state === 'DEGRADED' || leaf.readErrors + leaf.writeErrors + leaf.checksumErrors > 0

/** The lines `status:`, `action:` and the message id of zpool import's listing. */
export function importWords(
  reason: Reason,
  state: string,
): { status: string | null; action: string; id: string | null } {
  return { status: importStatus(reason), action: importAction(reason, state), id: importId(reason) }
}

function importStatus(reason: Reason): string | null {
  switch (reason) {
    case 'corrupt label, enough replicas':
    case 'corrupt label, too few replicas':
      return lines('One or more devices contains corrupted data.')
    case 'faulted, enough replicas':
    case 'faulted, too few replicas':
      return lines('One or more devices are faulted.')
    case 'offline':
      return lines('One or more devices are offlined.')
    case 'other host':
      return lines('The pool was last accessed by another system.')
    case 'features disabled':
      return lines(
        'Some supported features are not enabled on the pool.',
        '(Note that they may be intentionally disabled if the',
        "'compatibility' property is set.)",
      )
    case 'removed':
      return ''
    default:
      return null
  }
}

function importAction(reason: Reason, state: string): string {
  if (state === 'ONLINE') {
    if (reason === 'other host') {
      return lines('The pool can be imported using its name or numeric identifier and', "the '-f' flag.")
    }
    if (reason === 'features disabled') {
      return lines(
        'The pool can be imported using its name or numeric identifier, though',
        "some features will not be available without an explicit 'zpool upgrade'.",
      )
    }
    return lines('The pool can be imported using its name or numeric identifier.')
  }
  if (state === 'DEGRADED') {
    return lines(
      'The pool can be imported despite missing or damaged devices.  The',
      'fault tolerance of the pool may be compromised if imported.',
    )
  }
  return lines('The pool cannot be imported due to damaged devices or data.')
}

const importId = (reason: Reason): string | null =>
  reason === 'other host' ? 'ZFS-8000-EY' : (wordsFor(reason)?.id ?? null)

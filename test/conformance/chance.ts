/**
 * Recorded answers that the same calls on the same host do not give again: chance, or the recorder's own doing. Each is
 * one call, by file, scene and first words; a run lists them apart, with the reason, and counts them as skipped.
 */
const chance: Readonly<Record<string, { readonly calls: readonly string[]; readonly reason: string }>> = {
  'zfs.jsonl 30': {
    calls: ['zpool create', 'zpool destroy'],
    reason: 'disks just released were unavailable for a moment; the next scenes make such pools at once',
  },
  'zfs.jsonl 54': { calls: ['lsblk'], reason: 'udev had not read one of two partitions yet' },
  'disks.jsonl 9': { calls: ['umount'], reason: 'of a file system on a loop device, which phx never uses' },
  'pvesm-zfs.jsonl 1': {
    calls: ['pvesm scan'],
    reason: 'a storage appears during a call that only reads: the recorder’s own',
  },
  'services.jsonl 52': {
    calls: ['ufw status'],
    reason: 'the recorder says in its own words that a program is missing',
  },
  'services.jsonl 37': { calls: ['ufw --force reset'], reason: 'names its copies by the time of day' },
  'services.jsonl 38': {
    calls: ['ufw show added', 'ufw status'],
    reason: 'three ufw at once: which of the three rules is kept is chance',
  },
}

export function chanceAt(file: string, n: number, argv: readonly string[]): string | null {
  const one = chance[`${file} ${n}`]
  return one?.calls.some((words) => argv.join(' ').startsWith(words)) ? one.reason : null
}

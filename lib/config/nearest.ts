/** What somebody probably meant: the candidate that takes the fewest slips of the keyboard, if few enough. */
export function nearest(written: string, candidates: Iterable<string>): string | undefined {
  const lower = written.toLowerCase()
  let best: string | undefined
  // One slip in three letters: `zfs` may become `zsf`, and not `nfs` become `zfs`.
  let fewest = Math.min(3, Math.max(1, Math.floor(written.length / 3))) + 1
  for (const candidate of candidates) {
    if (candidate === written) continue
    const same = spelling(candidate) === spelling(written)
    const slips = same ? 0 : distance(lower, candidate.toLowerCase(), fewest)
    if (slips < fewest && slips < candidate.length) {
      best = candidate
      fewest = slips
    }
  }
  return best
}

/** `Raid-Level`, `raid_level` and `raidLevel` are one word. */
function spelling(word: string): string {
  return word.toLowerCase().replace(/[-_ ]/g, '')
}

/** Optimal string alignment: insert, delete, replace, or swap two neighbours. Gives up at `limit`. */
function distance(one: string, other: string, limit: number): number {
  if (Math.abs(one.length - other.length) >= limit) return limit
  let before: number[] = []
  let last = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let i = 1; i <= one.length; i++) {
    const row = [i]
    for (let j = 1; j <= other.length; j++) {
      const same = one[i - 1] === other[j - 1]
      let slips = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1))
      if (i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]) {
        slips = Math.min(slips, (before[j - 2] ?? 0) + 1)
      }
      row.push(slips)
    }
    before = last
    last = row
  }
  return last[other.length] ?? limit
}

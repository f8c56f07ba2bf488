/**
 * Options of an export as exports(5) means them: in any order, with or without its defaults, in either of two names.
 * `exportfs -s` prints another selection of the same words, so both sides are brought to one form before they are
 * compared.
 */

/** The default first, then its opposite. */
const switches: readonly (readonly [string, string])[] = [
  ['ro', 'rw'],
  ['sync', 'async'],
  ['no_subtree_check', 'subtree_check'],
  ['wdelay', 'no_wdelay'],
  ['hide', 'nohide'],
  ['nocrossmnt', 'crossmnt'],
  ['secure', 'insecure'],
  ['root_squash', 'no_root_squash'],
  ['no_all_squash', 'all_squash'],
  ['secure_locks', 'insecure_locks'],
  ['acl', 'no_acl'],
  ['no_pnfs', 'pnfs'],
]

/** What is written out even where it is the default: without them exportfs suggests or warns. */
const alwaysSaid = ['ro', 'sync', 'no_subtree_check']

const otherNames: ReadonlyMap<string, string> = new Map([
  ['auth_nlm', 'secure_locks'],
  ['no_auth_nlm', 'insecure_locks'],
  ['mp', 'mountpoint'],
  ['fsid=root', 'fsid=0'],
])

const defaults = ['anonuid=65534', 'anongid=65534', 'sec=sys']

/** exportfs keeps an id as a signed number of 32 bits and prints it so: 4294967295 is -1. */
const signed = (value: string): string => (/^-?\d+$/.test(value) ? String(Number(value) | 0) : value)

/** What an export means: its options that are not the default, sorted. The last of two rivals wins, as for exportfs. */
export function effectiveOptions(words: readonly string[]): string[] {
  const chosen = new Map<string, string>()
  for (const given of words) {
    const named = otherNames.get(given) ?? given.replace(/^mp=/, 'mountpoint=')
    const [name = '', value] = splitOnce(named)
    const pair = switches.find((one) => one.includes(named))
    if (pair) chosen.set(pair[0], named)
    else if (value === undefined) chosen.set(name, named)
    else chosen.set(name, `${name}=${name === 'anonuid' || name === 'anongid' ? signed(value) : value}`)
  }
  const isDefault = ([name, word]: readonly [string, string]): boolean =>
    word === name ? switches.some(([usual]) => usual === word) : defaults.includes(word)
  return [...chosen]
    .filter((one) => !isDefault(one))
    .map(([, word]) => word)
    .sort()
}

/** The words for the file: access, writing and subtrees first, said in any case. */
export function writtenOptions(effective: readonly string[]): string[] {
  const first = alwaysSaid.map((usual) => {
    const opposite = switches.find(([one]) => one === usual)?.[1]
    return opposite !== undefined && effective.includes(opposite) ? opposite : usual
  })
  return [...first, ...effective.filter((word) => !first.includes(word))]
}

function splitOnce(word: string): [string, string?] {
  const at = word.indexOf('=')
  return at < 0 ? [word] : [word.slice(0, at), word.slice(at + 1)]
}

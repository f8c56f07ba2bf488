/** Options of an export as nfs-utils 2.8 keeps and prints them (support/nfs/exports.c; services.jsonl scenes 2 to 14). */

/** In the order in which etab has them; the value after the name for those with two states. */
export interface ExportOptions {
  rw: boolean
  sync: boolean
  wdelay: boolean
  hide: boolean
  crossmnt: boolean
  secure: boolean
  rootSquash: boolean
  allSquash: boolean
  subtreeCheck: boolean
  secureLocks: boolean
  acl: boolean
  pnfs: boolean
  noReaddirplus: boolean
  securityLabel: boolean
  fsid: string | null
  /** Empty: the exported path itself has to be a mount point. */
  mountpoint: string | null
  anonuid: string
  anongid: string
  sec: string
}

export const usualOptions = (): ExportOptions => ({
  rw: false,
  sync: true,
  wdelay: true,
  hide: true,
  crossmnt: false,
  secure: true,
  rootSquash: true,
  allSquash: false,
  subtreeCheck: false,
  secureLocks: true,
  acl: true,
  pnfs: false,
  noReaddirplus: false,
  securityLabel: false,
  fsid: null,
  mountpoint: null,
  anonuid: '65534',
  anongid: '65534',
  sec: 'sys',
})

const words: Readonly<Record<string, Partial<ExportOptions>>> = {
  ro: { rw: false },
  rw: { rw: true },
  sync: { sync: true },
  async: { sync: false },
  wdelay: { wdelay: true },
  no_wdelay: { wdelay: false },
  hide: { hide: true },
  nohide: { hide: false },
  crossmnt: { crossmnt: true },
  nocrossmnt: { crossmnt: false },
  secure: { secure: true },
  insecure: { secure: false },
  root_squash: { rootSquash: true },
  no_root_squash: { rootSquash: false },
  all_squash: { allSquash: true },
  no_all_squash: { allSquash: false },
  subtree_check: { subtreeCheck: true },
  no_subtree_check: { subtreeCheck: false },
  secure_locks: { secureLocks: true },
  auth_nlm: { secureLocks: true },
  insecure_locks: { secureLocks: false },
  no_auth_nlm: { secureLocks: false },
  acl: { acl: true },
  no_acl: { acl: false },
  pnfs: { pnfs: true },
  no_pnfs: { pnfs: false },
  nordirplus: { noReaddirplus: true },
  security_label: { securityLabel: true },
  mp: { mountpoint: '' },
  mountpoint: { mountpoint: '' },
}

/** Takes the words into the options; the one that is not known or badly put as exportfs complains of it, else null. */
export function takeWords(options: ExportOptions, list: string): { keyword: string } | { bad: string } | null {
  for (const word of list.split(',').filter((one) => one !== '')) {
    const [name = '', value] = word.split(/=(.*)/s)
    const known = Object.hasOwn(words, word) ? words[word] : undefined
    if (known) Object.assign(options, known)
    else if (value === undefined) return { keyword: word }
    else if (name === 'anonuid' || name === 'anongid') {
      if (!/^-?\d+$/.test(value)) return { bad: word }
      options[name] = String(Number(value) | 0)
    } else if (name === 'fsid') options.fsid = value === 'root' ? '0' : value
    else if (name === 'mp' || name === 'mountpoint') options.mountpoint = value
    else if (name === 'sec') options.sec = value
    else return { keyword: word }
  }
  return null
}

const either = (is: boolean, yes: string, no: string): string => (is ? yes : no)
const mountpointText = ({ mountpoint }: ExportOptions): string[] =>
  mountpoint === null ? [] : [mountpoint === '' ? 'mountpoint' : `mountpoint=${mountpoint}`]

/** What holds for each security flavour; etab and `-s` end with it. */
const flavour = (options: ExportOptions): string[] => [
  `sec=${options.sec}`,
  either(options.rw, 'rw', 'ro'),
  either(options.secure, 'secure', 'insecure'),
  either(options.rootSquash, 'root_squash', 'no_root_squash'),
  either(options.allSquash, 'all_squash', 'no_all_squash'),
]

/** As a line of /var/lib/nfs/etab has them. */
export const etabText = (options: ExportOptions): string =>
  [
    either(options.rw, 'rw', 'ro'),
    either(options.sync, 'sync', 'async'),
    either(options.wdelay, 'wdelay', 'no_wdelay'),
    either(options.hide, 'hide', 'nohide'),
    either(options.crossmnt, 'crossmnt', 'nocrossmnt'),
    either(options.secure, 'secure', 'insecure'),
    either(options.rootSquash, 'root_squash', 'no_root_squash'),
    either(options.allSquash, 'all_squash', 'no_all_squash'),
    either(options.subtreeCheck, 'subtree_check', 'no_subtree_check'),
    either(options.secureLocks, 'secure_locks', 'insecure_locks'),
    either(options.acl, 'acl', 'no_acl'),
    ...(options.noReaddirplus ? ['nordirplus'] : []),
    ...(options.securityLabel ? ['security_label'] : []),
    either(options.pnfs, 'pnfs', 'no_pnfs'),
    ...(options.fsid === null ? [] : [`fsid=${options.fsid}`]),
    ...mountpointText(options),
    `anonuid=${options.anonuid}`,
    `anongid=${options.anongid}`,
    ...flavour(options),
  ].join(',')

/** As `exportfs -s` and `-v` print them. */
export const printedText = (options: ExportOptions): string =>
  [
    either(options.sync, 'sync', 'async'),
    either(options.wdelay, 'wdelay', 'no_wdelay'),
    either(options.hide, 'hide', 'nohide'),
    ...(options.crossmnt ? ['crossmnt'] : []),
    ...(options.subtreeCheck ? [] : ['no_subtree_check']),
    ...(options.secureLocks ? [] : ['insecure_locks']),
    ...(options.noReaddirplus ? ['nordirplus'] : []),
    ...(options.securityLabel ? ['security_label'] : []),
    ...(options.acl ? [] : ['no_acl']),
    ...(options.pnfs ? ['pnfs'] : []),
    ...(options.fsid === null ? [] : [`fsid=${options.fsid}`]),
    ...mountpointText(options),
    ...(options.anonuid === '65534' ? [] : [`anonuid=${options.anonuid}`]),
    ...(options.anongid === '65534' ? [] : [`anongid=${options.anongid}`]),
    ...flavour(options),
  ].join(',')

/** The kernel's flags (include/uapi/linux/nfsd/export.h), as the complaint about duplicates shows them. */
export function flagsOf(options: ExportOptions): number {
  const bits: readonly (readonly [boolean, number])[] = [
    [!options.rw, 0x1],
    [!options.secure, 0x2],
    [options.rootSquash, 0x4],
    [options.allSquash, 0x8],
    [!options.sync, 0x10],
    [options.wdelay, 0x20],
    [options.noReaddirplus, 0x40],
    [options.securityLabel, 0x80],
    [!options.hide, 0x200],
    [!options.subtreeCheck, 0x400],
    [!options.secureLocks, 0x800],
    [options.fsid !== null, 0x2000],
    [options.crossmnt, 0x4000],
    [!options.acl, 0x8000],
    [options.pnfs, 0x20000],
  ]
  return bits.reduce((flags, [is, bit]) => (is ? flags | bit : flags), 0)
}

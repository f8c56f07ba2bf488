/**
 * Which commands only read. `query` of every transport refuses anything that is not listed here, so a probe that
 * would write can't be written by mistake: the list is closed, and what it doesn't know is taken to write.
 */
import type { Argv } from './host.ts'

type Rule = (args: readonly string[]) => boolean

const verbs =
  (...allowed: string[]): Rule =>
  (args) =>
    allowed.includes(args[0] ?? '')
const always: Rule = () => true

/** `zpool import` lists what could be imported only as long as no pool is named and `-a` is not given (zpool-import(8)). */
const zpoolImportListing: Rule = (args) => {
  const rest = args.slice(1)
  for (let index = 0; index < rest.length; index++) {
    const word = rest[index]
    if (word === '-d' || word === '-c') index++
    else if (word !== '-D') return false
  }
  return true
}

const isPath = (word: string): boolean => word.startsWith('/')

/** The words as they stand, then paths and nothing else: no option can come after them. */
const withPaths =
  (...words: string[]): Rule =>
  (args) =>
    args.length > words.length &&
    words.every((word, index) => args[index] === word) &&
    args.slice(words.length).every(isPath)

const statLooking: Rule = (args) => args[1] === '-c' && withPaths('-L', '-c', args[2] ?? '', '--')(args)

/** What lies in one folder. Closed: find(1) also has -delete, -exec and -fprint. */
const findListing: Rule = ([folder, ...rest]) =>
  folder !== undefined && isPath(folder) && rest.join(' ') === '-mindepth 1 -maxdepth 1 -print0'

/** `cloud-init status` writes nothing; with --wait it could sit there as long as the guest lives. */
const cloudInitStatus: Rule = ([verb, ...rest]) =>
  verb === 'status' && ['', '--long', '--format json'].includes(rest.join(' '))

/** The last lines of a file, or those from one on; -f would stay. */
const tailOnce: Rule = (args) =>
  args[0] === '-n' && /^\+?\d+$/.test(args[1] ?? '') && withPaths('-n', args[1] ?? '', '--')(args)

/** One question about one path. */
const testLooking: Rule = ([question = '', path = '', ...more]) =>
  /^-[defsxL]$/.test(question) && isPath(path) && more.length === 0

/** Whether a file has a line with that; of patterns, options and further files nothing. */
const grepLooking: Rule = ([how = '', text = '-', path = '', ...more]) =>
  /^-q[Fix]*$/.test(how) && !text.startsWith('-') && isPath(path) && more.length === 0

/** is-active and is-enabled answer with their exit code. */
const systemctlLooking: Rule = ([verb = '', ...rest]) =>
  verb === 'show' || (/^is-(active|enabled)$/.test(verb) && rest.length === 1 && !rest[0]?.startsWith('-'))

/** They read a configuration's file and pid files, and ask an agent whether it is there; no storage is activated. */
const qmLooking: Rule = ([verb = '', ...rest]) =>
  ['config', 'list', 'listsnapshot', 'pending', 'status'].includes(verb) ||
  (verb === 'cloudinit' && ['dump', 'pending'].includes(rest[0] ?? '')) ||
  (verb === 'agent' && rest.length === 2 && rest[1] === 'ping')

/** Lists the shares, or connects to one without a password and leaves. */
const smbclientLooking: Rule = (args) =>
  args.join(' ') === '-gNL localhost' ||
  (args.length === 4 && args[0]?.startsWith('//localhost/') === true && args.slice(1).join(' ') === '-N -c exit')

const rules: Readonly<Record<string, Rule>> = {
  zpool: (args) => (args[0] === 'import' ? zpoolImportListing(args) : verbs('status', 'list', 'get', 'history')(args)),
  zfs: verbs('list', 'get'),
  zdb: (args) => args[0] === '-l' && args.length === 2,
  lsblk: always,
  dumpe2fs: (args) => args[0] === '-h',
  findmnt: always,
  blkid: (args) => args[0] === '-p', // without -p blkid(8) may write its cache
  wipefs: (args) =>
    args[0] === '--no-act' && args[1] === '--json' && args.slice(2).every((word) => word.startsWith('/')),
  'dpkg-query': (args) => args[0] === '-W',
  systemctl: systemctlLooking,
  dkms: verbs('status'),
  sha256sum: always,
  locale: (args) => args.join(' ') === '-a',
  curl: (args) => args[0] === '-fsSIL' && args[1] === '--max-time' && args.length === 4, // HEAD
  head: (args) => args.length === 4 && args[0] === '-c' && args[2] === '--',
  'apt-cache': verbs('policy'),
  ip: (args) =>
    ['-j address show', '-j route show default'].includes(args.join(' ')) ||
    (args.length === 6 && args.slice(0, 5).join(' ') === '-s -j neigh show to'),
  iptables: (args) => args.length === 1 && args[0] === '-S',
  ss: (args) => !args.some((word) => /^-\w*K|^--kill/.test(word)), // -K closes sockets
  'pve-firewall': verbs('status', 'compile'),
  ping: (args) => args.length === 6 && args.slice(0, 5).join(' ') === '-n -c 1 -W 2',
  pdbedit: (args) => args.join(' ') === '-Lw',
  smbclient: smbclientLooking,
  smbstatus: (args) => args.join(' ') === '-j',
  testparm: (args) => args.join(' ') === '-s',
  pveum: (args) => args.join(' ') === 'role list --output-format json',
  exportfs: (args) => args.length === 1 && args[0] === '-s',
  qm: qmLooking,
  rpcinfo: verbs('-T'), // -d would take a program away
  getent: always,
  cat: withPaths('--'),
  stat: statLooking,
  find: findListing,
  readlink: withPaths('-f', '-n', '--'),
  tail: tailOnce,
  test: testLooking,
  grep: grepLooking,
  'cloud-init': cloudInitStatus,
  // No pvesm and no pvesh: even `pvesm status` activates storages, which imports pools and mounts (pve-storage).
}

/** True when the command is known to change nothing on the host. */
export function isReadOnly(argv: Argv): boolean {
  const [tool, ...args] = argv
  return tool !== undefined && Object.hasOwn(rules, tool) && (rules[tool]?.(args) ?? false)
}

/** Throws for a command that `query` must not run. */
export function assertReadOnly(argv: Argv): void {
  if (!isReadOnly(argv)) throw new Error(`not a read-only command, so it can't be a probe: ${argv.join(' ')}`)
}

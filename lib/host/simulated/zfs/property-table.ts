/**
 * The native dataset properties of OpenZFS 2.3.9, in the order of `zfs get all` (zfs_prop_t in sys/fs/zfs.h; the
 * recorded lists of zfs.jsonl scenes 1, 81 and 89 agree with it). What each of them takes is from zfs_prop.c.
 */

export type DatasetType = 'filesystem' | 'volume' | 'snapshot' | 'bookmark'

/**
 * `once` may only be given when the dataset is made and is inherited by children that are made without it;
 * `once-own` is the same without inheritance.
 */
export type Access = 'read-only' | 'own' | 'inherited' | 'once' | 'once-own'

export interface PropertyRow {
  readonly name: string
  /** Heading of its column; its lower case form is accepted as a name too (`avail`, `refer`). */
  readonly column: string
  readonly kind: 'index' | 'number' | 'string'
  /** Types it can be asked of: f(ilesystem), v(olume), s(napshot), b(ookmark). */
  readonly types: string
  readonly access: Access
  /** In exact form; null when there is no default (a read-only one that is then left out or `-`). */
  readonly initial: string | null
  /** What `must be one of` and the usage text list. */
  readonly values: string
  /** Accepted words, each with the word that is read back. */
  readonly words: ReadonlyMap<string, string> | null
}

const rows: PropertyRow[] = []

function add(
  kind: PropertyRow['kind'],
  access: Access,
  types: string,
  name: string,
  column: string,
  initial: string | null,
  values: string,
  words: ReadonlyMap<string, string> | null = null,
): void {
  rows.push({ name, column, kind, types, access, initial, values, words })
}

const same = (words: readonly string[]): [string, string][] => words.map((word) => [word, word])

/** An index property. `shown` is the text of its values, `aliases` maps further words to what is read back. */
function index(
  access: Access,
  types: string,
  name: string,
  column: string,
  initial: string | null,
  shown: string,
  aliases: Readonly<Record<string, string>> = {},
): void {
  const words = new Map([...same(shown.split(' | ')), ...Object.entries(aliases)])
  add('index', access, types, name, column, initial, shown, words)
}

const onOff = (access: Access, types: string, name: string, column: string, initial: string): void =>
  index(access, types, name, column, initial, 'on | off')

const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1)
const compressions = new Map([
  ...same(['on', 'off', 'lzjb', 'gzip', 'zle', 'lz4', 'zstd', 'zstd-fast']),
  ...same(count(9).map((level) => `gzip-${level}`)),
  ['gzip-6', 'gzip'] as [string, string], // gzip is stored as level 6 (scene 86)
  ...same(count(19).map((level) => `zstd-${level}`)),
  ...same([...count(10), 20, 30, 40, 50, 60, 70, 80, 90, 100, 500, 1000].map((level) => `zstd-fast-${level}`)),
])
const dedups = new Map(
  same([
    ...['on', 'off', 'verify', 'sha256', 'sha256,verify', 'sha512', 'sha512,verify', 'skein', 'skein,verify'],
    ...['edonr,verify', 'blake3', 'blake3,verify'],
  ]),
)

const size = '<size>'
const sizeOrNone = '<size> | none'
const ratio = '<1.00x or higher if compressed>'

add('string', 'read-only', 'fvsb', 'type', 'TYPE', null, 'filesystem | volume | snapshot | bookmark')
add('number', 'read-only', 'fvsb', 'creation', 'CREATION', null, '<date>')
add('number', 'read-only', 'fvs', 'used', 'USED', null, size)
add('number', 'read-only', 'fv', 'available', 'AVAIL', null, size)
add('number', 'read-only', 'fvsb', 'referenced', 'REFER', null, size)
add('number', 'read-only', 'fvsb', 'compressratio', 'RATIO', null, ratio)
index('read-only', 'f', 'mounted', 'MOUNTED', null, 'yes | no')
add('string', 'read-only', 'fv', 'origin', 'ORIGIN', null, '<snapshot>')
add('number', 'own', 'f', 'quota', 'QUOTA', '0', sizeOrNone)
add('number', 'own', 'fv', 'reservation', 'RESERV', '0', sizeOrNone)
add('number', 'own', 'vs', 'volsize', 'VOLSIZE', null, size)
add('number', 'once', 'v', 'volblocksize', 'VOLBLOCK', '16384', '512 to 128k, power of 2')
add('number', 'inherited', 'f', 'recordsize', 'RECSIZE', '131072', '512 to 1M, power of 2')
add('string', 'inherited', 'f', 'mountpoint', 'MOUNTPOINT', '/', '<path> | legacy | none')
add('string', 'inherited', 'f', 'sharenfs', 'SHARENFS', 'off', 'on | off | NFS share options')
index(
  ...(['inherited', 'fv', 'checksum', 'CHECKSUM', 'on'] as const),
  'on | off | fletcher2 | fletcher4 | sha256 | sha512 | skein | edonr | blake3',
  { noparity: 'noparity' },
)
add(
  ...(['index', 'inherited', 'fv', 'compression', 'COMPRESS', 'on'] as const),
  'on | off | lzjb | gzip | gzip-[1-9] | zle | lz4 | zstd | zstd-[1-19] | zstd-fast | ' +
    'zstd-fast-[1-10,20,30,40,50,60,70,80,90,100,500,1000]',
  compressions,
)
onOff('inherited', 'f', 'atime', 'ATIME', 'on')
onOff('inherited', 'fs', 'devices', 'DEVICES', 'on')
onOff('inherited', 'fs', 'exec', 'EXEC', 'on')
onOff('inherited', 'fs', 'setuid', 'SETUID', 'on')
onOff('inherited', 'fv', 'readonly', 'RDONLY', 'off')
onOff('inherited', 'f', 'zoned', 'ZONED', 'off')
index('inherited', 'f', 'snapdir', 'SNAPDIR', 'hidden', 'disabled | hidden | visible')
index('inherited', 'f', 'aclmode', 'ACLMODE', 'discard', 'discard | groupmask | passthrough | restricted')
index(
  ...(['inherited', 'f', 'aclinherit', 'ACLINHERIT', 'restricted'] as const),
  'discard | noallow | restricted | passthrough | passthrough-x',
  { secure: 'restricted' },
)
add('number', 'read-only', 'fvsb', 'createtxg', 'CREATETXG', null, '<uint64>')
index('own', 'f', 'canmount', 'CANMOUNT', 'on', 'on | off | noauto')
index('inherited', 'fs', 'xattr', 'XATTR', 'on', 'on | off | dir | sa', { sa: 'on' }) // sa is what on means (scene 86)
index('inherited', 'fv', 'copies', 'COPIES', '1', '1 | 2 | 3')
index('own', 'fs', 'version', 'VERSION', '5', '1 | 2 | 3 | 4 | 5 | current', { current: '5' })
onOff('once', 'fs', 'utf8only', 'UTF8ONLY', 'off')
index('once', 'fs', 'normalization', 'NORMALIZATION', 'none', 'none | formC | formD | formKC | formKD')
index('once', 'fs', 'casesensitivity', 'CASE', 'sensitive', 'sensitive | insensitive | mixed')
onOff('inherited', 'f', 'vscan', 'VSCAN', 'off')
onOff('inherited', 'fs', 'nbmand', 'NBMAND', 'off')
add('string', 'inherited', 'f', 'sharesmb', 'SHARESMB', 'off', 'on | off | SMB share options')
add('number', 'own', 'f', 'refquota', 'REFQUOTA', '0', sizeOrNone)
add('number', 'own', 'fv', 'refreservation', 'REFRESERV', '0', sizeOrNone)
add('number', 'read-only', 'fvsb', 'guid', 'GUID', null, '<uint64>')
index('inherited', 'fvs', 'primarycache', 'PRIMARYCACHE', 'all', 'all | none | metadata')
index('inherited', 'fvs', 'secondarycache', 'SECONDARYCACHE', 'all', 'all | none | metadata')
add('number', 'read-only', 'fv', 'usedbysnapshots', 'USEDSNAP', null, size)
add('number', 'read-only', 'fv', 'usedbydataset', 'USEDDS', null, size)
add('number', 'read-only', 'fv', 'usedbychildren', 'USEDCHILD', null, size)
add('number', 'read-only', 'fv', 'usedbyrefreservation', 'USEDREFRESERV', null, size)
index('read-only', 's', 'defer_destroy', 'DEFER_DESTROY', null, 'yes | no')
add('number', 'read-only', 's', 'userrefs', 'USERREFS', null, '<count>')
index('inherited', 'fv', 'logbias', 'LOGBIAS', 'latency', 'latency | throughput')
add('number', 'read-only', 'fvs', 'objsetid', 'OBJSETID', null, '<uint64>')
add(
  ...(['index', 'inherited', 'fv', 'dedup', 'DEDUP', 'off'] as const),
  'on | off | verify | sha256[,verify] | sha512[,verify] | skein[,verify] | edonr,verify | blake3[,verify]',
  dedups,
)
add('string', 'inherited', 'fvs', 'mlslabel', 'MLSLABEL', 'none', '<sensitivity label>')
index('inherited', 'fv', 'sync', 'SYNC', 'standard', 'standard | always | disabled')
index('inherited', 'f', 'dnodesize', 'DNSIZE', 'legacy', 'legacy | auto | 1k | 2k | 4k | 8k | 16k')
add('number', 'read-only', 'fvs', 'refcompressratio', 'REFRATIO', null, ratio)
add('number', 'read-only', 'fvs', 'written', 'WRITTEN', null, size)
add('string', 'read-only', 's', 'clones', 'CLONES', null, '<dataset>[,...]')
add('number', 'read-only', 'fv', 'logicalused', 'LUSED', null, size)
add('number', 'read-only', 'fvsb', 'logicalreferenced', 'LREFER', null, size)
index('inherited', 'fv', 'volmode', 'VOLMODE', 'default', 'default | full | geom | dev | none', { geom: 'full' })
add('number', 'own', 'f', 'filesystem_limit', 'FSLIMIT', 'none', '<count> | none')
add('number', 'own', 'fv', 'snapshot_limit', 'SSLIMIT', 'none', '<count> | none')
add('number', 'read-only', 'f', 'filesystem_count', 'FSCOUNT', 'none', '<count>')
add('number', 'read-only', 'fv', 'snapshot_count', 'SSCOUNT', 'none', '<count>')
index('inherited', 'fv', 'snapdev', 'SNAPDEV', 'hidden', 'hidden | visible')
index('inherited', 'fs', 'acltype', 'ACLTYPE', 'off', 'off | nfsv4 | posix', {
  disabled: 'off',
  noacl: 'off',
  posixacl: 'posix',
})
add('string', 'own', 'fvs', 'context', 'CONTEXT', 'none', '<selinux context>')
add('string', 'own', 'fvs', 'fscontext', 'FSCONTEXT', 'none', '<selinux fscontext>')
add('string', 'own', 'fvs', 'defcontext', 'DEFCONTEXT', 'none', '<selinux defcontext>')
add('string', 'own', 'fvs', 'rootcontext', 'ROOTCONTEXT', 'none', '<selinux rootcontext>')
onOff('inherited', 'f', 'relatime', 'RELATIME', 'on')
index('inherited', 'fv', 'redundant_metadata', 'REDUND_MD', 'all', 'all | most | some | none')
onOff('inherited', 'f', 'overlay', 'OVERLAY', 'on')
add('string', 'read-only', 'fv', 'receive_resume_token', 'RESUMETOK', null, '<string token>')
index(
  ...(['once', 'fvs', 'encryption', 'ENCRYPTION', 'off'] as const),
  'on | off | aes-128-ccm | aes-192-ccm | aes-256-ccm | aes-128-gcm | aes-192-gcm | aes-256-gcm',
  { on: 'aes-256-gcm' },
)
add(
  ...(['string', 'own', 'fv', 'keylocation', 'KEYLOCATION', 'none'] as const),
  'prompt | <file URI> | <https URL> | <http URL>',
)
index('once-own', 'fv', 'keyformat', 'KEYFORMAT', 'none', 'none | raw | hex | passphrase')
add('number', 'once-own', 'fv', 'pbkdf2iters', 'PBKDF2ITERS', '0', '<iters>')
add('string', 'read-only', 'fvs', 'encryptionroot', 'ENCROOT', null, '<filesystem | volume>')
index('read-only', 'fvs', 'keystatus', 'KEYSTATUS', null, 'none | unavailable | available')
add(
  ...(['number', 'inherited', 'f', 'special_small_blocks', 'SPECIAL_SMALL_BLOCKS', '0'] as const),
  'zero or 512 to 1M, power of 2',
)
add('string', 'read-only', 'fvsb', 'redact_snaps', 'RSNAPS', null, '<snapshot>[,...]')
add('number', 'read-only', 'fv', 'snapshots_changed', 'SNAPSHOTS_CHANGED', null, '<date>')
index('inherited', 'fvs', 'prefetch', 'PREFETCH', 'all', 'none | metadata | all')
onOff('own', 'v', 'volthreading', 'VOLTHREAD', 'on')
index('inherited', 'f', 'direct', 'DIRECT', 'standard', 'disabled | standard | always')
onOff('inherited', 'f', 'longname', 'LONGNAME', 'off')

/** In the order of `zfs get all`. */
export const propertyTable: readonly PropertyRow[] = rows

/** `name` is a property for columns and sorting alone: `zfs get all` leaves it out. */
export const nameRow: PropertyRow = {
  name: 'name',
  column: 'NAME',
  kind: 'string',
  types: 'fvsb',
  access: 'read-only',
  initial: null,
  values: '',
  words: null,
}

const byName = new Map<string, PropertyRow>()
for (const row of [...rows, nameRow]) {
  byName.set(row.name, row)
  byName.set(row.column.toLowerCase(), row)
}

/** The property of this name or column name, or undefined. */
export const findProperty = (name: string): PropertyRow | undefined => byName.get(name)

const letters = { filesystem: 'f', volume: 'v', snapshot: 's', bookmark: 'b' } as const

export const appliesTo = (row: PropertyRow, type: DatasetType): boolean => row.types.includes(letters[type])

/** Names with a colon are the user's own (zfsprops(7), User Properties). */
export const isUserProperty = (name: string): boolean => /^[a-z0-9_.:-]*:[a-z0-9_.:-]*$/.test(name)

/** Such as `userquota@alice`, `written@snap`: known to ZFS, not to this simulation. */
export const isQuotaProperty = (name: string): boolean =>
  /^(user|group|project)(obj)?(quota|used)@/.test(name) || /^written[@#]/.test(name)

/**
 * Which properties ZFS 2.3 takes and what their values look like. The names and lists are those that `zfs` and
 * `zpool` print themselves (seen: zfs.jsonl scenes 89 and 41); where they take more than they print, the scene is named.
 */
import { nearest } from './nearest.ts'
import { parseSize } from './size.ts'

type Values =
  | { readonly kind: 'word'; readonly words: readonly string[] }
  | { readonly kind: 'size'; readonly words: readonly string[] }
  | { readonly kind: 'power of two'; readonly words: readonly string[] }
  | { readonly kind: 'whole number'; readonly words: readonly string[]; readonly from: number; readonly to: number }
  | { readonly kind: 'path'; readonly words: readonly string[] }
  | { readonly kind: 'text' }

export interface PropertyFacts {
  readonly values: Values
  /** Which type of dataset has it; both when absent. */
  readonly only?: 'filesystem' | 'volume'
}

const words = (...list: string[]): Values => ({ kind: 'word', words: list })
const onOff = words('on', 'off')
const size = (...list: string[]): Values => ({ kind: 'size', words: list })
const powerOfTwo = (...list: string[]): Values => ({ kind: 'power of two', words: list })
const wholeNumber = (from: number, to: number, ...list: string[]): Values => ({
  kind: 'whole number',
  words: list,
  from,
  to,
})
const path = (...list: string[]): Values => ({ kind: 'path', words: list })
const text: Values = { kind: 'text' }
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)
const filesystem = (values: Values): PropertyFacts => ({ values, only: 'filesystem' })
const both = (values: Values): PropertyFacts => ({ values })

const FAST_ZSTD = [...range(1, 10), 20, 30, 40, 50, 60, 70, 80, 90, 100, 500, 1000]
const COMPRESSIONS = [
  ...['on', 'off', 'lzjb', 'gzip', 'zle', 'lz4', 'zstd', 'zstd-fast'],
  ...range(1, 9).map((level) => `gzip-${level}`),
  ...range(1, 19).map((level) => `zstd-${level}`),
  ...FAST_ZSTD.map((level) => `zstd-fast-${level}`),
]
const CHECKSUMS = ['on', 'off', 'fletcher2', 'fletcher4', 'sha256', 'sha512', 'skein', 'edonr', 'blake3']
const DEDUPS = [
  ...['on', 'off', 'verify', 'sha256', 'sha512', 'skein', 'blake3', 'edonr,verify'],
  ...['sha256', 'sha512', 'skein', 'blake3'].map((sum) => `${sum},verify`),
]
const CIPHERS = ['on', 'off', ...[128, 192, 256].flatMap((bits) => [`aes-${bits}-ccm`, `aes-${bits}-gcm`])]

type PropertyTable = ReadonlyMap<string, PropertyFacts>
const table = (facts: Record<string, PropertyFacts>): PropertyTable => new Map(Object.entries(facts))

export const DATASET_PROPERTIES = table({
  aclinherit: filesystem(words('discard', 'noallow', 'restricted', 'passthrough', 'passthrough-x')),
  aclmode: filesystem(words('discard', 'groupmask', 'passthrough', 'restricted')),
  // posixacl and noacl are taken though only posix and off are printed (seen: scene 86).
  acltype: filesystem(words('off', 'nfsv4', 'posix', 'posixacl', 'noacl')),
  atime: filesystem(onOff),
  canmount: filesystem(words('on', 'off', 'noauto')),
  casesensitivity: filesystem(words('sensitive', 'insensitive', 'mixed')),
  checksum: both(words(...CHECKSUMS)),
  compression: both(words(...COMPRESSIONS)),
  context: both(text),
  copies: both(words('1', '2', '3')),
  dedup: both(words(...DEDUPS)),
  defcontext: both(text),
  devices: filesystem(onOff),
  direct: both(words('disabled', 'standard', 'always')),
  dnodesize: filesystem(words('legacy', 'auto', '1k', '2k', '4k', '8k', '16k')),
  encryption: both(words(...CIPHERS)),
  exec: filesystem(onOff),
  filesystem_limit: filesystem(wholeNumber(0, Number.MAX_SAFE_INTEGER, 'none')),
  fscontext: both(text),
  keyformat: both(words('none', 'raw', 'hex', 'passphrase')),
  keylocation: both(text),
  logbias: both(words('latency', 'throughput')),
  longname: filesystem(onOff),
  mlslabel: both(text),
  mountpoint: filesystem(path('legacy', 'none')),
  nbmand: filesystem(onOff),
  normalization: filesystem(words('none', 'formC', 'formD', 'formKC', 'formKD')),
  overlay: filesystem(onOff),
  pbkdf2iters: both(wholeNumber(100_000, Number.MAX_SAFE_INTEGER)),
  prefetch: both(words('none', 'metadata', 'all')),
  primarycache: both(words('all', 'none', 'metadata')),
  quota: filesystem(size('none')),
  readonly: both(onOff),
  // 16M is taken though 1M is printed as the most (seen: scenes 82 and 86).
  recordsize: filesystem(powerOfTwo()),
  redundant_metadata: both(words('all', 'most', 'some', 'none')),
  refquota: filesystem(size('none')),
  refreservation: both(size('none', 'auto')),
  relatime: filesystem(onOff),
  reservation: both(size('none')),
  rootcontext: both(text),
  secondarycache: both(words('all', 'none', 'metadata')),
  setuid: filesystem(onOff),
  sharenfs: filesystem(text),
  sharesmb: filesystem(text),
  snapdev: both(words('hidden', 'visible')),
  snapdir: filesystem(words('disabled', 'hidden', 'visible')),
  snapshot_limit: both(wholeNumber(0, Number.MAX_SAFE_INTEGER, 'none')),
  special_small_blocks: both(powerOfTwo('0')),
  sync: both(words('standard', 'always', 'disabled')),
  utf8only: filesystem(onOff),
  version: filesystem(words('1', '2', '3', '4', '5', 'current')),
  volblocksize: { values: powerOfTwo(), only: 'volume' },
  volmode: both(words('default', 'full', 'geom', 'dev', 'none')),
  volthreading: { values: onOff, only: 'volume' },
  vscan: filesystem(onOff),
  xattr: filesystem(words('on', 'off', 'dir', 'sa')),
  zoned: filesystem(onOff),
})

export const POOL_PROPERTIES = table({
  altroot: both(path()),
  ashift: both(wholeNumber(9, 16, '0')),
  autoexpand: both(onOff),
  autoreplace: both(onOff),
  autotrim: both(onOff),
  bootfs: both(text),
  cachefile: both(path('none')),
  comment: both(text),
  compatibility: both(text),
  dedup_table_quota: both(size('auto', 'none')),
  delegation: both(onOff),
  failmode: both(words('wait', 'continue', 'panic')),
  listsnapshots: both(onOff),
  multihost: both(onOff),
  readonly: both(onOff),
  version: both(text),
})

/** Properties that ZFS counts or decides itself: they can be read and never set. */
const READ_ONLY = new Set(
  `available clones compressratio createtxg creation defer_destroy encryptionroot filesystem_count guid keystatus
  logicalreferenced logicalused mounted objsetid origin receive_resume_token redact_snaps refcompressratio referenced
  snapshot_count snapshots_changed type used usedbychildren usedbydataset usedbyrefreservation usedbysnapshots userrefs
  written allocated bcloneratio bclonesaved bcloneused capacity checkpoint dedup_table_size dedupratio expandsize
  fragmentation free freeing health last_scrubbed_txg leaked load_guid size`.split(/\s+/),
)

export function isReadOnlyProperty(name: string): boolean {
  return READ_ONLY.has(name)
}

/** User properties have a colon (zfsprops(7), User Properties); quotas of one user or group and features an `@` or name. */
export function isFreeProperty(name: string): boolean {
  return /^[a-z0-9_.+-]*:[a-z0-9:_.+-]*$/.test(name) || /^((user|group|project)(obj)?quota|feature)@.+$/.test(name)
}

export interface ValueFault {
  readonly wanted: string
  readonly meant?: string
}

/** What is wrong with a property's value, or undefined when ZFS will take its form. */
export function valueFault({ values }: PropertyFacts, value: string): ValueFault | undefined {
  if (values.kind === 'text' || values.words.includes(value)) return undefined
  if (values.kind === 'word') {
    const meant = nearest(value, values.words)
    const listed = values.words.length > 12 ? `${values.words.slice(0, 12).join(', ')}, …` : values.words.join(', ')
    return { wanted: `one of ${listed}`, ...(meant === undefined ? {} : { meant }) }
  }
  const orWords = values.words.length > 0 ? `, or ${values.words.join(', ')}` : ''
  if (values.kind === 'path') return value.startsWith('/') ? undefined : { wanted: `an absolute path${orWords}` }
  if (values.kind === 'whole number') {
    const number = /^[0-9]+$/.test(value) ? Number(value) : Number.NaN
    if (number >= values.from && number <= values.to) return undefined
    const most = values.to === Number.MAX_SAFE_INTEGER ? ' or more' : ` to ${values.to}`
    return { wanted: `a whole number, ${values.from}${most}${orWords}` }
  }
  const bytes = parseSize(value)
  if (values.kind === 'power of two') {
    const fine = bytes !== undefined && bytes >= 512 && bytes <= 16 * 1024 ** 2 && Number.isInteger(Math.log2(bytes))
    return fine ? undefined : { wanted: `a power of two from 512 to 16M, such as 16K${orWords}` }
  }
  // `zfs set quota=0` is refused: use 'none' to disable (seen: scene 84).
  if (bytes === 0 && values.words.includes('none')) return { wanted: 'a size such as 800G, or none', meant: 'none' }
  return bytes === undefined ? { wanted: `a size such as 800G or 1.4T${orWords}` } : undefined
}

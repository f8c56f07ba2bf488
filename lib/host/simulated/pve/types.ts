/**
 * Storage types and their properties, as tables: what `pvesm add` and `pvesm set` accept, what is fixed, what a section
 * of storage.cfg may hold. All of Proxmox's types are here, since a rewrite of the file must keep the sections that
 * someone else made; only dir, zfspool, nfs (and cifs, offline) can be activated.
 */
import * as format from './formats.ts'

export interface Property {
  readonly kind: 'string' | 'boolean' | 'integer' | 'number'
  readonly check?: format.Check
  /** A list: given twice on the command line, the values add up. */
  readonly list?: boolean
  readonly values?: readonly string[]
  readonly minimum?: number
  readonly maximum?: number
  readonly minimumLength?: number
  readonly maximumLength?: number
  /** A secret: kept in a file of its own under /etc/pve/priv/storage, never in storage.cfg. */
  readonly secret?: boolean
  /** A regular expression that the whole value must match. */
  readonly pattern?: RegExp
}

const text: Property = { kind: 'string' }
const flag: Property = { kind: 'boolean' }
const secret: Property = { kind: 'string', secret: true }
const path: Property = { kind: 'string', check: format.absolutePath }

export const properties: Readonly<Record<string, Property>> = {
  authsupported: text,
  base: text,
  blocksize: text,
  bwlimit: { kind: 'string', check: format.bandwidth },
  comstar_hg: text,
  comstar_tg: text,
  content: { kind: 'string', list: true, check: format.listOf(format.contentType) },
  'content-dirs': { kind: 'string', list: true, check: format.listOf(format.contentDir) },
  'create-base-path': flag,
  'create-subdirs': flag,
  'data-pool': text,
  datastore: text,
  disable: flag,
  domain: text,
  'encryption-key': secret,
  export: path,
  fingerprint: text,
  format: { kind: 'string', values: ['raw', 'qcow2', 'subvol', 'vmdk'] },
  'fs-name': text,
  fuse: flag,
  is_mountpoint: text,
  iscsiprovider: text,
  keyring: text,
  krbd: flag,
  lio_tpg: text,
  'master-pubkey': secret,
  'max-protected-backups': { kind: 'integer', minimum: -1 },
  mkdir: flag,
  monhost: { kind: 'string', list: true },
  mountpoint: path,
  namespace: text,
  nocow: flag,
  nodes: { kind: 'string', list: true, check: format.listOf(format.nodeName) },
  nowritecache: flag,
  options: { kind: 'string', check: format.mountOptions },
  password: secret,
  path,
  pool: text,
  port: { kind: 'integer', minimum: 1 },
  portal: text,
  preallocation: { kind: 'string', values: ['off', 'metadata', 'falloc', 'full'] },
  'prune-backups': { kind: 'string', check: format.pruneBackups },
  saferemove: flag,
  'saferemove-stepsize': text,
  saferemove_throughput: text,
  server: { kind: 'string', check: format.server },
  share: text,
  shared: flag,
  'skip-cert-verification': flag,
  smbversion: { kind: 'string', values: ['default', '2.0', '2.1', '3', '3.0', '3.11'] },
  'snapshot-as-volume-chain': flag,
  sparse: flag,
  subdir: path,
  tagged_only: flag,
  target: text,
  thinpool: text,
  username: text,
  vgname: text,
  'zfs-base-path': text,
}

/** `fixed` can be given to add only; `required` must be, and is written before the rest. */
interface Option {
  readonly fixed: boolean
  readonly required: boolean
}

export interface StorageType {
  readonly name: string
  /** Words of `content` that the type can hold. */
  readonly content: readonly string[]
  /** What a section without `content` holds, and what the next write puts into the file. */
  readonly defaultContent: readonly string[]
  readonly options: ReadonlyMap<string, Option>
}

interface Row {
  readonly content: string
  readonly defaultContent: string
  /** Required and fixed. */
  readonly required: string
  /** Required, and can be changed. */
  readonly needed?: string
  readonly optional: string
  readonly fixed?: string
}

const words = (line: string): string[] => line.split(' ').filter((word) => word !== '')
const onDirectory =
  'nodes disable prune-backups max-protected-backups content format mkdir create-base-path create-subdirs bwlimit ' +
  'preallocation content-dirs'
const everyFile = 'images rootdir vztmpl iso backup snippets import'

const rows: Readonly<Record<string, Row>> = {
  btrfs: {
    content: `${everyFile} none`,
    defaultContent: 'images rootdir',
    required: 'path',
    optional:
      'nodes shared disable content prune-backups max-protected-backups content-dirs format is_mountpoint nocow mkdir ' +
      'create-base-path create-subdirs preallocation bwlimit',
  },
  cephfs: {
    content: 'vztmpl iso backup snippets import',
    defaultContent: 'backup',
    required: 'path',
    optional:
      'monhost nodes subdir disable options username content content-dirs format mkdir create-base-path create-subdirs ' +
      'fuse bwlimit keyring prune-backups max-protected-backups fs-name',
  },
  cifs: {
    content: everyFile,
    defaultContent: 'images',
    required: 'path server share',
    optional: `${onDirectory} subdir username password domain smbversion options`,
    fixed: 'snapshot-as-volume-chain',
  },
  dir: {
    content: `${everyFile} none`,
    defaultContent: 'images rootdir',
    required: 'path',
    optional: `${onDirectory} shared is_mountpoint`,
    fixed: 'snapshot-as-volume-chain',
  },
  esxi: {
    content: 'import',
    defaultContent: 'import',
    required: '',
    needed: 'server username',
    optional: 'nodes disable content password skip-cert-verification',
  },
  iscsi: {
    content: 'images none',
    defaultContent: 'images',
    required: 'portal target',
    optional: 'nodes disable content bwlimit',
  },
  iscsidirect: {
    content: 'images',
    defaultContent: 'images',
    required: 'portal target',
    optional: 'nodes disable content bwlimit',
  },
  lvm: {
    content: 'images rootdir',
    defaultContent: 'images',
    required: 'vgname',
    optional:
      'nodes shared disable saferemove saferemove-stepsize saferemove_throughput content tagged_only bwlimit ' +
      'snapshot-as-volume-chain',
    fixed: 'base',
  },
  lvmthin: {
    content: 'images rootdir',
    defaultContent: 'images rootdir',
    required: 'thinpool vgname',
    optional: 'nodes disable content bwlimit',
  },
  nfs: {
    content: everyFile,
    defaultContent: 'images',
    required: 'path server export',
    optional: `${onDirectory} options`,
    fixed: 'snapshot-as-volume-chain',
  },
  pbs: {
    content: 'backup none',
    defaultContent: 'backup',
    required: 'server datastore',
    optional:
      'namespace port nodes disable content username password encryption-key master-pubkey prune-backups ' +
      'max-protected-backups fingerprint',
  },
  rbd: {
    content: 'images rootdir',
    defaultContent: 'images',
    required: '',
    optional: 'nodes disable monhost pool data-pool namespace username content krbd keyring bwlimit',
  },
  zfs: {
    content: 'images',
    defaultContent: 'images',
    required: 'blocksize iscsiprovider pool portal target',
    optional: 'nodes disable nowritecache sparse comstar_hg comstar_tg lio_tpg content bwlimit zfs-base-path',
  },
  zfspool: {
    content: 'images rootdir',
    defaultContent: 'images rootdir',
    required: 'pool',
    optional: 'blocksize sparse nodes disable content bwlimit mountpoint',
  },
}

function typeOf(name: string, row: Row): StorageType {
  const options = new Map<string, Option>()
  for (const key of words(row.required)) options.set(key, { required: true, fixed: true })
  for (const key of words(row.needed ?? '')) options.set(key, { required: true, fixed: false })
  for (const key of words(row.optional)) options.set(key, { required: false, fixed: false })
  for (const key of words(row.fixed ?? '')) options.set(key, { required: false, fixed: true })
  return { name, content: words(row.content), defaultContent: words(row.defaultContent), options }
}

/** By name, and in the order in which the tool lists them (pvesm.jsonl n=30). */
export const storageTypes: ReadonlyMap<string, StorageType> = new Map(
  Object.entries(rows).map(([name, row]) => [name, typeOf(name, row)]),
)

/**
 * Options that `set` knows: a property that every type has fixed is not even an option there, hence
 * `Unknown option: path` and yet `can't change value of fixed parameter 'server'` (facts, proxmox-tools.md).
 */
export const changeable: ReadonlySet<string> = new Set(
  [...storageTypes.values()].flatMap((type) =>
    [...type.options].filter(([, option]) => !option.fixed).map(([name]) => name),
  ),
)

/**
 * How dataset properties are compared, refused and explained: one table. A property that isn't in it is plain text that
 * can be set at any time (zfsprops(7); read-back forms seen: zfs.jsonl scenes 2, 84, 86, 98).
 */
import { parseSize } from '../../config/size.ts'

interface PropertyRule {
  /** `size`: compared in bytes, `none` being 0 (that is how -p prints it). `path`: a slash at the end means nothing. */
  readonly kind?: 'size' | 'path'
  /** Can only be given when the dataset is made. */
  readonly fixed?: true
  /** What is already written stays as it is. */
  readonly newWrites?: true
  /** Setting it remounts, unmounts or takes shares away. */
  readonly disruptive?: true
  /** Values that are set under one name and read back under another. */
  readonly readBack?: Readonly<Record<string, string>>
}

const size: PropertyRule = { kind: 'size' }
const newWrites: PropertyRule = { newWrites: true }
const fixed: PropertyRule = { fixed: true }
const disruptive: PropertyRule = { disruptive: true }

const table: Readonly<Record<string, PropertyRule>> = {
  aclinherit: { readBack: { secure: 'restricted' } },
  acltype: { readBack: { posixacl: 'posix', noacl: 'off' } },
  canmount: disruptive,
  casesensitivity: fixed,
  checksum: newWrites,
  compression: { newWrites: true, readBack: { 'gzip-6': 'gzip', 'zstd-fast-1': 'zstd-fast' } },
  copies: newWrites,
  dedup: { newWrites: true, readBack: { 'sha256,verify': 'verify' } },
  dnodesize: newWrites,
  encryption: { fixed: true, readBack: { on: 'aes-256-gcm' } },
  keyformat: fixed,
  mountpoint: { kind: 'path', disruptive: true },
  normalization: fixed,
  pbkdf2iters: fixed,
  quota: size,
  readonly: disruptive,
  recordsize: { kind: 'size', newWrites: true },
  redundant_metadata: newWrites,
  refquota: size,
  refreservation: size,
  reservation: size,
  sharenfs: disruptive,
  sharesmb: disruptive,
  special_small_blocks: { kind: 'size', newWrites: true },
  utf8only: fixed,
  volblocksize: { kind: 'size', fixed: true },
  volmode: { readBack: { geom: 'full' } },
  xattr: { newWrites: true, readBack: { sa: 'on' } },
  zoned: disruptive,
}

const spaceOf = /^(user|group|project)quota@/

export function ruleOf(property: string): PropertyRule {
  return (Object.hasOwn(table, property) ? table[property] : undefined) ?? (spaceOf.test(property) ? size : {})
}

/** One text for one meaning: two values are the same when their normal forms are. */
export function normalValue(property: string, value: string): string {
  const { kind, readBack } = ruleOf(property)
  if (kind === 'size') return value === 'none' || value === '-' ? '0' : String(parseSize(value) ?? value)
  if (kind === 'path') return value.length > 1 ? value.replace(/\/+$/, '') : value
  return readBack && Object.hasOwn(readBack, value) ? (readBack[value] ?? value) : value
}

/** Whether a live value is what was declared. Two words stand for whatever ZFS makes of them (zfsprops(7)). */
export function isAsDeclared(property: string, declared: string, live: string): boolean {
  if (property === 'refreservation' && declared === 'auto') return normalValue(property, live) !== '0'
  if (property === 'version' && declared === 'current') return true
  return normalValue(property, declared) === normalValue(property, live)
}

/** Declared properties in their normal forms, for fingerprints. */
export const normalProperties = (properties: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, normalValue(name, value)]))

const limits = new Set(['quota', 'refquota'])
const reservations = new Set(['reservation', 'refreservation'])

/**
 * The order in which differing properties go into one `zfs set`: limits that grow before reservations, those that shrink
 * after them, since the kernel checks each against the other, and stops half-way (seen: zfs.jsonl scenes 82 and 84).
 */
export function setOrder(property: string, from: string, to: string): number {
  const bytes = (value: string): number => Number(normalValue(property, value))
  if (!limits.has(property)) return reservations.has(property) ? 2 : 1
  // No limit at all is the greatest.
  const grows = bytes(to) === 0 || (bytes(from) !== 0 && bytes(to) > bytes(from))
  return grows ? 0 : 3
}

/** The command that brings a property back to what it was. */
export function undoArgv(dataset: string, property: string, before: { value: string; source: string }): string[] {
  if (before.source === 'local' || before.source === 'received') {
    return [
      'zfs',
      'set',
      `${property}=${ruleOf(property).kind === 'size' && before.value === '0' ? 'none' : before.value}`,
      dataset,
    ]
  }
  // `zfs inherit quota` is refused: use 'zfs set quota=none' (facts: zfs-observed, "Datasets").
  if (limits.has(property) || reservations.has(property)) return ['zfs', 'set', `${property}=none`, dataset]
  return ['zfs', 'inherit', property, dataset]
}

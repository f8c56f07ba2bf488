/** What may stand in the value of a drive, by bus (the man page qm(1); texts: qm.jsonl n=16). */
import type { Check } from '../formats.ts'
import * as guest from '../guest-formats.ts'
import { splitId } from '../guest-volumes.ts'
import type { Key, Keys } from '../property-string.ts'
import { diskSize } from '../sizes.ts'

const flag: Key = { kind: 'boolean' }
const count = (minimum?: number): Key => (minimum === undefined ? { kind: 'integer' } : { kind: 'integer', minimum })
const rate: Key = { kind: 'number' }
const oneOf = (words: string): Key => ({ kind: 'string', values: words.split(' ') })

export const volumeOrPath: Check = (value) =>
  value.startsWith('/') || splitId(value) !== null ? null : `unable to parse volume ID '${value}'\n`

const volumeOrMedium: Check = (value) => (value === 'none' || value === 'cdrom' ? null : volumeOrPath(value))

const file: Keys = {
  file: { kind: 'string', check: volumeOrMedium, required: true, unnamed: true },
  volume: { kind: 'string', alias: 'file' },
}

const format = oneOf('raw qcow qed qcow2 vmdk cloop')
const size: Key = { kind: 'string', check: diskSize }

/** Limits of what a guest may read and write in a second, and how long it may go beyond them. */
const limits: Keys = Object.fromEntries([
  ...['', '_rd', '_wr'].flatMap((way): [string, Key][] => [
    [`bps${way}`, count()],
    [`mbps${way}`, rate],
    [`iops${way}`, count()],
    [`mbps${way}_max`, rate],
    [`iops${way}_max`, count()],
    [`bps${way}_max_length`, count(1)],
    [`iops${way}_max_length`, count(1)],
  ]),
  ...['bps_rd', 'bps_wr', 'iops_rd', 'iops_wr'].map((name): [string, Key] => [
    `${name}_length`,
    { kind: 'integer', alias: `${name}_max_length` },
  ]),
])

const base: Keys = {
  ...file,
  media: oneOf('cdrom disk'),
  snapshot: flag,
  cache: oneOf('none writethrough writeback unsafe directsync'),
  format,
  size,
  backup: flag,
  replicate: flag,
  rerror: oneOf('ignore report stop'),
  werror: oneOf('enospc ignore report stop'),
  aio: oneOf('native threads io_uring'),
  discard: oneOf('ignore on'),
  detect_zeroes: flag,
  serial: { kind: 'string', check: guest.urlEncoded, maximumLength: 60 },
  shared: flag,
  ...limits,
}

const ssd: Keys = { ssd: flag, wwn: { kind: 'string', pattern: /^0x[0-9a-fA-F]{16}/ } }
const model: Keys = { model: { kind: 'string', check: guest.urlEncoded, maximumLength: 120 } }
const threaded: Keys = { iothread: flag, ro: flag }
const scsi: Keys = {
  product: { kind: 'string', pattern: /^[A-Za-z0-9\-_\s]{0,16}$/ },
  queues: count(2),
  scsiblock: flag,
  vendor: { kind: 'string', pattern: /^[A-Za-z0-9\-_\s]{0,8}$/ },
}
const firmware: Keys = {
  efitype: oneOf('2m 4m'),
  'pre-enrolled-keys': flag,
  'ms-cert': oneOf('2011 2023 2023w 2023k'),
}
const version: Keys = { version: oneOf('v1.2 v2.0') }

export const driveKeys: Readonly<Record<string, Keys>> = {
  ide: { ...base, ...model, ...ssd },
  sata: { ...base, ...ssd },
  scsi: { ...base, ...threaded, ...scsi, ...ssd },
  virtio: { ...base, ...threaded },
  efidisk: { ...file, format, size, ...firmware },
  tpmstate: { ...file, format, size, ...version },
  unused: { file: { kind: 'string', check: volumeOrPath, required: true, unnamed: true } },
}

/** Only while a drive is made: where its content comes from. */
export const importFrom: Keys = { 'import-from': { kind: 'string', check: volumeOrPath } }

/** Whatever the bus, values are written in one order. */
export const everyDriveKey: Keys = {
  ...base,
  ...model,
  ...threaded,
  ...scsi,
  ...ssd,
  ...firmware,
  ...version,
  ...importFrom,
}

/** `zpool status -j` (status_callback_json and vdev_stats_nvlist in zpool_main.c): keys in the order that ZFS gives them. */
import type { Pool, SimState, Vdev } from '../model.ts'
import { niceBytes, niceNumber } from '../zfs/sizes.ts'
import { poolState, rootHealth } from './health.ts'
import { reasonOf, wordsFor } from './reasons.ts'
import { allocated, allocatedIn, poolSize, poolUsable, rawSpace, spaceOf, usable } from './sizes.ts'
import type { StatusOptions } from './status.ts'
import { isLeaf, kernelType, leavesOf, type Place, shownName, topPlaces } from './tree.ts'
import { damagedFiles, isSick, spareUser } from './trouble.ts'

type Json = string | number | Json[] | { [key: string]: Json }
type JsonObject = { [key: string]: Json }

export function schema(command: string): JsonObject {
  return { command, vers_major: 0, vers_minor: 1 }
}

/** 64-bit numbers can't pass through JSON.stringify: they travel as marked text and lose the quotes at the end. */
export const bare = (digits: string): string => `\u0000${digits}\u0000`
export const toJson = (value: Json): string => JSON.stringify(value).replace(/"\\u0000(\d+)\\u0000"/g, '$1')

/** What every answer says of a pool (fill_pool_info). */
export function poolInfo(pool: Pool, integers: boolean, withType: boolean): JsonObject {
  const number = (digits: string): string => (integers ? bare(digits) : digits)
  return {
    name: pool.name,
    ...(withType ? { type: 'POOL' } : {}),
    state: poolState(pool),
    pool_guid: number(pool.guid),
    txg: number(String(pool.txg)),
    spa_version: number('5000'),
    zpl_version: number('5'),
  }
}

export function statusJson(state: SimState, pools: readonly Pool[], options: StatusOptions): string {
  const entries = pools.map((pool) => [options.byGuid ? pool.guid : pool.name, poolJson(state, pool, options)] as const)
  return toJson({ output_version: schema('zpool status'), pools: Object.fromEntries(entries) })
}

interface Style {
  count(value: number): Json
  bytes(value: number): Json
  options: StatusOptions
}

function poolJson(state: SimState, pool: Pool, options: StatusOptions): JsonObject {
  const plain = (value: number): Json => (options.integers ? value : String(value))
  const style: Style = {
    count: (value) => (options.exact ? plain(value) : niceNumber(BigInt(value))),
    bytes: (value) => (options.exact ? plain(value) : niceBytes(BigInt(value))),
    options,
  }
  const words = wordsFor(reasonOf(pool))
  const item: JsonObject = poolInfo(pool, options.integers, false)
  if (words !== null) {
    item.status = words.status
    item.action = words.action
    if (words.id !== null) {
      item.msgid = words.id
      item.moreinfo = `https://openzfs.github.io/openzfs-docs/msg/${words.id}`
    }
  }
  const scan = scanJson(pool, style)
  if (scan !== null) item.scan_stats = scan
  if (pool.checkpoint)
    item.checkpoint_stats = { state: 'EXISTS', start_time: jsonTime(pool.checkpointAt ?? 0), space: style.bytes(58368) }
  const root = rootJson(state, pool, style)
  const flat: JsonObject = {}
  if (options.flat) flatten(state, pool, style, root, flat)
  item.vdevs = options.flat ? flat : { [pool.name]: root }
  if (!options.flat) addClasses(state, pool, style, item)
  if (options.dedup) item.dedup_stats = { obj_count: style.count(0), ddt_object_stats: {} }
  item.error_count = style.count(pool.errorCount)
  if (options.verbose && pool.errorCount > 0) item.errlist = damagedFiles(state, pool)
  return item
}

function rootJson(state: SimState, pool: Pool, style: Style): JsonObject {
  const health = rootHealth(pool)
  const children = pool.data.filter((vdev) => !style.options.unhealthyOnly || isSick(vdev))
  const used = allocated(pool)
  const root: JsonObject = {
    name: pool.name,
    vdev_type: 'root',
    guid: style.options.integers ? bare(pool.guid) : pool.guid,
    class: 'normal',
    state: pool.suspended ? 'ONLINE' : kernelState(health.state),
    ...(used > 0 ? { alloc_space: style.bytes(used) } : {}),
    total_space: style.bytes(poolSize(pool)),
    def_space: style.bytes(poolUsable(pool)),
    ...errorCounts({ readErrors: 0, writeErrors: 0, checksumErrors: 0 }, style),
    ...(health.aux === null || pool.suspended ? {} : { aux: 'NO_REPLICAS' }),
  }
  if (children.length > 0 && !style.options.flat) {
    root.vdevs = Object.fromEntries(children.map((vdev) => entryOf(state, pool, vdev, 'data', style)))
  }
  return root
}

function flatten(state: SimState, pool: Pool, style: Style, root: JsonObject, into: JsonObject): void {
  const walk = (vdev: Vdev, place: Place, parent: string | null): void => {
    const { vdevs: _, ...own } = vdevJson(state, pool, vdev, place, style)
    const name = shownName(state, vdev, style.options.style)
    for (const child of vdev.children) walk(child, place, name)
    into[name] = parent === null ? own : { ...own, parent }
  }
  for (const vdev of pool.data) walk(vdev, 'data', pool.name)
  into[pool.name] = root
  for (const place of [...topPlaces.slice(1), 'cache', 'spares'] as const) {
    for (const vdev of pool[place]) walk(vdev, place, null)
  }
}

function addClasses(state: SimState, pool: Pool, style: Style, item: JsonObject): void {
  for (const place of [...topPlaces.slice(1), 'cache', 'spares'] as const) {
    if (pool[place].length === 0) continue
    const key = place === 'cache' ? 'l2cache' : place
    item[key] = Object.fromEntries(pool[place].map((vdev) => entryOf(state, pool, vdev, place, style)))
  }
}

const entryOf = (state: SimState, pool: Pool, vdev: Vdev, place: Place, style: Style): [string, JsonObject] => [
  shownName(state, vdev, style.options.style),
  vdevJson(state, pool, vdev, place, style),
]

const classNames: Readonly<Record<Place, string>> = {
  data: 'normal',
  dedup: 'dedup',
  special: 'special',
  logs: 'log',
  cache: 'l2cache',
  spares: 'spare',
}

/** fill_vdev_info: who it is and where it lies. */
export function vdevInfo(
  state: SimState,
  pool: Pool,
  vdev: Vdev,
  place: Place,
  name: string,
  integers: boolean,
): JsonObject {
  // A spare at work in the tree keeps its class.
  const isSpare = place === 'spares' || pool.spares.some((spare) => spare.guid === vdev.guid)
  return {
    name,
    vdev_type: kernelType(vdev),
    guid: integers ? bare(vdev.guid) : vdev.guid,
    ...(vdev.path === null ? {} : { path: vdev.path }),
    ...hardware(state, vdev),
    class: isSpare ? 'spare' : classNames[place],
    state: kernelState(vdev.state),
  }
}

function vdevJson(state: SimState, pool: Pool, vdev: Vdev, place: Place, style: Style): JsonObject {
  const info = vdevInfo(state, pool, vdev, place, shownName(state, vdev, style.options.style), style.options.integers)
  if (place === 'spares') {
    if (vdev.state !== 'INUSE') return { ...info, state: vdev.state }
    const user = spareUser(state, pool, vdev)
    const other = /^in use by pool '(.*)'$/.exec(user)?.[1]
    return { ...info, state: 'INUSE', ...(other === undefined ? {} : { used_by: other }), aux: 'SPARED' }
  }
  const isTop = place === 'cache' || pool[place].includes(vdev)
  const children = vdev.children.filter((child) => !style.options.unhealthyOnly || isSick(child))
  return {
    ...info,
    ...(isTop ? spaces(pool, vdev, place, style) : {}),
    rep_dev_size: style.bytes(replaceSize(vdev, isTop, place)),
    ...(vdev.selfHealed === undefined ? {} : { self_healed: style.bytes(vdev.selfHealed) }),
    ...(isLeaf(vdev) ? { phys_space: style.bytes(vdev.size ?? 0) } : {}),
    ...errorCounts(vdev, style),
    ...processed(vdev, style),
    ...(isLeaf(vdev) ? { slow_ios: style.count(0) } : {}),
    ...trouble(vdev),
    ...(isLeaf(vdev) && style.options.initialize ? { init_state: 'UNINITIALIZED' } : {}),
    ...(isLeaf(vdev) && style.options.trim
      ? { trim_state: 'UNTRIMMED', trim_notsup: style.options.integers ? 0 : '0' }
      : {}),
    ...(children.length === 0
      ? {}
      : { vdevs: Object.fromEntries(children.map((child) => entryOf(state, pool, child, place, style))) }),
  }
}

function spaces(pool: Pool, vdev: Vdev, place: Place, style: Style): JsonObject {
  if (place === 'cache') return { total_space: style.bytes(rawSpace(vdev)) }
  const used = allocatedIn(pool, vdev)
  return {
    ...(used > 0 ? { alloc_space: style.bytes(used) } : {}),
    total_space: style.bytes(spaceOf(vdev)),
    def_space: style.bytes(usable(vdev, spaceOf(vdev))),
  }
}

/** The least that a replacement must have (vdev_get_min_asize): a top-level vdev's metaslabs, else the whole device. */
const replaceSize = (vdev: Vdev, isTop: boolean, place: Place): number =>
  isTop && place !== 'cache' ? spaceOf(vdev) : (vdev.size ?? rawSpace(vdev))

const errorCounts = (vdev: Pick<Vdev, 'readErrors' | 'writeErrors' | 'checksumErrors'>, style: Style): JsonObject => ({
  read_errors: style.count(vdev.readErrors),
  write_errors: style.count(vdev.writeErrors),
  checksum_errors: style.count(vdev.checksumErrors),
})

/** Bytes that the last scan wrote here: a resilver counts at the vdevs above too, a scrub's repair at the leaf alone. */
function processed(vdev: Vdev, style: Style): JsonObject {
  const written = Math.max(
    0,
    ...leavesOf(vdev).map((leaf) => leaf.resilvered ?? (leaf === vdev ? leaf.selfHealed : 0) ?? 0),
  )
  return written === 0 ? {} : { scan_processed: style.bytes(written) }
}

const auxCodes: Readonly<Record<string, string>> = {
  'invalid label': 'BAD_LABEL',
  'corrupted data': 'CORRUPT_DATA',
  'insufficient replicas': 'NO_REPLICAS',
  'external device fault': 'EXTERNAL',
  'too many errors': 'ERR_EXCEEDED',
}

function trouble(vdev: Vdev): JsonObject {
  if (vdev.notPresent === true) return { not_present: '1', was: vdev.path ?? '' }
  return vdev.aux === null ? {} : { aux: auxCodes[vdev.aux] ?? 'UNKNOWN' }
}

/** The kernel's word: what people read as UNAVAIL is CANT_OPEN in JSON. */
const kernelState = (state: Vdev['state']): string =>
  state === 'UNAVAIL' ? 'CANT_OPEN' : state === 'AVAIL' || state === 'INUSE' ? 'ONLINE' : state

/** Bus addresses and device ids that udev knows of a disk (zutil_device_path_os.c): virtio disks have none. */
function hardware(state: SimState, vdev: Vdev): JsonObject {
  const path = vdev.path ?? ''
  const id = path.slice(path.lastIndexOf('/') + 1).replace(/(-part|p)?\d+$/, (suffix) => (vdev.wholeDisk ? '' : suffix))
  const disk = state.disks.find((each) => each.kname === id || each.ids.includes(id))
  if (disk === undefined || !vdev.wholeDisk || disk.transport === 'virtio') return {}
  const kin = state.disks.filter((each) => each.transport === disk.transport)
  const place = kin.indexOf(disk)
  const bus: Readonly<Record<string, string>> = {
    scsi: `pci-0000:00:03.0-scsi-0:0:${place}:0`,
    sata: `pci-0000:00:1f.2-ata-${place + 1}.0`,
    nvme: `pci-0000:${String(place + 1).padStart(2, '0')}:00.0-nvme-1`,
  }
  const stable = disk.ids.find((each) => !each.startsWith('wwn-')) ?? disk.ids[0]
  return {
    phys_path: bus[disk.transport] ?? '',
    ...(stable === undefined ? {} : { devid: `${stable}-part1` }),
  }
}

function scanJson(pool: Pool, style: Style): JsonObject | null {
  const done = /^(scrub repaired|resilvered) (\S+) in (\d+):(\d+):(\d+) with (\d+) errors on (.+) (\d{4})$/.exec(
    pool.scan ?? '',
  )
  if (done === null) return null
  const [, what, amount = '0B', , , , errors = '0', date, year] = done
  const time = `${date} UTC ${year}`
  const used = style.bytes(allocated(pool))
  return {
    function: what === 'resilvered' ? 'RESILVER' : 'SCRUB',
    state: 'FINISHED',
    start_time: time,
    end_time: time,
    to_examine: used,
    examined: used,
    skipped: style.bytes(0),
    processed: amount,
    errors: style.options.integers ? Number(errors) : errors,
    bytes_per_scan: style.bytes(0),
    pass_start: String(Date.parse(`${date} ${year} UTC`) / 1000),
    scrub_pause: '-',
    scrub_spent_paused: style.count(0),
    issued_bytes_per_scan: used,
    issued: used,
  }
}

function jsonTime(seconds: number): string {
  const date = new Date(seconds * 1000).toUTCString() // Sat, 21 Nov 2026 06:50:44 GMT
  const [, day, dayOfMonth, month, year, clock] = /^(\w+), (\d+) (\w+) (\d+) (\S+)/.exec(date) ?? []
  return `${day} ${month} ${String(Number(dayOfMonth)).padStart(2)} ${clock} UTC ${year}`
}

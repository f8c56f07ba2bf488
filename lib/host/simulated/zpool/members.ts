/** Changing what a pool is made of: `zpool add`, `attach`, `replace`, `detach`. */
import { settleVolumes } from '../devices.ts'
import type { Pool, SimState, Vdev } from '../model.ts'
import { nextGuid } from '../random.ts'
import { answer, NotSimulated, type ToolAnswer } from '../tool.ts'
import { askFor } from './create.ts'
import { isExpendable, settlePool } from './health.ts'
import { checkDevices, complaint } from './in-use.ts'
import { writeLabels } from './labels.ts'
import { layout } from './layout.ts'
import { isPool, openPool } from './names.ts'
import { isAnswer, type Options, parseOptions, usageError } from './options.ts'
import { resilver } from './resilver.ts'
import { rawSpace, spaceOf } from './sizes.ts'
import { collapse } from './spares.ts'
import { type Member, parseSpecification, type Specification } from './specification.ts'
import { bytes, ctime } from './text.ts'
import { type Found, findVdev, inPlaceOf, isLeaf, leavesOf, parity, shownName, topPlaces } from './tree.ts'
import { addVdevs, kernelFault, newLeaf, type Preparation, prepareDevices, releaseLeaf } from './vdevs.ts'

/** The sector size asked for with -o, else the pool's own setting, else 0: by the device. */
function ashiftOf(verb: string, options: Options, pool: Pool | null): string | undefined | ToolAnswer {
  for (const { option, value } of options.values) {
    if (option !== 'o') continue
    const equals = value.indexOf('=')
    if (equals < 0) return usageError(verb, "missing '=' for -o option")
    if (value.slice(0, equals) !== 'ashift')
      return usageError(verb, `property '${value.slice(0, equals)}' is not a valid pool or vdev property`)
    return value.slice(equals + 1)
  }
  return pool?.properties.ashift
}

export function add(state: SimState, args: readonly string[]): ToolAnswer {
  const long = ['allow-in-use', 'allow-replication-mismatch', 'allow-ashift-mismatch']
  const parsed = parseOptions('add', args, 'fgLno:P', long)
  if (isAnswer(parsed)) return parsed
  const unknown = long.find((flag) => parsed.flags.has(flag))
  if (unknown !== undefined) throw new NotSimulated(`zpool add --${unknown}`)
  const [name, ...words] = parsed.names
  if (name === undefined) return usageError('add', 'missing pool name argument')
  if (words.length === 0) return usageError('add', 'missing vdev specification')
  const pool = openPool(state, name)
  if (!isPool(pool)) return answer(1, '', pool.fault)
  const ashift = ashiftOf('add', parsed, pool)
  if (typeof ashift === 'object') return ashift
  settleVolumes(state)
  const force = parsed.flags.has('f')
  const specification = askFor(state, words, ashift, pool, force, !force)
  if (isAnswer(specification)) return specification
  if (parsed.flags.has('n'))
    return answer(0, `would update '${name}' to the following configuration:\n\n${grown(state, pool, specification)}`)
  const preparation = prepareDevices(state, specification)
  if ('error' in preparation) return answer(1, '', preparation.error)
  const refuse = (why: string): ToolAnswer => answer(1, '', `${preparation.warnings}cannot add to '${name}': ${why}\n`)
  const fault = addFault(state, pool, specification, preparation)
  if (fault !== null) return refuse(fault)
  addVdevs(state, pool, specification, preparation, Number(ashift ?? 0))
  writeLabels(state, pool, 'active')
  return answer(0, '', preparation.warnings)
}

function addFault(state: SimState, pool: Pool, specification: Specification, preparation: Preparation): string | null {
  if (pool.suspended) return 'pool I/O is currently suspended'
  const fault = kernelFault(state, specification, preparation)
  if (fault === 'busy') return 'one or more vdevs refer to the same device'
  if (fault === 'too small') return 'device is less than the minimum size (64M)'
  const isRaidz = specification.tops.some((top) => top.type.startsWith('raidz'))
  return pool.remove !== undefined && isRaidz
    ? 'invalid config; a pool with removing/removed vdevs does not support adding raidz or dRAID vdevs'
    : null
}

/** What -n prints: the pool's own vdevs, then the new ones, class by class. */
function grown(state: SimState, pool: Pool, specification: Specification): string {
  const shape = (leaf: Vdev): { path: string } => ({ path: shownName(state, leaf) })
  const own = topPlaces.flatMap((place) =>
    pool[place].map((top) => ({ type: isLeaf(top) ? 'disk' : top.name, place, members: leavesOf(top).map(shape) })),
  )
  return layout(pool.name, {
    tops: [...own, ...specification.tops],
    cache: [...pool.cache.map(shape), ...specification.cache],
    spares: [...pool.spares.map(shape), ...specification.spares],
  })
}

export const attach = (state: SimState, args: readonly string[]): ToolAnswer => attachOrReplace(state, args, 'attach')
export const replace = (state: SimState, args: readonly string[]): ToolAnswer => attachOrReplace(state, args, 'replace')

function attachOrReplace(state: SimState, args: readonly string[], verb: 'attach' | 'replace'): ToolAnswer {
  const parsed = parseOptions(verb, args, 'fo:sw')
  if (isAnswer(parsed)) return parsed
  if (parsed.flags.has('s')) throw new NotSimulated(`zpool ${verb} -s`)
  const [name, old, given, further] = parsed.names
  if (name === undefined) return usageError(verb, 'missing pool name argument')
  if (old === undefined) return usageError(verb, 'missing <device> specification')
  if (given === undefined && verb === 'attach') return usageError(verb, 'missing <new_device> specification')
  if (further !== undefined) return usageError(verb, 'too many arguments')
  const pool = openPool(state, name)
  if (!isPool(pool)) return answer(1, '', pool.fault)
  const ashift = ashiftOf(verb, parsed, pool)
  if (typeof ashift === 'object') return ashift
  const made = given ?? old
  const ready = readyMember(state, pool, made, parsed.flags.has('f'), verb === 'replace')
  if (isAnswer(ready)) return ready
  const attempt = verb === 'attach' ? `cannot attach ${made} to ${old}` : `cannot replace ${old} with ${made}`
  const refuse = (why: string): ToolAnswer => answer(255, '', `${ready.preparation.warnings}${attempt}: ${why}\n`)
  const found = findVdev(pool, old)
  if (found === undefined) return refuse('no such device in pool')
  if (found.place === 'spares') return refuse('device is reserved as a hot spare')
  if (found.place === 'cache') return refuse('device is in use as a cache')
  const fault = (verb === 'attach' ? attachFault : replaceFault)(pool, found, ready, made)
  if (fault !== null) return refuse(fault)
  const leaf = newLeaf(state, ready.member, ready.preparation, Number(ashift ?? 0) || found.vdev.ashift)
  if (verb === 'attach') attachLeaf(state, pool, found, leaf)
  else replaceLeaf(state, pool, found, ready, leaf)
  return answer(0)
}

interface Ready {
  readonly member: Member
  readonly preparation: Preparation
  /** The pool's own spare, when that is what is put in. */
  readonly spare: Vdev | undefined
}

function readyMember(
  state: SimState,
  pool: Pool,
  word: string,
  force: boolean,
  replacing: boolean,
): Ready | ToolAnswer {
  settleVolumes(state)
  const parsed = parseSpecification(state, [word])
  if ('error' in parsed) return answer(1, '', parsed.error)
  const member = parsed.ok.tops[0]?.members[0]
  if (member === undefined)
    return answer(1, '', 'invalid vdev specification: at least one toplevel vdev must be specified\n')
  const spare = pool.spares.find((each) => findVdev({ ...pool, data: [] }, word)?.vdev.guid === each.guid)
  const verdict = checkDevices(state, parsed.ok, force, () => replacing && spare !== undefined)
  if (verdict.refused.length + verdict.faults.length > 0) return answer(1, '', complaint(verdict, force))
  const preparation = prepareDevices(state, parsed.ok)
  return 'error' in preparation ? answer(1, '', preparation.error) : { member, preparation, spare }
}

const sizeOf = (ready: Ready): number => ready.spare?.size ?? ready.preparation.members.get(ready.member)?.size ?? 0

/** A newcomer must hold what the vdev's metaslabs take of a member. */
function isTooSmall(found: Found, ready: Ready): boolean {
  const share = parity(found.top) > 0 ? spaceOf(found.top) / found.top.children.length : spaceOf(found.top)
  return rawSpace({ ...found.vdev, children: [], size: sizeOf(ready) }) < share
}

function attachFault(pool: Pool, found: Found, ready: Ready): string | null {
  if (pool.suspended) return 'pool I/O is currently suspended'
  if (pool.checkpoint) return 'checkpoint exists'
  const isTop = found.parent === null
  const isAttachable =
    found.parent?.type === 'mirror' || (isTop && (found.vdev.children.length === 0 || parity(found.vdev) > 0))
  if (!isAttachable) return 'can only attach to mirrors and top-level disks'
  return isTooSmall(found, ready) ? 'device is too small' : null
}

function replaceFault(pool: Pool, found: Found, ready: Ready, made: string): string | null {
  if (pool.suspended) return 'pool I/O is currently suspended'
  if (pool.checkpoint) return 'checkpoint exists'
  if (found.vdev.children.length > 0)
    return "already in replacing/spare config; wait for completion or use 'zpool detach'"
  if (ready.spare?.state === 'INUSE') return `${made} is busy`
  return isTooSmall(found, ready) ? 'device is too small' : null
}

function attachLeaf(state: SimState, pool: Pool, found: Found, leaf: Vdev): void {
  const { vdev, parent } = found
  if (parent !== null) parent.children.push(leaf)
  else if (parity(vdev) > 0) {
    vdev.children.push(leaf)
    const date = ctime(state.now)
    pool.expand = `expanded ${vdev.name} copied ${bytes(282 * 1024)} in 00:00:03, on ${date}`
    // A scrub begins by itself when the blocks have been moved (zfs.jsonl scene 57).
    pool.scan = `scrub in progress since ${date}\n\t253K / 253K scanned, 0B / 160K issued\n\t0B repaired, 0.00% done, no estimated completion time`
  } else makeMirror(state, vdev, leaf)
  settlePool(pool)
  writeLabels(state, pool, 'active')
  if (pool.scan?.includes('in progress') !== true) resilver(state, pool, leaf)
}

/** A top-level disk becomes the first side of a mirror that takes its place. */
function makeMirror(state: SimState, disk: Vdev, leaf: Vdev): void {
  const { id, asize, metaslabShift, ...side } = structuredClone(disk)
  Object.assign(disk, {
    type: 'mirror',
    name: `mirror-${id ?? 0}`,
    guid: nextGuid(state),
    path: null,
    wholeDisk: false,
    aux: null,
    readErrors: 0,
    writeErrors: 0,
    checksumErrors: 0,
    children: [side, leaf],
  } satisfies Partial<Vdev>)
  delete disk.size
  delete disk.notPresent
  delete disk.properties
}

/** The newcomer takes the old one's place at once: the time between, a vdev `replacing-0`, is not shown. */
function replaceLeaf(state: SimState, pool: Pool, found: Found, ready: Ready, leaf: Vdev): void {
  const { vdev, parent } = found
  const made: Vdev =
    ready.spare === undefined ? leaf : { ...structuredClone(ready.spare), state: 'ONLINE', ashift: vdev.ashift }
  if (ready.spare !== undefined) pool.spares = pool.spares.filter((spare) => spare !== ready.spare)
  releaseLeaf(state, pool, vdev)
  if (parent === null) {
    pool[found.place] = pool[found.place].map((each) => (each === vdev ? inPlaceOf(vdev, made) : each))
  } else {
    parent.children[parent.children.indexOf(vdev)] = made
    // A spare stood in for the old one: with a good disk in its place it is free again.
    if (parent.type === 'spare') collapse(state, pool, parent, made)
  }
  settlePool(pool)
  writeLabels(state, pool, 'active')
  resilver(state, pool, made)
}

export function detach(state: SimState, args: readonly string[]): ToolAnswer {
  const parsed = parseOptions('detach', args, '')
  if (isAnswer(parsed)) return parsed
  const [name, path] = parsed.names
  if (name === undefined) return usageError('detach', 'missing pool name argument')
  if (path === undefined) return usageError('detach', 'missing <device> specification')
  const pool = openPool(state, name)
  if (!isPool(pool)) return answer(1, '', pool.fault)
  const refuse = (why: string): ToolAnswer => answer(255, '', `cannot detach ${path}: ${why}\n`)
  const found = findVdev(pool, path)
  if (found === undefined) return refuse('no such device in pool')
  if (found.place === 'spares') return refuse('device is reserved as a hot spare')
  if (found.place === 'cache') return refuse('device is in use as a cache')
  const { vdev, parent } = found
  if (pool.suspended) return refuse('pool I/O is currently suspended')
  if (pool.checkpoint) return refuse('checkpoint exists')
  if (parent === null || !['mirror', 'spare', 'replacing'].includes(parent.type)) {
    return refuse('only applicable to mirror and replacing vdevs')
  }
  if (!isExpendable(pool, vdev)) return refuse('no valid replicas')
  releaseLeaf(state, pool, vdev)
  parent.children = parent.children.filter((child) => child !== vdev)
  const [last] = parent.children
  if (parent.children.length === 1 && last !== undefined) {
    if (parent === found.top) unmirror(pool, found, last)
    else collapse(state, pool, parent, last)
  }
  settlePool(pool)
  writeLabels(state, pool, 'active')
  return answer(0)
}

/** A mirror of one is a disk: it keeps the vdev's number and size. */
function unmirror(pool: Pool, found: Found, last: Vdev): void {
  pool[found.place] = pool[found.place].map((top) => (top === found.top ? inPlaceOf(found.top, last) : top))
}

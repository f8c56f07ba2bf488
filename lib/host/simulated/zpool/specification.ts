/**
 * The vdevs named on a command line (construct_spec and make_leaf_vdev in zpool_vdev.c): what they form, before anybody
 * asks whether they are free.
 */
import { type BlockDevice, findDevice } from '../devices.ts'
import type { SimState, Vdev } from '../model.ts'
import { NotSimulated } from '../tool.ts'
import { searchFolders, type topPlaces } from './tree.ts'

export interface Member {
  /** As given, made absolute. */
  readonly path: string
  readonly wholeDisk: boolean
  readonly device: BlockDevice
}

/** A top-level vdev to be. */
export interface Top {
  readonly type: 'disk' | 'mirror' | 'raidz1' | 'raidz2' | 'raidz3'
  readonly place: (typeof topPlaces)[number]
  readonly members: readonly Member[]
}

export interface Specification {
  readonly tops: readonly Top[]
  readonly cache: readonly Member[]
  readonly spares: readonly Member[]
}

export type Result<T> = { readonly ok: T } | { readonly error: string }

const places: Readonly<Record<string, Top['place']>> = { log: 'logs', special: 'special', dedup: 'dedup' }

/** How many devices a grouping word wants at least, or undefined when the word is a device. */
function leastDevices(word: string): number | undefined {
  if (/^draid([123](:|$)|:|$)/.test(word)) throw new NotSimulated(`zpool: vdev type ${word}`)
  if (word === 'mirror') return 2
  if (word === 'raidz') return 2
  const raidz = /^raidz([123])$/.exec(word)
  if (raidz !== null) return Number(raidz[1]) + 1
  return ['spare', 'log', 'special', 'dedup', 'cache'].includes(word) ? 1 : undefined
}

const invalid = (why: string): { error: string } => ({ error: `invalid vdev specification: ${why}\n` })

export function parseSpecification(state: SimState, words: readonly string[]): Result<Specification> {
  const tops: Top[] = []
  let cache: readonly Member[] | null = null
  let spares: readonly Member[] | null = null
  let place: Top['place'] = 'data'
  let sawLog = false
  for (let index = 0; index < words.length; ) {
    const word = words[index] ?? ''
    const least = leastDevices(word)
    if (least === undefined) {
      const member = findMember(state, word)
      if ('error' in member) return member
      tops.push({ type: 'disk', place, members: [member.ok] })
      index++
      continue
    }
    if (word === 'log' && sawLog) return invalid("'log' can be specified only once")
    const next = places[word]
    if (next !== undefined) {
      sawLog ||= word === 'log'
      place = next
      index++
      continue
    }
    if (word === 'spare' || word === 'cache') {
      if ((word === 'spare' ? spares : cache) !== null) return invalid(`'${word}' can be specified only once`)
      place = 'data'
    } else if (place !== 'data' && word !== 'mirror') {
      const type = word.startsWith('raidz') ? 'raidz' : word
      return invalid(`unsupported '${place === 'logs' ? 'log' : 'special'}' device: ${type}`)
    }
    const members = takeMembers(state, words, index + 1)
    if ('error' in members) return members
    if (members.ok.length < least) return invalid(`${word} requires at least ${least} devices`)
    index += 1 + members.ok.length
    if (word === 'spare') spares = members.ok
    else if (word === 'cache') cache = members.ok
    else tops.push({ type: groupType(word), place, members: members.ok })
  }
  if (tops.length === 0 && spares === null && cache === null)
    return invalid('at least one toplevel vdev must be specified')
  if (sawLog && !tops.some((top) => top.place === 'logs')) return invalid('log requires at least 1 device')
  return { ok: { tops, cache: cache ?? [], spares: spares ?? [] } }
}

const groupType = (word: string): Top['type'] =>
  word === 'mirror' || word === 'raidz2' || word === 'raidz3' ? word : 'raidz1'

function takeMembers(state: SimState, words: readonly string[], from: number): Result<Member[]> {
  const members: Member[] = []
  for (const word of words.slice(from)) {
    if (leastDevices(word) !== undefined) break
    const member = findMember(state, word)
    if ('error' in member) return member
    members.push(member.ok)
  }
  return { ok: members }
}

const notBlock = (word: string): string => `cannot use '${word}': must be a block device or regular file\n`

export function findMember(state: SimState, word: string): Result<Member> {
  if (word.startsWith('/')) {
    const device = findDevice(state, word)
    if (device !== undefined) return { ok: memberOf(word, device) }
    if (/^\/dev\/(null|zero|u?random|tty|console)$/.test(word)) return { error: notBlock(word) }
    const file = state.files[word]
    if (file === undefined) return { error: `cannot resolve path '${word}'\n` }
    if (file.type === 'dir') return { error: notBlock(word) }
    throw new NotSimulated(`zpool: the file ${word} as a vdev`)
  }
  for (const folder of searchFolders) {
    const path = `${folder}/${word}`
    const device = findDevice(state, path)
    if (device !== undefined) return { ok: memberOf(path, device) }
  }
  return { error: `cannot open '${word}': no such device in /dev\nmust be a full path or shorthand device name\n` }
}

/** A volume is no whole disk to ZFS: it gets no partition table (zfs.jsonl scene 106). */
const memberOf = (path: string, device: BlockDevice): Member => ({
  path,
  device,
  wholeDisk: device.partition === null && device.volume === null,
})

export const everyMember = (specification: Specification): Member[] => [
  ...specification.tops.flatMap((top) => top.members),
  ...specification.spares,
  ...specification.cache,
]

/** A leaf as zpool makes it: members get their GUID and state from the caller. */
export function leafOf(member: Member, guid: string, ashift: number, size: number, path: string): Vdev {
  return {
    type: 'disk',
    name: member.path.slice(member.path.lastIndexOf('/') + 1),
    guid,
    path,
    wholeDisk: member.wholeDisk,
    state: 'ONLINE',
    aux: null,
    readErrors: 0,
    writeErrors: 0,
    checksumErrors: 0,
    ashift,
    children: [],
    size,
  }
}

/** What is written on a declared disk: what would be lost if a pool were made of it, and how to wipe exactly that. */
import type { Look, Step } from '../../engine/resource.ts'
import type { BlockDevice } from '../probes/block-devices.ts'
import { type ImportablePool, importableProbe } from '../probes/importable.ts'
import { isExt, lastMountedProbe } from '../probes/last-mounted.ts'
import { readableProbe } from '../probes/readable.ts'
import { type Signature, signaturesProbe } from '../probes/signatures.ts'
import { sizeText } from '../size.ts'
import { type Found, findMember, partitionNumber, serialOf } from './identity.ts'

/** A signature, and where its file system was last mounted, if that can be known. */
type Known = Signature & { readonly lastMounted?: string }

export interface Part {
  readonly device: BlockDevice
  readonly number: number
  readonly signatures: readonly Known[]
}

export interface Content {
  readonly found: Found
  readonly device: BlockDevice
  readonly signatures: readonly Known[]
  readonly parts: readonly Part[]
  /** Pools that could be imported from it. */
  readonly pools: readonly ImportablePool[]
}

const partsOf = (device: BlockDevice): BlockDevice[] => device.children.filter((child) => child.type === 'part')

/** Reads what is on devices that are there, all of them with one wipefs. */
export async function contentsOf(
  look: Look,
  disks: readonly (Found & { readonly device: BlockDevice })[],
): Promise<Content[]> {
  const paths = disks.flatMap(({ device }) => [device, ...partsOf(device)].map((one) => one.path))
  const [signatures, importable] = await Promise.all([look.at(signaturesProbe(paths)), look.at(importableProbe)])
  const lastMounted = await lastMountsOf(look, signatures)
  for (const { device } of disks) {
    const seemsBlank = (signatures.get(device.path) ?? []).length === 0 && partsOf(device).length === 0
    if (seemsBlank) await look.at(readableProbe(device.path))
  }
  const listing = await importableByDisk(look, importable)
  return disks.map((found) => {
    const { device } = found
    const on = (one: BlockDevice): readonly Known[] =>
      (signatures.get(one.path) ?? []).map((signature) => {
        const place = isExt(signature.type) ? lastMounted.get(one.path) : undefined
        return place ? { ...signature, lastMounted: place } : signature
      })
    const parts = partsOf(device).map((part) => ({ device: part, number: partitionNumber(part), signatures: on(part) }))
    const all = [...on(device), ...parts.flatMap((part) => part.signatures)]
    const guids = new Set(all.map((signature) => signature.uuid))
    const isMember = all.some((signature) => signature.type === 'zfs_member')
    const listed = listing.get(found.identity) ?? []
    const pools = importable.filter(
      (pool) => guids.has(pool.guid) || listed.some((one) => one.guid === pool.guid && (one.isOpen || isMember)),
    )
    return { found, device, signatures: on(device), parts, pools }
  })
}

/** Where each ext file system was last mounted, asked of those devices alone that hold one. */
async function lastMountsOf(
  look: Look,
  signatures: ReadonlyMap<string, readonly Signature[]>,
): Promise<ReadonlyMap<string, string | null>> {
  const paths = [...signatures].filter(([, on]) => on.some(({ type }) => isExt(type))).map(([path]) => path)
  const places = await Promise.all(
    paths.map(async (path): Promise<[string, string | null]> => [path, await look.at(lastMountedProbe(path))]),
  )
  return new Map(places)
}

interface Listed {
  readonly guid: string
  /** Its label was found. A spare or cache disk is listed as long as the pool knows of it, wiped or not. */
  readonly isOpen: boolean
}

/** Which importable pools list a disk as theirs. */
async function importableByDisk(look: Look, importable: readonly ImportablePool[]): Promise<Map<string, Listed[]>> {
  const byDisk = new Map<string, Listed[]>()
  for (const pool of importable) {
    for (const leaf of pool.vdevs.flatMap((vdev) => vdev.leaves)) {
      const { identity } = await findMember(look, leaf)
      const listed = { guid: pool.guid, isOpen: leaf.state === 'ONLINE' }
      byDisk.set(identity, [...(byDisk.get(identity) ?? []), listed])
    }
  }
  return byDisk
}

/** Blank: nothing on the disk, no partition (not even an empty one), no pool that could be imported from it. */
export const isBlank = (content: Content): boolean =>
  content.signatures.length === 0 && content.parts.length === 0 && content.pools.length === 0

/** GPT types of the two partitions that ZFS makes on a whole disk (openzfs, lib/libefi). */
const zfsPartitionTypes = ['6a898cc3-1dd2-11b2-99a6-080020736631', '6a945a3b-1dd2-11b2-99a6-080020736631']

/**
 * What a `zpool create` leaves that was cut off before the pool was there: ZFS's own partition table, and nothing in it.
 * Nobody's data; `zpool create` takes such a disk without -f (seen: zfs.jsonl scene 24).
 */
export const isHalfMade = ({ signatures, parts, pools }: Content): boolean =>
  parts.length > 0 &&
  pools.length === 0 &&
  signatures.every(({ type }) => type === 'gpt' || type === 'PMBR') &&
  parts.every(({ device, signatures: on }) => on.length === 0 && zfsPartitionTypes.includes(device.partType ?? ''))

/** Names of the pools on a disk: importable ones, and those that only their labels still tell of. */
export function poolNamesOn(content: Content): string[] {
  const labels = [content, ...content.parts]
    .flatMap((one) => one.signatures)
    .filter((signature) => signature.type === 'zfs_member')
    .flatMap((signature) => signature.label ?? [])
  return [...new Set([...content.pools.map((pool) => pool.name), ...labels])]
}

/** `ext4 "backup"`; each kind once, since ZFS writes four labels and GPT two tables. */
function words(signatures: readonly Known[]): string {
  const texts = signatures
    .filter((signature) => signature.type !== 'PMBR')
    .map(({ type, label, lastMounted }) => {
      const name = label === null ? type : `${type} "${label}"`
      return lastMounted === undefined ? name : `${name}, last mounted on ${lastMounted}`
    })
  return [...new Set(texts)].join(', ')
}

/** One line for a person: the disk, and all that is on it. */
export function contentText(content: Content): string {
  const { device, found } = content
  const disk = device.type === 'part' ? device.parent : device
  const who = [sizeText(device.size), disk?.model, disk?.serial ? `serial ${disk.serial}` : null].filter(Boolean)
  const whole = words(content.signatures)
  const parts = content.parts.map(
    (part) => `partition ${part.number} (${sizeText(part.device.size)}): ${words(part.signatures) || 'nothing known'}`,
  )
  const pools = content.pools.map((pool) => `importable pool ${pool.name} (${pool.state})`)
  const what = [whole || (parts.length > 0 ? '' : 'nothing known'), ...parts, ...pools].filter(Boolean)
  return `disk ${found.path} (${who.join(', ')}): ${what.join('; ')}`
}

/** What was looked at, as one short text: equal exactly when the disks and all that is on them are the same. */
export function contentDigest(contents: readonly Content[]): string {
  const seen = contents
    .map(({ found, device, signatures, parts, pools }) => ({
      identity: found.identity,
      size: device.size,
      signatures,
      parts: parts.map((part) => ({ number: part.number, size: part.device.size, signatures: part.signatures })),
      pools: pools.map((pool) => pool.guid),
    }))
    .sort((a, b) => (a.identity < b.identity ? -1 : 1))
  // Loading it takes a millisecond or two, which a run without such a disk need not spend.
  const { createHash } = process.getBuiltinModule('node:crypto')
  return createHash('sha256').update(JSON.stringify(seen)).digest('hex').slice(0, 16)
}

/** The path of a partition, by the name under which the disk was declared as far as udev makes such names. */
const partPath = (content: Content, part: Part): string =>
  content.found.path.startsWith('/dev/disk/by-id/') ? `${content.found.path}-part${part.number}` : part.device.path

/**
 * Wipes what is on one disk, partitions first: wiping the whole disk alone leaves the labels inside, and they come back
 * with the next partition table (seen: disks.jsonl scenes 20 and 21). Never -f: wipefs itself then refuses a disk that
 * has come into use since (scenes 5, 14, 18).
 */
export function wipeSteps(content: Content): Step[] {
  const wipe = (path: string): Step => ({ kind: 'command', argv: ['wipefs', '-a', path] })
  const parts = content.parts
    .filter((part) => part.signatures.length > 0)
    .sort((a, b) => b.number - a.number)
    .map((part) => wipe(partPath(content, part)))
  // Without a table for wipefs to erase, nothing tells the kernel that its partitions are gone (disks.jsonl scene 10).
  const hasTable = content.signatures.some(({ type }) => type === 'gpt' || type === 'dos')
  const reread: Step[] =
    content.parts.length > 0 && !hasTable
      ? [{ kind: 'command', argv: ['blockdev', '--rereadpt', content.found.path] }]
      : []
  return [...parts, wipe(content.found.path), ...reread]
}

/** What to type to agree to losing what is on these disks. */
export const typedFor = (contents: readonly Content[]): string[] => [
  ...new Set(contents.flatMap((content) => [serialOf(content.found), ...poolNamesOn(content)])),
]

/**
 * Whether devices are free to be taken (check_disk, check_slice and check_file in zpool_vdev_os.c). What is held open is
 * refused in any case; what merely lies on the disk is complained of, and -f overrides most of it.
 */
import { allDevices, type BlockDevice, useOf } from '../devices.ts'
import type { Content, SimState } from '../model.ts'
import { tableSignatures, writtenTable } from '../partitions.ts'
import { heldBy, readableLabel, useOfLabel } from './labels.ts'
import type { Member, Specification } from './specification.ts'
import { firstPartition } from './tree.ts'

export interface Verdict {
  /** Lines that no option overrides, printed as they are. */
  readonly refused: readonly string[]
  /** Lines below `invalid vdev specification`. */
  readonly faults: readonly string[]
}

const free: Verdict = { refused: [], faults: [] }

/** `taken` tells of devices that need no look: a pool's own spare that takes over. */
export function checkDevices(
  state: SimState,
  specification: Specification,
  force: boolean,
  taken: (member: Member) => boolean = () => false,
): Verdict {
  const verdicts = [
    ...specification.tops.flatMap((top) => top.members).map((member) => ({ member, spare: false })),
    ...specification.spares.map((member) => ({ member, spare: true })),
    ...specification.cache.map((member) => ({ member, spare: false })),
  ].map(({ member, spare }) => (taken(member) ? free : checkMember(state, member, force, spare)))
  return { refused: verdicts.flatMap((each) => each.refused), faults: verdicts.flatMap((each) => each.faults) }
}

function checkMember(state: SimState, member: Member, force: boolean, spare: boolean): Verdict {
  const { device, path } = member
  if (!member.wholeDisk) {
    // A volume is opened exclusively like a disk (zfs.jsonl scene 106), a partition is only probed (scene 26).
    if (device.partition === null && isBusy(state, device)) return { refused: [inUse(path, device)], faults: [] }
    return checkContent(state, device, path, force, spare)
  }
  if (!spare && isBusy(state, device)) return { refused: [inUse(path, device)], faults: [] }
  const table = writtenTable(device.whole)
  const found = tableSignatures(table, device.size).map(({ offset }) => offset)
  if (table?.type !== 'gpt' || device.content.signatures.length > 0) {
    return checkContent(state, device, path, force, spare)
  }
  if (!found.includes(0x200)) {
    if (found.length === 0) return free
    return force ? free : { refused: [], faults: [`${path} contains a corrupt primary EFI label.`] }
  }
  for (const inner of allDevices(state)) {
    if (inner.partition === null || inner.whole !== device.whole) continue
    const innerPath = firstPartition(path).replace(/1$/, String(inner.partition.number))
    const verdict = checkContent(state, inner, innerPath, force, spare)
    if (verdict.faults.length > 0) return verdict
  }
  return free
}

/** What O_EXCL would fail on: a mount, swap, the system, or a pool that has it open. */
export function isBusy(state: SimState, device: BlockDevice): boolean {
  const use = useOf(state, device)
  return (use !== null && use.kind !== 'pool') || heldBy(state, device) !== undefined
}

/** The kind is named only where a file system lies on the whole device; a member's label is in a partition or goes unseen. */
function inUse(path: string, device: BlockDevice): string {
  const type = blkidType({ ...device.content, label: null })
  return `${path} is in use and contains a ${type ?? 'unknown'} filesystem.`
}

/** The one kind of content that libblkid finds; none when it finds several (disks.jsonl scene 28). */
export function blkidType(content: Content): string | undefined {
  const label = content.label
  const kinds = content.signatures.map((signature) => signature.type)
  if (label?.intact === true && label.copies?.length !== 0) kinds.push('zfs_member')
  return kinds.length === 1 ? kinds[0] : undefined
}

function checkContent(state: SimState, device: BlockDevice, path: string, force: boolean, spare: boolean): Verdict {
  const type = device.disk?.readErrors === true ? undefined : blkidType(device.content)
  if (type === undefined) return free
  if (type !== 'zfs_member') {
    return force ? free : { refused: [], faults: [`${path} contains a filesystem of type '${type}'`] }
  }
  const label = readableLabel(device)
  const use = label === null ? null : useOfLabel(state, label)
  if (use === null || (use.is === 'spare' && spare)) return free
  if (use.is === 'spare') return { refused: [], faults: [`${path} is reserved as a hot spare for pool ${use.pool}`] }
  if (force && use.is !== 'active') return free
  const description = use.is === 'cache' ? 'unknown' : use.is
  return { refused: [], faults: [`${path} is part of ${description} pool '${use.pool}'`] }
}

/** Both kinds of complaint as zpool prints them. */
export function complaint(verdict: Verdict, force: boolean): string {
  const refused = verdict.refused.map((line) => `${line}\n`).join('')
  return refused + specificationFault(verdict.faults, force)
}

export function specificationFault(faults: readonly string[], force: boolean): string {
  if (faults.length === 0) return ''
  const hint = force ? 'the following errors must be manually repaired:' : "use '-f' to override the following errors:"
  return `invalid vdev specification\n${hint}\n${faults.map((line) => `${line}\n`).join('')}`
}

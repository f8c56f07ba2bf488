/** What keeps a disk from being taken, whoever agrees: it is in use, or no disk that a pool could be made of. */
import type { Look } from '../../engine/resource.ts'
import { type BlockDevice, family } from '../probes/block-devices.ts'
import { mountsProbe, swapsProbe } from '../probes/mounts.ts'
import { poolsProbe } from '../probes/pools.ts'
import { type Found, findMember } from './identity.ts'

/** Where each disk and partition that is a member of an imported pool belongs. */
export async function membersByDevice(look: Look): Promise<ReadonlyMap<string, string>> {
  const owners = new Map<string, string>()
  for (const pool of (await look.at(poolsProbe)).values()) {
    for (const leaf of pool.vdevs.flatMap((vdev) => vdev.leaves.flatMap((one) => [one, one.replaces ?? one]))) {
      const { device } = await findMember(look, leaf)
      if (device) owners.set(device.path, pool.name)
      // A whole disk's label sits on the partitions that ZFS made.
      if (device && leaf.wholeDisk) for (const part of device.children) owners.set(part.path, pool.name)
    }
  }
  return owners
}

const systemPlaces = new Set(['/', '/boot', '/boot/efi', '/usr', '/var', '/etc'])

function holdersOf(device: BlockDevice): BlockDevice[] {
  return device.children.flatMap((child) => (child.type === 'part' ? holdersOf(child) : [child]))
}

const holderWord: Readonly<Record<string, string>> = {
  lvm: 'LVM volume',
  crypt: 'dm-crypt mapping',
  mpath: 'multipath device',
  dm: 'device-mapper device',
}

function holderText(holder: BlockDevice): string {
  const word = holder.type.startsWith('raid') ? 'md array' : (holderWord[holder.type] ?? `${holder.type} device`)
  return `${word} ${holder.path}`
}

/** Why a device can't be used in any mode, in one line, and what a person can do about just that, one line each. */
export interface Hindrance {
  readonly why: string
  readonly mend: readonly string[]
}

const check = 'check the path in the config: is it the disk you mean? lsblk -o NAME,SIZE,SERIAL,WWN,FSTYPE,MOUNTPOINTS'
const correct = 'correct the path in the config; which disks there are: ls -l /dev/disk/by-id'
const release = (how: string): readonly string[] => [
  check,
  `if it is, release it by hand (${how}), then run phx plan again`,
]

function releaseHolder(holder: BlockDevice): readonly string[] {
  if (holder.type.startsWith('raid')) return release(`mdadm --stop ${holder.path}`)
  if (holder.type === 'crypt') return release(`cryptsetup close ${holder.path}`)
  if (holder.type === 'mpath')
    return [check, `if it is, declare ${holder.path}'s disk only after: multipath -f ${holder.path}`]
  return release(holder.type === 'lvm' ? 'vgchange -an its volume group' : `dmsetup remove ${holder.path}`)
}

/** Empty when only the device's content stands in the way, if that. */
export async function hindrances(look: Look, found: Found, ownPool: string | null): Promise<Hindrance[]> {
  const { device } = found
  if (!device) {
    const mend = [
      'see which disks there are: ls -l /dev/disk/by-id',
      'connect the disk, or correct its path in the config',
    ]
    return [{ why: `${found.path} is not there: no such device`, mend }]
  }
  if (device.type !== 'disk' && device.type !== 'part' && device.type !== 'loop') {
    return [{ why: `${found.path} is a ${device.type} (${device.path}), no disk or partition`, mend: [correct] }]
  }
  if (/^zd\d+/.test(device.kname)) {
    const why = `${found.path} is a ZFS volume: a pool on a volume of another pool can hang the kernel when that one goes`
    return [{ why, mend: ['declare a disk or a partition instead'] }]
  }
  const whole = family(device)
  const reasons: Hindrance[] = []
  if (device.readOnly) {
    reasons.push({
      why: `${found.path} (${device.path}) is read-only`,
      mend: [
        `see why: dmesg, smartctl -a ${device.path}, or a switch on the drive; blockdev --getro ${device.path} must say 0`,
        correct,
      ],
    })
  }

  const places = whole.flatMap((part) => part.mountpoints.map((at) => ({ part, at })))
  const mounts = await look.at(mountsProbe)
  for (const { source, at } of mounts) {
    const part = whole.find((one) => one.path === source)
    if (part && !places.some((place) => place.at === at)) places.push({ part, at })
  }
  for (const { part, at } of places) {
    if (at === '[SWAP]') {
      reasons.push({ why: `${found.path}: ${part.path} is swap in use`, mend: release(`swapoff ${part.path}`) })
    } else if (systemPlaces.has(at)) {
      reasons.push({
        why: `${found.path} is the system disk: ${part.path} is mounted on ${at}`,
        mend: [`${correct} (this host runs from the one declared now)`],
      })
    } else reasons.push({ why: `${found.path}: ${part.path} is mounted on ${at}`, mend: release(`umount ${at}`) })
  }
  for (const swap of await look.at(swapsProbe)) {
    const told = places.some((place) => place.part.path === swap && place.at === '[SWAP]')
    if (!told && whole.some((part) => part.path === swap)) {
      reasons.push({ why: `${found.path}: ${swap} is swap in use`, mend: release(`swapoff ${swap}`) })
    }
  }
  for (const holder of holdersOf(device)) {
    reasons.push({ why: `${found.path} is held by the ${holderText(holder)}`, mend: releaseHolder(holder) })
  }

  const owners = await membersByDevice(look)
  const others = new Set(whole.flatMap((part) => owners.get(part.path) ?? []).filter((pool) => pool !== ownPool))
  for (const pool of others) {
    reasons.push({
      why: `${found.path} is a member of pool ${pool}, which is imported`,
      mend: release(`zpool export ${pool}; a spare, cache or log: zpool remove ${pool} ${found.path}`),
    })
  }
  return reasons
}

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

/** Why the device can't be used in any mode, one line each; empty when only its content stands in the way, if that. */
export async function hindrances(look: Look, found: Found, ownPool: string | null): Promise<string[]> {
  const { device } = found
  if (!device) return [`${found.path} is not there: no such device`]
  if (device.type !== 'disk' && device.type !== 'part' && device.type !== 'loop') {
    return [`${found.path} is a ${device.type} (${device.path}), no disk or partition`]
  }
  if (/^zd\d+/.test(device.kname)) {
    return [`${found.path} is a ZFS volume: a pool on a volume of another pool can hang the kernel when that one goes`]
  }
  const whole = family(device)
  const reasons: string[] = []
  if (device.readOnly) reasons.push(`${found.path} (${device.path}) is read-only`)

  const places = whole.flatMap((part) => part.mountpoints.map((at) => ({ part, at })))
  const mounts = await look.at(mountsProbe)
  for (const { source, at } of mounts) {
    const part = whole.find((one) => one.path === source)
    if (part && !places.some((place) => place.at === at)) places.push({ part, at })
  }
  for (const { part, at } of places) {
    if (at === '[SWAP]') reasons.push(`${found.path}: ${part.path} is swap in use`)
    else if (systemPlaces.has(at)) reasons.push(`${found.path} is the system disk: ${part.path} is mounted on ${at}`)
    else reasons.push(`${found.path}: ${part.path} is mounted on ${at}`)
  }
  for (const swap of await look.at(swapsProbe)) {
    const told = places.some((place) => place.part.path === swap && place.at === '[SWAP]')
    if (!told && whole.some((part) => part.path === swap)) reasons.push(`${found.path}: ${swap} is swap in use`)
  }
  for (const holder of holdersOf(device)) reasons.push(`${found.path} is held by the ${holderText(holder)}`)

  const owners = await membersByDevice(look)
  const others = new Set(whole.flatMap((part) => owners.get(part.path) ?? []).filter((pool) => pool !== ownPool))
  for (const pool of others) reasons.push(`${found.path} is a member of pool ${pool}, which is imported`)
  return reasons
}

/** What a person can do about a disk that is in use. */
export const hindranceMend: readonly string[] = [
  'check the path in the config: is it the disk you mean? lsblk -o NAME,SIZE,SERIAL,WWN,FSTYPE,MOUNTPOINTS',
  'if it is, release it by hand (umount, swapoff, vgchange -an, zpool export, …), then run phx plan again',
]

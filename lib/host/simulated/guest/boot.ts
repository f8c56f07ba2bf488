/** A boot of a guest's system: its kernel, its network, what it mounts, its units, and cloud-init. */
import { mountAtBoot } from '../disk-tools/fstab.ts'
import { bootMachine } from '../events.ts'
import { makeFolders, writeText } from '../filesystem.ts'
import type { SimState } from '../model.ts'
import { nextHex } from '../random.ts'
import { afterBoot, beforeNetwork } from './cloud-init/boot.ts'
import { bringUpNetplan } from './cloud-init/network.ts'
import { setUpContainer } from './container.ts'
import { type Place, placeOf } from './place.ts'

/** Seconds until the units of a virtual machine are started. */
const machineTakes = 4

/** All of it at once, and when it will have been done. */
export function bootInside(system: SimState, place: Place): number {
  const { now } = system
  bootMachine(system)
  if (place.guest.kind === 'lxc') return now
  const before = isAgentThere(system)
  system.now = now + machineTakes
  afterBoot(system, place)
  system.now = now
  // An agent that cloud-init installs is there when cloud-init has done so.
  return before ? now + machineTakes : (system.cloudInit?.finished ?? now + machineTakes)
}

const isAgentThere = (system: SimState): boolean => system.packages?.['qemu-guest-agent']?.status === 'installed'

/** The middle of a boot, before units start: part of what every system does, and nothing on one that is no guest. */
export function setUpGuest(system: SimState): void {
  const place = placeOf(system)
  if (!place) return
  takeIdentity(system)
  if (place.guest.kind === 'lxc') setUpContainer(system, place)
  else {
    beforeNetwork(system, place)
    bringUpNetplan(system, place)
  }
  mountAtBoot(system)
}

/** What an image doesn't have, so that no two machines have the same (machine-id(5)). */
function takeIdentity(system: SimState): void {
  if (['', 'uninitialized\n'].includes(system.files['/etc/machine-id']?.content ?? ''))
    writeText(system, '/etc/machine-id', `${nextHex(system, 32)}\n`, 0o444)
  const key = '/etc/ssh/ssh_host_ed25519_key.pub'
  if (system.files[key]) return
  makeFolders(system, '/etc/ssh')
  writeText(
    system,
    key,
    `ssh-ed25519 ${Buffer.from(nextHex(system, 64), 'hex').toString('base64')} root@${system.hostname}\n`,
  )
}

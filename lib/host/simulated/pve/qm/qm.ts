/** qm and pvesh of the simulated host. */
import { createHash } from 'node:crypto'
import type { Area } from '../../area.ts'
import { makeFolders, writeText } from '../../filesystem.ts'
import { guestSystem } from '../../guest/agent.ts'
import { placeIn } from '../../guest/inside.ts'
import { insidesOf } from '../../guest/insides.ts'
import { askToLeave, resetGuest, settleGuests, startGuest, stopGuest } from '../../guest/power.ts'
import type { SimState } from '../../model.ts'
import { nextHex } from '../../random.ts'
import type { Tool } from '../../tool.ts'
import { zfs } from '../../zfs/zfs.ts'
import { zpool } from '../../zpool/zpool.ts'
import { imageText } from '../images.ts'
import { simulatedMachine } from '../machine.ts'
import { qemuImg } from '../qemu-img.ts'
import { qmCall } from './command.ts'
import { emulatorOf, hasEmulator, remember } from './emulators.ts'
import type { GuestSystem, VmMachine } from './machine.ts'
import { pveshCall } from './pvesh.ts'

export const qm: Tool = (state, { args, stdin }) => qmCall(vmMachine(state), args, () => stdin)
export const pvesh: Tool = (state, { args, stdin }) => pveshCall(vmMachine(state), args, () => stdin)

/** A host whose files don't tell has plenty. */
const usualProcessors = 16

export function vmMachine(state: SimState, guests: GuestSystem = guestSystem(state)): VmMachine {
  return {
    ...simulatedMachine(state, { 'qemu-img': qemuImg, zfs, zpool }),
    guests,
    insides: insidesOf(state),
    processors: state.files['/proc/cpuinfo']?.content.match(/^processor\b/gm)?.length ?? usualProcessors,
    isRunning: (vmid) => hasEmulator(state, vmid),
    emulatorOf: (vmid) => emulatorOf(state, vmid),
    start: (vmid) => startGuest(state, 'vm', vmid),
    stop: (vmid) => stopGuest(state, 'vm', vmid),
    pressPowerButton: (vmid) => {
      const place = placeIn(state, vmid)
      if (place) askToLeave(place, 'down')
    },
    reset: (vmid) => resetGuest(state, vmid),
    writeCloudInit: (vmid, { files }) => remember(state, vmid, { cloudInit: { ...files } }),
    forget: (vmid) => {
      delete state.machines?.[vmid]
    },
    encrypt: (password) => encrypted(password, nextHex(state, 8)),
    wait: (seconds) => {
      state.now += seconds
      settleGuests(state)
    },
    chance: (digits) => nextHex(state, digits),
    now: () => state.now,
  }
}

/** Has the form of crypt(3)'s SHA-256, and depends on password and salt; nothing here logs on with it. */
const encrypted = (password: string, salt: string): string =>
  `$5$${salt}$${createHash('sha256')
    .update(salt + password)
    .digest('base64')
    .replaceAll('+', '.')
    .slice(0, 43)}`

const firmware = { OVMF_VARS: 131072, OVMF_VARS_4M: 540672, 'OVMF_VARS_4M.ms': 540672 }

export const virtualMachines: Area = {
  seed: (state) => {
    makeFolders(state, '/usr/share/pve-edk2-firmware')
    for (const [name, bytes] of Object.entries(firmware))
      writeText(state, `/usr/share/pve-edk2-firmware/${name}.fd`, imageText(bytes))
  },
  /** After a start of the host those run that are to be started with it. */
  boot: (state) => {
    for (const vmid of Object.keys(state.machines ?? {})) stopGuest(state, 'vm', vmid)
    for (const [path, { content }] of Object.entries(state.files)) {
      const vmid = /^\/etc\/pve\/qemu-server\/(\d+)\.conf$/.exec(path)?.[1]
      const isWanted = /^onboot: 1$/m.test(content.split('\n[')[0] ?? '')
      if (vmid !== undefined && isWanted) qmCall(vmMachine(state), ['start', vmid], () => '')
    }
  },
}

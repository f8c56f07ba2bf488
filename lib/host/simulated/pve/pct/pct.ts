/** pct of the simulated host. */
import { chown } from '../../accounts/modes.ts'
import type { Area } from '../../area.ts'
import { lxcAttach } from '../../guest/attach.ts'
import { insidesOf } from '../../guest/insides.ts'
import { startGuest, stopGuest } from '../../guest/power.ts'
import type { SimState } from '../../model.ts'
import { nextHex } from '../../random.ts'
import type { Tool } from '../../tool.ts'
import { zfs } from '../../zfs/zfs.ts'
import { zpool } from '../../zpool/zpool.ts'
import { simulatedMachine } from '../machine.ts'
import { pctCall } from './command.ts'
import { hasGroup } from './groups.ts'
import type { ContainerMachine } from './machine.ts'

export const pct: Tool = (state, { args, stdin }) => pctCall(containerMachine(state, stdin), args)

function containerMachine(state: SimState, stdin: string): ContainerMachine {
  return {
    ...simulatedMachine(state, { chown, zfs, zpool }),
    insides: insidesOf(state),
    isRunning: (vmid) => hasGroup(state, vmid),
    start: (vmid) => startGuest(state, 'lxc', vmid),
    stop: (vmid) => stopGuest(state, 'lxc', vmid),
    shutDown: (vmid) => stopGuest(state, 'lxc', vmid),
    attach: (vmid, argv, file) => {
      const given = file === undefined ? stdin : (state.files[file]?.content ?? '')
      return lxcAttach(state, { args: ['-n', vmid, '--', ...argv], stdin: given })
    },
    chance: (digits) => nextHex(state, digits),
    now: () => state.now,
  }
}

/** After a start of the host those run that are to be started with it. */
export const containers: Area = {
  boot: (state) => {
    for (const [path, { content }] of Object.entries(state.files)) {
      const vmid = /^\/etc\/pve\/lxc\/(\d+)\.conf$/.exec(path)?.[1]
      if (vmid === undefined) continue
      stopGuest(state, 'lxc', vmid)
      if (/^onboot: 1$/m.test(content.split('\n[')[0] ?? '')) startGuest(state, 'lxc', vmid)
    }
  },
}

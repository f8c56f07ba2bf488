/** pct of the simulated host. */
import type { Area } from '../../area.ts'
import { makeFolders } from '../../filesystem.ts'
import type { SimState } from '../../model.ts'
import { nextHex } from '../../random.ts'
import type { Tool } from '../../tool.ts'
import { zfs } from '../../zfs/zfs.ts'
import { zpool } from '../../zpool/zpool.ts'
import { simulatedMachine } from '../machine.ts'
import { pctCall } from './command.ts'
import type { GuestMachine } from './machine.ts'

export const pct: Tool = (state, { args }) => pctCall(guestMachine(state), args)

/** LXC makes a control group for each container that runs. */
const groupOf = (vmid: string): string => `/sys/fs/cgroup/lxc/${vmid}`

function setRunning(state: SimState, vmid: string, running: boolean): void {
  if (running) makeFolders(state, groupOf(vmid))
  else delete state.files[groupOf(vmid)]
}

function guestMachine(state: SimState): GuestMachine {
  return {
    ...simulatedMachine(state, { zfs, zpool }),
    isRunning: (vmid) => state.files[groupOf(vmid)] !== undefined,
    setRunning: (vmid, running) => setRunning(state, vmid, running),
    chance: () => nextHex(state, 6),
    now: () => state.now,
  }
}

/** After a start of the host those run that are to be started with it. */
export const containers: Area = {
  boot: (state) => {
    for (const [path, { content }] of Object.entries(state.files)) {
      const vmid = /^\/etc\/pve\/lxc\/(\d+)\.conf$/.exec(path)?.[1]
      if (vmid !== undefined) setRunning(state, vmid, /^onboot: 1$/m.test(content.split('\n[')[0] ?? ''))
    }
  },
}

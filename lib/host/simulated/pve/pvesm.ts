/** pvesm of the simulated host. */
import { mount } from '../disk-tools/mount.ts'
import { rpcinfo, showmount } from '../nfs/server.ts'
import type { Tool } from '../tool.ts'
import { zfs } from '../zfs/zfs.ts'
import { zpool } from '../zpool/zpool.ts'
import { pvesmCall } from './command.ts'
import { simulatedMachine } from './machine.ts'

export const pvesm: Tool = (state, { args, stdin }) =>
  pvesmCall(simulatedMachine(state, { mount, rpcinfo, showmount, zfs, zpool }), args, () => stdin)

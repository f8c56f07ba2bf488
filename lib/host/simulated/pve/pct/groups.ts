/** Control groups of containers: LXC makes one for each that runs. */
import { makeFolders } from '../../filesystem.ts'
import type { SimState } from '../../model.ts'

const groupOf = (vmid: string): string => `/sys/fs/cgroup/lxc/${vmid}`

export const hasGroup = (state: SimState, vmid: string): boolean => state.files[groupOf(vmid)] !== undefined

export function makeGroup(state: SimState, vmid: string): void {
  makeFolders(state, groupOf(vmid))
}

export function removeGroup(state: SimState, vmid: string): void {
  delete state.files[groupOf(vmid)]
}

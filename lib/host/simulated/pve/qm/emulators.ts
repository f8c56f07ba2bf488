/** QEMU's processes on the simulated host: one for each virtual machine that runs. */
import { makeFolders, writeText } from '../../filesystem.ts'
import type { SimMachine, SimState } from '../../model.ts'
import type { Emulator } from './machine.ts'

const folder = '/run/qemu-server'

/** Of the emulator, as for qm's own look whether it runs. */
const pidFile = (vmid: string): string => `${folder}/${vmid}.pid`

export const hasEmulator = (state: SimState, vmid: string): boolean => state.files[pidFile(vmid)] !== undefined

export function emulatorOf(state: SimState, vmid: string): Emulator | null {
  const file = state.files[pidFile(vmid)]
  return file === undefined ? null : { pid: Number(file.content), since: state.machines?.[vmid]?.since ?? state.now }
}

export function remember(state: SimState, vmid: string, known: SimMachine): void {
  state.machines = { ...state.machines, [vmid]: { ...state.machines?.[vmid], ...known } }
}

export function startEmulator(state: SimState, vmid: string): void {
  const pids = Object.entries(state.files).map(([path, { content }]) =>
    path.startsWith(`${folder}/`) ? Number(content) : 0,
  )
  // The kernel's numbers go up: a machine that was restarted has another one, also where it is the only one.
  const next = Math.max(1000 + (state.now % 1_000_000), ...pids) + 1
  makeFolders(state, folder)
  writeText(state, pidFile(vmid), `${next}\n`)
  remember(state, vmid, { since: state.now })
}

export function stopEmulator(state: SimState, vmid: string): void {
  delete state.files[pidFile(vmid)]
}

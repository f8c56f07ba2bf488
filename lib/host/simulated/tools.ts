/** The tools of the simulated host by name, and the one way to call them. */
import { isReadOnly } from '../readonly.ts'
import { settleVolumes } from './devices.ts'
import { diskTools } from './disk-tools/all.ts'
import { sim } from './events.ts'
import type { SimState } from './model.ts'
import { allFacts } from './probe.ts'
import { pvesm } from './pve/pvesm.ts'
import { answer, NotSimulated, type Tool, type ToolAnswer } from './tool.ts'
import { rememberStale } from './udev.ts'
import { zfs } from './zfs/zfs.ts'
import { zdb, zpool } from './zpool/zpool.ts'

const tools: Readonly<Record<string, Tool>> = { ...diskTools, pvesm, sim, zdb, zfs, zpool }

export function hasTool(state: SimState, name: string): boolean {
  return Object.hasOwn(tools, name) && !state.missingTools?.includes(name)
}

/** Calls a tool; whatever the simulation doesn't know is refused loudly with exit code 127. */
export function callTool(state: SimState, argv: readonly string[], stdin = ''): ToolAnswer {
  const [name = '', ...args] = argv
  const tool = Object.hasOwn(tools, name) ? tools[name] : undefined
  if (tool === undefined) return answer(127, '', `not simulated: ${name}\n`)
  if (state.missingTools?.includes(name)) return answer(127, '', `${name}: command not found\n`)
  try {
    if (args.some((word) => word.startsWith('/dev/loop'))) throw new NotSimulated('loop devices')
    if (isReadOnly(argv)) return tool(state, { args, stdin })
    const before = allFacts(state)
    const given = tool(state, { args, stdin })
    settleVolumes(state)
    rememberStale(state, argv, before)
    state.now++
    return given
  } catch (error) {
    if (error instanceof NotSimulated) return answer(127, '', `not simulated: ${error.message || argv.join(' ')}\n`)
    throw error
  }
}

/** The tools of the simulated host by name, and the one way to call them. */
import { isReadOnly } from '../readonly.ts'
import { areas } from './areas.ts'
import { settleVolumes } from './devices.ts'
import { diskTools } from './disk-tools/all.ts'
import { sim } from './events.ts'
import type { SimState } from './model.ts'
import { allFacts } from './probe.ts'
import { pct } from './pve/pct/pct.ts'
import { pvesm } from './pve/pvesm.ts'
import { pveum } from './pve/pveum/pveum.ts'
import { answer, NotSimulated, type Tool, type ToolAnswer, type ToolCall } from './tool.ts'
import { rememberStale } from './udev.ts'
import { zfs } from './zfs/zfs.ts'
import { zdb, zpool } from './zpool/zpool.ts'

const tools: Readonly<Record<string, Tool>> = { ...diskTools, pct, pvesm, pveum, sim, zdb, zfs, zpool }

/**
 * Looked up when it is called: an area's tools may themselves call others. Where several areas know calls of one tool
 * (`getent hosts`, `getent passwd`), the first that knows this one answers.
 */
function toolNamed(name: string): Tool | undefined {
  if (Object.hasOwn(tools, name)) return tools[name]
  const found = areas.flatMap(({ tools: brought = {} }) => (Object.hasOwn(brought, name) ? (brought[name] ?? []) : []))
  return found.length > 1 ? (state, call) => firstOf(found, state, call) : found[0]
}

function firstOf(candidates: readonly Tool[], state: SimState, call: ToolCall): ToolAnswer {
  for (const tool of candidates.slice(0, -1)) {
    try {
      return tool(state, call)
    } catch (error) {
      if (!(error instanceof NotSimulated)) throw error
    }
  }
  return candidates.at(-1)?.(state, call) ?? answer(127)
}

/** True when no package claims the tool, or one that does is installed. */
function isInstalled(state: SimState, tool: string): boolean {
  const claiming = areas.flatMap(({ packages = {} }) =>
    Object.entries(packages).filter(([, { tools: brought = [] }]) => brought.includes(tool)),
  )
  return claiming.length === 0 || claiming.some(([name]) => state.packages?.[name]?.status === 'installed')
}

export function hasTool(state: SimState, name: string): boolean {
  return toolNamed(name) !== undefined && !state.missingTools?.includes(name) && isInstalled(state, name)
}

/** Calls a tool; whatever the simulation doesn't know is refused loudly with exit code 127. */
export function callTool(state: SimState, argv: readonly string[], stdin = ''): ToolAnswer {
  const [name = '', ...args] = argv
  const tool = toolNamed(name)
  if (tool === undefined) return answer(127, '', `not simulated: ${name}\n`)
  if (!hasTool(state, name)) return answer(127, '', `${name}: command not found\n`)
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

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
import { qemuImg } from './pve/qemu-img.ts'
import { pvesh, qm } from './pve/qm/qm.ts'
import { baseName, isToolPath, runProgram } from './system/program.ts'
import { answer, NotSimulated, type Tool, type ToolAnswer, type ToolCall } from './tool.ts'
import { rememberStale } from './udev.ts'
import { zfs } from './zfs/zfs.ts'
import { zdb, zpool } from './zpool/zpool.ts'

const tools: Readonly<Record<string, Tool>> = {
  ...diskTools,
  pct,
  pvesh,
  pvesm,
  pveum,
  'qemu-img': qemuImg,
  qm,
  sim,
  zdb,
  zfs,
  zpool,
}

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

/** Known to the simulation, whether or not this system has it. */
export const isKnownTool = (name: string): boolean => toolNamed(name) !== undefined

export function hasTool(state: SimState, name: string): boolean {
  return toolNamed(name) !== undefined && !state.missingTools?.includes(name) && isInstalled(state, name)
}

function scriptAt(path: string): Tool | undefined {
  if (!path.startsWith('/')) return undefined
  return (state, { args }) => {
    const ran = runProgram(state, [path, ...args])
    if (ran === undefined) throw new NotSimulated(path)
    return ran
  }
}

/** Also through env(1), which changes nothing by itself. */
function looksOnly(argv: readonly string[]): boolean {
  if (argv[0] !== 'env') return isReadOnly(argv)
  const start = argv.findIndex((word, index) => index > 0 && !/^[A-Za-z_]\w*=/.test(word))
  return start > 0 && isReadOnly(argv.slice(start))
}

/** Calls a tool or a script; whatever the simulation doesn't know is refused loudly with exit code 127. */
export function callTool(state: SimState, argv: readonly string[], stdin = ''): ToolAnswer {
  const [given = '', ...args] = argv
  const name = isToolPath(given) ? baseName(given) : given
  const tool = toolNamed(name) ?? scriptAt(given)
  if (tool === undefined) return answer(127, '', `not simulated: ${name}\n`)
  if (isKnownTool(name) && !hasTool(state, name)) return answer(127, '', `${name}: command not found\n`)
  try {
    if (args.some((word) => word.startsWith('/dev/loop'))) throw new NotSimulated('loop devices')
    if (looksOnly(argv)) return tool(state, { args, stdin })
    const before = allFacts(state)
    const given = tool(state, { args, stdin })
    settleVolumes(state)
    rememberStale(state, argv, before)
    state.now++
    for (const area of areas) area.tick?.(state)
    return given
  } catch (error) {
    if (error instanceof NotSimulated) return answer(127, '', `not simulated: ${error.message || argv.join(' ')}\n`)
    throw error
  }
}

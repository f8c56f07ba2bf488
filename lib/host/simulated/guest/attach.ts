/** Commands in a guest from its host: as lxc-attach(1) runs them in a container, and for those who set a scene. */
import { mountOnDemand } from '../disk-tools/fstab.ts'
import type { SimState } from '../model.ts'
import { isCutOff } from '../nfs/mount.ts'
import { answer, NotSimulated, type Tool, type ToolAnswer } from '../tool.ts'
import { callTool } from '../tools.ts'
import { enter, leave, placeIn } from './inside.ts'
import type { Place } from './place.ts'

function run(system: SimState, argv: readonly string[], stdin = ''): ToolAnswer {
  mountOnDemand(system, argv)
  return isCutOff(system, argv) ? { ...answer(0), hangs: true } : callTool(system, argv, stdin)
}

/** The host's clock goes on as long as the command takes. */
export function runIn(place: Place, argv: readonly string[], stdin: string): ToolAnswer {
  const system = enter(place)
  const given = run(system, argv, stdin)
  place.host.now = Math.max(place.host.now, system.now - 1) // the host's own tool counts for one
  leave(place, system)
  return given
}

/** One that only looks, at that time: nothing of it stays, and it may not have changed anything. */
export function lookIn(place: Place, argv: readonly string[], now: number): ToolAnswer {
  const system = enter(place, now)
  mountOnDemand(system, argv)
  const textOf = (): string => JSON.stringify({ ...system, now })
  const before = textOf()
  const given = run(system, argv)
  if (textOf() !== before) throw new Error(`a query changed the simulated guest ${place.id}: ${argv.join(' ')}`)
  return given
}

/** Words and lines of lxc 6.0.4. */
export function notAttached(id: string): ToolAnswer {
  const first = lineOf(id, 'get_attach_context: 406 Connection refused - Failed to get init pid')
  return answer(1, '', first + lineOf(id, 'lxc_attach: 1469 Connection refused - Failed to get attach context'))
}

const notExecuted = (id: string, name: string): string =>
  lineOf(id, `lxc_attach_run_command: 1841 No such file or directory - Failed to exec "${name}"`)

const lineOf = (id: string, text: string): string => `lxc-attach: ${id}: ../src/lxc/attach.c: ${text}\n`

export function containerIn(host: SimState, id: string): Place | undefined {
  const place = placeIn(host, id)
  return place?.guest.kind === 'lxc' && place.guest.power ? place : undefined
}

export const lxcAttach: Tool = (host, { args, stdin }) => {
  const [flag, id = '', separator, ...argv] = args
  if (flag !== '-n' || separator !== '--' || argv.length === 0) throw new NotSimulated(`lxc-attach ${args.join(' ')}`)
  const place = containerIn(host, id)
  if (!place) return notAttached(id)
  const given = runIn(place, argv, stdin)
  const isMissing = given.exitCode === 127 && given.stderr === `${argv[0]}: command not found\n`
  return isMissing ? answer(127, '', notExecuted(id, argv[0] ?? '')) : given
}

/** What the inside of a guest answers to those who only look, with the failures of the local transport. */
import { attachTo } from '../../guest/lxc.ts'
import type { RunInside } from '../../guest/reader.ts'
import { AgentRefused, noSocket, silent } from '../../guest/unreachable.ts'
import type { Argv, CommandResult, GuestRef } from '../../host.ts'
import type { SimState } from '../model.ts'
import type { ToolAnswer } from '../tool.ts'
import { frozen } from './agent.ts'
import { containerIn, lookIn, notAttached } from './attach.ts'
import { placeIn } from './inside.ts'
import { reach } from './reach.ts'

/** Carries out one look, at the time that it is then. */
export type Looking = (
  argv: Argv,
  timeoutMs: number,
  look: (host: SimState, now: number) => ToolAnswer,
) => Promise<CommandResult>

export function lookInto({ kind, id }: GuestRef, looking: Looking): RunInside {
  return kind === 'vm' ? throughAgent(id, looking) : throughAttach(id, looking)
}

function throughAgent(id: string, looking: Looking): RunInside {
  const address = { guest: `vm:${id}`, path: `/var/run/qemu-server/${id}.qga` }
  return (argv, timeoutMs) =>
    looking(argv, timeoutMs, (host, now) => {
      const place = placeIn(host, id)
      const reached = reach(place, now)
      if (reached === 'silent') throw silent(address, 'guest-sync-delimited', timeoutMs)
      if (reached !== 'answers' || !place) throw noSocket(address, 'ENOENT', '')
      if (place.guest.power?.isFrozen)
        throw new AgentRefused(address.guest, 'guest-exec', 'GenericError', frozen('guest-exec'))
      return lookIn(place, argv, now)
    })
}

function throughAttach(id: string, looking: Looking): RunInside {
  return attachTo(id, ([, , , , ...argv], timeoutMs) =>
    looking(argv, timeoutMs, (host, now) => {
      const place = containerIn(host, id)
      return place ? lookIn(place, argv, now) : notAttached(id)
    }),
  )
}

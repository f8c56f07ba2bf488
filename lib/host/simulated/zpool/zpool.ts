/** The simulated zpool(8) of OpenZFS 2.3.9: one verb, one function. */
import type { SimState } from '../model.ts'
import { answer, NotSimulated, type Tool, type ToolAnswer } from '../tool.ts'
import { create } from './create.ts'
import { get, set } from './get.ts'
import { history } from './history.ts'
import { importPool } from './import.ts'
import { labelclear } from './labelclear.ts'
import { destroy, exportPools } from './leave.ts'
import { list } from './list.ts'
import { add, attach, detach, replace } from './members.ts'
import { remove, split } from './remove.ts'
import { clear, offline, online, reopen } from './states.ts'
import { status } from './status.ts'
import { upgrade } from './upgrade.ts'
import { checkpoint, initialize, reguid, restartResilver, scrub, sync, trim, wait } from './upkeep.ts'

export { zdb } from './labelclear.ts'

type Verb = (state: SimState, args: readonly string[]) => ToolAnswer

/** These write no line of history themselves: it is in the pool's own record of what was done to it. */
const recorded: Readonly<Record<string, Verb>> = {
  add,
  attach,
  checkpoint,
  clear,
  detach,
  initialize,
  offline,
  online,
  reguid,
  remove,
  replace,
  resilver: restartResilver,
  scrub,
  set,
  split,
  trim,
  upgrade,
}

/** These only read, or keep their own record, or leave none. */
const others: Readonly<Record<string, Verb>> = {
  create,
  destroy,
  export: exportPools,
  get,
  history,
  import: importPool,
  labelclear,
  list,
  reopen,
  status,
  sync,
  version: () => answer(0, 'zfs-2.3.9-0+deb13u1\nzfs-kmod-2.3.9-0+deb13u1\n'),
  wait,
}

export const zpool: Tool = (state, { args }) => {
  const [verb, ...rest] = args
  if (verb === undefined) return answer(2, '', 'missing command\nusage: zpool command args ...\n')
  const other = Object.hasOwn(others, verb) ? others[verb] : undefined
  if (other !== undefined) return other(state, rest)
  const run = Object.hasOwn(recorded, verb) ? recorded[verb] : undefined
  if (run === undefined) throw new NotSimulated(`zpool ${verb}`)
  const result = run(state, rest)
  if (result.exitCode === 0) record(state, verb, rest)
  return result
}

/** Into the history of every pool that the command named. */
function record(state: SimState, verb: string, args: readonly string[]): void {
  for (const pool of state.pools) {
    if (pool.presence !== 'imported' || !args.includes(pool.name)) continue
    pool.history.push({ at: state.now, text: ['zpool', verb, ...args].join(' ') })
  }
}

/** The simulated `zfs` of OpenZFS 2.3.9: finds the verb, and keeps the pools' history. */
import type { SimState } from '../model.ts'
import { answer, NotSimulated, type Tool, type ToolAnswer } from '../tool.ts'
import { clone, promote } from './clones.ts'
import { create } from './create.ts'
import { destroy } from './destroy.ts'
import { get } from './get.ts'
import { hold, holds, release } from './holds.ts'
import { changeKey, loadKey, unloadKey } from './keys.ts'
import { list } from './list.ts'
import { mount, share, unmount, unshare } from './mounting.ts'
import { rename } from './rename.ts'
import { inherit, set } from './set.ts'
import { bookmark, rollback, snapshot } from './snapshots.ts'
import { receive, send } from './stream.ts'
import { importedPool, poolNameOf } from './tree.ts'

type Verb = (state: SimState, args: readonly string[], stdin: string) => ToolAnswer

const reading: Readonly<Record<string, Verb>> = { get, list, holds, send, version: () => answer(0, versionText) }
/** Verbs that change a pool; a success is written into its history. */
const changing: Readonly<Record<string, Verb>> = {
  ...{
    create,
    destroy,
    set,
    inherit,
    snapshot,
    snap: snapshot,
    rollback,
    bookmark,
    clone,
    promote,
    rename,
    hold,
    release,
  },
  ...{ 'load-key': loadKey, 'unload-key': unloadKey, 'change-key': changeKey, receive, recv: receive },
}
/** Verbs that change the host and not the pool. */
const mounting: Readonly<Record<string, Verb>> = { mount, unmount, umount: unmount, share, unshare }

const versionText = 'zfs-2.3.9-1\nzfs-kmod-2.3.9-1\n'

export const zfs: Tool = (state, call) => {
  const [verb = '', ...args] = call.args
  const read = verbIn(reading, verb)
  if (read !== undefined) return read(state, args, call.stdin)
  const change = verbIn(changing, verb)
  const run = change ?? verbIn(mounting, verb)
  if (run === undefined) throw new NotSimulated(`zfs ${verb}`)
  const result = run(state, args, call.stdin)
  if (change !== undefined && result.exitCode === 0) remember(state, call.args)
  return result
}

const verbIn = (verbs: Readonly<Record<string, Verb>>, name: string): Verb | undefined =>
  Object.hasOwn(verbs, name) ? verbs[name] : undefined

/** A line in the history of the pool that the last argument names; nothing of what -n only pretended. */
function remember(state: SimState, args: readonly string[]): void {
  const pool = importedPool(state, poolNameOf(args.at(-1) ?? ''))
  const [verb = ''] = args
  const pretended = ['create', 'destroy'].includes(verb) && args.some((word) => /^-[A-Za-z]*n/.test(word))
  if (pool !== undefined && !pretended) pool.history.push({ at: state.now, text: ['zfs', ...args].join(' ') })
}

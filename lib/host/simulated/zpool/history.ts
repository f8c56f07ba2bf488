/** `zpool history`. It has no -H; failed commands are not in it (zfs.jsonl scene 74). */
import type { SimState } from '../model.ts'
import { answer, NotSimulated, type ToolAnswer } from '../tool.ts'
import { openPools } from './names.ts'
import { isAnswer, parseOptions } from './options.ts'
import { historyTime } from './text.ts'

export function history(state: SimState, args: readonly string[]): ToolAnswer {
  const parsed = parseOptions('history', args, 'li')
  if (isAnswer(parsed)) return parsed
  if (parsed.flags.has('i')) throw new NotSimulated('zpool history -i')
  const { pools, stderr } = openPools(state, parsed.names)
  if (parsed.names.length === 0 && pools.length === 0) return answer(0, '', 'no pools available\n')
  const who = parsed.flags.has('l') ? ` [user 0 (root) on ${state.hostname}:linux]` : ''
  const texts = pools.map((pool) => {
    const lines = pool.history.map(({ at, text }) => `${historyTime(at)} ${text}${who}\n`)
    return `History for '${pool.name}':\n${lines.join('')}\n`
  })
  return answer(stderr === '' ? 0 : 1, texts.join(''), stderr)
}

/** What authorized_keys is to hold: phx's block, and outside of it every byte as it was. Pure text. */
import { keyOf } from '../../config/users.ts'
import { blockIn, withBlock } from '../file/marked-block.ts'

/** Name of phx's block in the file. */
const block = 'keys'

export type KeyBlock =
  | {
      readonly ok: true
      /** Lines in phx's block now, and those that are to be there. */
      readonly before: readonly string[]
      readonly wanted: readonly string[]
      /** The whole file then. */
      readonly text: string
      /** Declared keys that somebody else's line already has, with options before it: those keep holding. */
      readonly restricted: readonly string[]
    }
  | { readonly ok: false; readonly why: string }

/** `declared` are whole lines. A key that stands outside the block is not doubled: sshd takes the first line that fits. */
export function keyBlock(text: string, declared: readonly string[]): KeyBlock {
  const found = blockIn(text, block)
  if (!found.ok) return found
  const outside = withBlock(text, block, null).split('\n')
  const theirs = new Map(outside.flatMap((line) => pair(line)))
  const wanted = declared.filter((line) => !theirs.has(keyOf(line) ?? line))
  const restricted = declared.filter((line) => {
    const other = theirs.get(keyOf(line) ?? line)
    return other !== undefined && !other.trimStart().startsWith(keyOf(line) ?? line)
  })
  const lines = wanted.length === 0 ? null : wanted
  return { ok: true, before: found.lines ?? [], wanted, text: withBlock(text, block, lines), restricted }
}

const pair = (line: string): [string, string][] => {
  const key = keyOf(line)
  return key === undefined ? [] : [[key, line]]
}

export const hasKeys = (text: string): boolean => text.split('\n').some((line) => keyOf(line) !== undefined)

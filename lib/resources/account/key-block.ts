/** What authorized_keys is to hold: phx's block, and outside of it every byte as it was. Pure text. */
import { keyFault, keyOf, parseKeyLine } from '../../config/public-key.ts'
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

/** Whether phx's lines stand there, or what is left of them. */
export function hasBlock(text: string): boolean {
  const found = blockIn(text, block)
  return !found.ok || found.lines !== null
}

/** Options that leave a login its shell, from anywhere and at any time (sshd(8), AUTHORIZED_KEYS FILE FORMAT). */
const harmless = new Set([
  ...[
    'agent-forwarding',
    'environment',
    'no-agent-forwarding',
    'no-port-forwarding',
    'no-touch-required',
    'no-user-rc',
  ],
  ...[
    'no-x11-forwarding',
    'permitlisten',
    'permitopen',
    'port-forwarding',
    'pty',
    'tunnel',
    'user-rc',
    'verify-required',
  ],
  'x11-forwarding',
])

/** Whether somebody can log in by one of the keys: neither a forced command nor a key that sshd passes over is a way in. */
export function hasWayIn(text: string): boolean {
  return text.split('\n').some((line) => {
    const key = parseKeyLine(line)
    return (
      key !== undefined && keyFault(key) === undefined && optionNames(key.options).every((one) => harmless.has(one))
    )
  })
}

function optionNames(options: string): string[] {
  if (options === '') return []
  const unquoted = options.replace(/"(?:\\.|[^"\\])*"/g, '')
  return unquoted.split(',').map((option) => (option.split('=')[0] ?? '').toLowerCase())
}

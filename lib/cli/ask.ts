/** Asking for consent: what would be lost, then a word that takes reading to type. There is no `y`. */
import type { Readable } from 'node:stream'
import type { ConsentQuestion } from '../engine/session.ts'
import type { Screen } from '../view/screen.ts'
import { printable } from '../view/words.ts'
import { LineReader } from './lines.ts'

/** Questions go to standard error: with --json standard output is data. */
export function asker(stdin: Readable, screen: Screen, signal: AbortSignal) {
  const lines = new LineReader(stdin)
  return async (question: ConsentQuestion): Promise<string | null> => {
    const { bold, red } = screen.errPaint
    const { change, victims, typed } = question
    screen.err(
      [
        '',
        `${red(bold('This destroys data.'))} ${bold(change.resource)}: ${printable(change.summary)}`,
        'Would be lost:',
        ...victims.map((victim) => `  ${printable(victim)}`),
        `To agree, type ${typed.map((word) => bold(printable(word))).join(' or ')}; anything else is a no.`,
        '> ',
      ].join('\n'),
    )
    const line = await lines.next(signal)
    // The terminal wrote no line end when the input ended without one.
    if (line === null) screen.err('\n')
    const answer = line?.trim() ?? null
    if (answer === null || !typed.includes(answer)) screen.err('Not agreed to.\n')
    return answer
  }
}

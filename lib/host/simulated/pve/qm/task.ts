/** Tasks: what qm hands to a worker writes its warnings into the log, which is standard output, and counts them. */
import { Refusal } from '../surroundings.ts'
import type { QmCall, TaskVoice } from './verb.ts'

/** How the end of the task is told: `quietly` by nothing at all, as some verbs never ask how theirs went (n=80). */
export function inTask(call: QmCall, work: (call: QmCall) => void, end: 'told' | 'quietly' = 'told'): void {
  let notes = 0
  const { voice } = call
  const log: TaskVoice = {
    out: voice.out,
    warn: voice.out,
    note: (text) => {
      notes++
      voice.out(`WARN: ${text}`)
    },
  }
  try {
    work({ ...call, voice: log })
  } catch (error) {
    if (end === 'told' || !(error instanceof Refusal)) throw error
    voice.warn(error.message)
    return
  }
  if (notes > 0) voice.warn(`Task finished with ${notes} warning(s)!\n`)
}

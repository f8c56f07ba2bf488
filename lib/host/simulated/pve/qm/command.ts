/** One call of qm, whatever machine it runs on: verb, parameters, work, and what was said. */
import { answer, NotSimulated, type ToolAnswer } from '../../tool.ts'
import * as format from '../formats.ts'
import { type Parameters, readCommandLine } from '../options.ts'
import { Refusal } from '../surroundings.ts'
import { type Found, findCommand } from '../usage.ts'
import { agentVerbs } from './agent.ts'
import { cloneVerbs } from './clone.ts'
import { createVerb } from './create.ts'
import { diskVerbs } from './disk-verbs.ts'
import type { VmMachine } from './machine.ts'
import { powerVerbs } from './power.ts'
import { removeVerbs } from './remove.ts'
import { setVerb } from './set.ts'
import { showVerbs } from './show.ts'
import { snapshotVerbs } from './snapshots.ts'
import { qmCommands } from './usage.ts'
import { type Ask, askTwice, type QmCall, type QmVerb, type TaskVoice } from './verb.ts'

const verbs: Readonly<Record<string, QmVerb>> = {
  ...agentVerbs,
  ...cloneVerbs,
  create: createVerb,
  ...diskVerbs,
  ...powerVerbs,
  ...removeVerbs,
  set: setVerb,
  ...showVerbs,
  ...snapshotVerbs,
}

/** `ask` reads standard input, when something is asked for. */
export function qmCall(machine: VmMachine, args: readonly string[], ask: Ask): ToolAnswer {
  return speaking((voice) => callVerb(machine, voice, findCommand(qmCommands, args), ask))
}

/**
 * What was said on the way, and the refusal behind it. A configuration is read more often than it is parsed: what is
 * wrong with it is said once.
 */
export function speaking(work: (voice: TaskVoice) => void): ToolAnswer {
  let stdout = ''
  let stderr = ''
  const voice: TaskVoice = {
    out: (said) => {
      stdout += said
    },
    warn: (said) => {
      if (!said.startsWith('vm ') || !stderr.includes(said)) stderr += said
    },
    note: (said) => {
      stderr += `WARN: ${said}`
    },
  }
  try {
    work(voice)
    return answer(0, stdout, stderr)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return answer(255, stdout, stderr + error.message)
  }
}

export function callVerb(machine: VmMachine, voice: TaskVoice, found: Found, ask: Ask): void {
  const { name, rest } = found
  const chosen = Object.hasOwn(verbs, name) ? verbs[name] : undefined
  if (chosen === undefined) throw new NotSimulated(`qm ${name}`)
  const own = chosen.isGeneral === true ? {} : { vmid: { kind: 'integer', check: format.vmid } as const }
  const takesMore = chosen.takesMore === true
  const verb = { ...found, takesMore, parameters: { ...chosen.parameters, ...own } }
  const { given, more } = readCommandLine(verb, rest)
  askForPassword(given, ask)
  const vmid = given.get('vmid') ?? ''
  if (chosen.isGeneral !== true) given.delete('vmid')
  const call: QmCall = { machine, voice, vmid, given, verb, more, ask }
  chosen.work(call)
}

/** `--cipassword` without a value. */
function askForPassword(given: Parameters, ask: Ask): void {
  if (given.get('cipassword') === '') given.set('cipassword', askTwice(ask))
}

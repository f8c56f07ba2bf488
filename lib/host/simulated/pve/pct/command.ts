/** One call of pct, whatever machine it runs on: verb, parameters, work, and what was said. */
import { answer, NotSimulated, type ToolAnswer } from '../../tool.ts'
import * as format from '../formats.ts'
import { parseCommandLine } from '../options.ts'
import { Refusal, type Voice } from '../surroundings.ts'
import { findCommand } from '../usage.ts'
import { cloneVerbs } from './clone.ts'
import { createVerb } from './create.ts'
import { insideVerbs } from './inside.ts'
import type { ContainerMachine } from './machine.ts'
import { powerVerbs } from './power.ts'
import { removeVerbs } from './remove.ts'
import { resizeVerb } from './resize.ts'
import { setVerb } from './set.ts'
import { showVerbs } from './show.ts'
import { snapshotVerbs } from './snapshots.ts'
import { pctCommands } from './usage.ts'
import type { PctVerb } from './verb.ts'

const verbs: Readonly<Record<string, PctVerb>> = {
  ...cloneVerbs,
  create: createVerb,
  ...insideVerbs,
  ...powerVerbs,
  ...removeVerbs,
  resize: resizeVerb,
  set: setVerb,
  ...showVerbs,
  ...snapshotVerbs,
}

/** Verbs that the whole host answers, or that take a container as an option. */
const withoutContainer = ['list', 'rescan']

export function pctCall(machine: ContainerMachine, args: readonly string[]): ToolAnswer {
  let stdout = ''
  let stderr = ''
  const voice: Voice = {
    out: (said) => {
      stdout += said
    },
    warn: (said) => {
      stderr += said
    },
  }
  try {
    const { name, usage, positional, rest } = findCommand(pctCommands, args)
    const chosen = Object.hasOwn(verbs, name) ? verbs[name] : undefined
    if (chosen === undefined) throw new NotSimulated(`pct ${name}`)
    const own = withoutContainer.includes(name) ? {} : { vmid: { kind: 'integer', check: format.vmid } as const }
    const verb = { usage, positional, parameters: { ...chosen.parameters, ...own } }
    const isExec = name === 'exec'
    const given = parseCommandLine(verb, isExec ? rest.slice(0, 1) : rest)
    const more = isExec ? rest.slice(rest[1] === '--' ? 2 : 1) : []
    const vmid = given.get('vmid') ?? ''
    if (!withoutContainer.includes(name)) given.delete('vmid')
    const exitCode = chosen.work({ machine, voice, vmid, given, verb, more })
    return answer(typeof exitCode === 'number' ? exitCode : 0, stdout, stderr)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return answer(255, stdout, stderr + error.message)
  }
}

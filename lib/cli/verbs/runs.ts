/** phx runs: the journal. It needs no config, which may be what is broken. */

import { StateFolder } from '../../state/folder.ts'
import { listRuns, readRun, runIds } from '../../state/journal.ts'
import { runsText, runText } from '../../view/runs.ts'
import { document } from '../../view/screen.ts'
import { type Environment, screenOf } from '../environment.ts'
import { exitCodes, PersonError } from '../exit.ts'
import type { Invocation } from '../invocation.ts'
import { stateFolderOf } from '../session.ts'

export function execute(invocation: Invocation, environment: Environment): Promise<number> {
  const screen = screenOf(environment, invocation.noColor)
  const state = new StateFolder(stateFolderOf(invocation).path)
  const [wanted] = invocation.words
  const runs = wanted === undefined ? listRuns(state) : [oneRun(state, wanted)]
  const [run] = runs
  if (invocation.json) screen.out(document({ format: 1, state: state.path, runs }))
  else if (wanted !== undefined && run) screen.out(runText(run, screen.paint, invocation.verbose))
  else screen.out(runsText(runs, screen.paint))
  return Promise.resolve(exitCodes.ok)
}

/** The beginning of an id is enough when only one run begins so. */
function oneRun(state: StateFolder, wanted: string) {
  const matches = runIds(state).filter((id) => id === wanted || id.startsWith(wanted))
  const id = matches.includes(wanted) ? wanted : matches[0]
  const run = id === undefined || (matches.length > 1 && id !== wanted) ? undefined : readRun(state, id)
  if (run) return run
  const why = matches.length > 1 ? `${matches.length} runs begin with ${wanted}` : `no run ${wanted} in ${state.path}`
  throw new PersonError(why, exitCodes.invalid, ['phx runs lists them'])
}

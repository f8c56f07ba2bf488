/** phx validate: the config alone, offline. */
import { loadConfig } from '../../config/load.ts'
import { document } from '../../view/screen.ts'
import { validateText } from '../../view/validate.ts'
import { type Environment, screenOf } from '../environment.ts'
import { exitCodes } from '../exit.ts'
import type { Invocation } from '../invocation.ts'

export function execute(invocation: Invocation, environment: Environment): Promise<number> {
  const screen = screenOf(environment, invocation.noColor)
  const { ok, file, problems } = loadConfig(invocation.config)
  if (invocation.json) screen.out(document({ format: 1, config: file, ok, problems }))
  else screen.out(validateText(file, problems, screen.paint))
  return Promise.resolve(ok ? exitCodes.ok : exitCodes.invalid)
}

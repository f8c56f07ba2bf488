/** phx import: a phx config from the files of the shell system, and what became of everything in them. */
import { document } from '../../view/screen.ts'
import { type Environment, screenOf } from '../environment.ts'
import { exitCodes, InvalidConfig, PersonError } from '../exit.ts'
import type { Invocation } from '../invocation.ts'

export async function execute(invocation: Invocation, environment: Environment): Promise<number> {
  const { words: files, output, force } = invocation
  const screen = screenOf(environment, invocation.noColor)
  const { readSources } = await import('../../import/source.ts')
  const { importSources } = await import('../../import/import.ts')
  const { writeConfig } = await import('../../import/write.ts')
  const { sources, problems } = readSources(files)
  if (problems.length > 0) throw new InvalidConfig(files.join(', '), problems)
  const { text, report, warnings } = importSources(sources, output)
  const written = writeConfig(output, text, files, force)
  if (written.outcome === 'refused') throw new PersonError(written.message, exitCodes.invalid, written.mend)
  if (invocation.json) {
    const read = sources.map(({ file, kind }) => ({ file, kind }))
    screen.out(
      document({ format: 1, sources: read, output, written: written.outcome === 'written', ...report, warnings }),
    )
  } else {
    const { importText } = await import('../../view/import.ts')
    screen.out(importText({ output, outcome: written.outcome, report, warnings }, screen.paint))
  }
  return exitCodes.ok
}

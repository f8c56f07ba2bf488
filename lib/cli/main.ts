/** One call of phx: parse, load what the command needs, run it, and turn whatever happens into an exit code. */
import { type Environment, screenOf } from './environment.ts'
import { parseFast } from './fast.ts'
import { type Invocation, settle } from './invocation.ts'
import { tellError } from './tell.ts'

export async function main(argv: readonly string[], environment: Environment): Promise<number> {
  for (const stream of [environment.stdout, environment.stderr]) ignoreClosedPipe(stream)
  let invocation: Invocation | null = null
  try {
    let parsed = parseFast(argv)
    if (!parsed) {
      const { parseFull } = await import('./full.ts')
      const found = await parseFull(argv, environment)
      if ('output' in found) {
        environment.stdout.write(found.output)
        return 0
      }
      parsed = found
    }
    invocation = settle(parsed, argv)
    return await invocation.command.execute(invocation, environment)
  } catch (error) {
    const noColor = invocation?.noColor ?? argv.includes('--no-color')
    const verbose = invocation?.verbose ?? (argv.includes('-v') || argv.includes('--verbose'))
    return tellError(error, screenOf(environment, noColor), verbose)
  }
}

/** `phx plan | head`: the reader has left. A run goes on, since the host matters more than the report. */
function ignoreClosedPipe(stream: Environment['stdout']): void {
  stream.on?.('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
}

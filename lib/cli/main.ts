/** One call of phx: parse, load what the command needs, run it, and turn whatever happens into an exit code. */
import { type Environment, screenOf } from './environment.ts'
import { exitCodes } from './exit.ts'
import { parseFast } from './fast.ts'
import { type Invocation, settle } from './invocation.ts'
import { tellError } from './tell.ts'

export async function main(argv: readonly string[], environment: Environment): Promise<number> {
  let lost: NodeJS.ErrnoException | null = null
  for (const stream of [environment.stdout, environment.stderr]) {
    keepGoing(stream, (error) => {
      if (lost === null) environment.stderr.write(`phx: error: output could not be written: ${error.message}\n`)
      lost = error
    })
  }
  const code = await call(argv, environment)
  return code === exitCodes.ok && lost !== null ? exitCodes.failed : code
}

async function call(argv: readonly string[], environment: Environment): Promise<number> {
  let invocation: Invocation | null = null
  try {
    let parsed = parseFast(argv)
    if (!parsed) {
      const { parseFull } = await import('./full.ts')
      const found = await parseFull(argv, environment)
      if ('output' in found) {
        environment.stdout.write(found.output)
        return exitCodes.ok
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

/**
 * `phx plan | head`: the reader has left. `phx run > log` on a full disk. A run goes on in both cases, since the host
 * matters more than the report; output that was lost for another reason than a reader that left makes the call fail.
 */
function keepGoing(stream: Environment['stdout'], lost: (error: NodeJS.ErrnoException) => void): void {
  stream.on?.('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') lost(error)
  })
}

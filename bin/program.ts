/** phx with the task modules of this repository, on a process' streams. */
import { main } from '../lib/cli/main.ts'
import { modules } from '../tasks/index.ts'

export function program(argv: readonly string[], own: NodeJS.Process): Promise<number> {
  const { stdout, stderr, env: variables } = own
  return main(argv, {
    // Opening standard input costs more than a run with nothing to do; only a question needs it.
    get stdin() {
      return own.stdin
    },
    stdout,
    stderr,
    variables,
    modules,
  })
}

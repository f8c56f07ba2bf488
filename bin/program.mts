/** phx with the task modules of this repository, on a process' streams. */
import { main } from '../lib/cli/main.ts'

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
    modules: async () => (await import('../tasks/index.ts')).modules,
  })
}

/**
 * For V8's code cache alone, beside calls on a simulated host: what a run on the machine itself needs, made to do next to
 * nothing. Without it a run there compiles all of that anew, a fifth of what it takes with nothing to do.
 */
export async function warmUp(): Promise<void> {
  const { LocalHost } = await import('../lib/host/local.ts')
  const host = new LocalHost()
  await host.query(['cat', '--', '/proc/self/comm'])
  await Promise.all([
    host.readFile('/proc/self/comm'),
    host.stat('/'),
    host.listDir('/proc/self/ns'),
    host.realpath('/'),
  ])
  await host.close()
}

/** phx with tasks that take a while, as a process of its own for signals: `slow.ts FOLDER SECONDS ARGS…`. */
import { main } from '../../lib/cli/main.ts'
import type { Task } from '../../lib/engine/resource.ts'

const [folder = '', seconds = '1', ...argv] = process.argv.slice(2)

const task = (name: string, needs: readonly string[]): Task => {
  const path = `${folder}/${name}`
  return {
    id: `slow:${name}`,
    title: name,
    version: 1,
    groups: ['setup'],
    needs,
    inputs: {},
    resources: [
      {
        id: `file:${name}`,
        locks: [],
        compare: async ({ reader }) => {
          const live = await reader.readFile(path)
          if (live !== undefined) return { changes: [], refusals: [], notes: [], live: { content: live } }
          const change = {
            resource: `file:${name}`,
            action: 'create',
            risk: 'safe',
            summary: `make ${name}`,
            fields: [],
            steps: [
              { kind: 'command', argv: ['sleep', seconds] },
              { kind: 'command', argv: ['touch', path] },
            ],
            undo: { commands: [] },
          } as const
          return { changes: [change], refusals: [], notes: [], live: null }
        },
      },
    ],
  }
}

process.exitCode = await main(argv, {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  variables: process.env,
  modules: async () => [{ name: 'slow', expand: () => [task('one', []), task('two', ['slow:one'])] }],
})

/** How many snapshots a pool has, and what they hold: read only when the pool may be destroyed. */
import type { Probe } from '../../engine/resource.ts'
import { ask, rows } from './ask.ts'

export function snapshotsProbe(pool: string): Probe<{ readonly count: number; readonly used: number }> {
  const argv = ['zfs', 'list', '-Hp', '-t', 'snapshot', '-o', 'name,used', '-r', pool]
  return {
    id: argv.join(' '),
    async read({ reader }) {
      const listed = rows((await ask(reader, argv, `list the snapshots of pool ${pool}`)).stdout)
      return { count: listed.length, used: listed.reduce((sum, [, used]) => sum + Number(used), 0) }
    },
  }
}

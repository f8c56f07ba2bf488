/** What a call costs before it does anything: `phx --version`, `validate` and a no-op run, against Node's bare start. */
import { join } from 'node:path'
import type { Rig } from './rig.ts'
import { inTurn, once, table } from './timing.ts'

export async function start(rig: Rig): Promise<string> {
  const root = join(import.meta.dirname, '..')
  const phx = [process.execPath, join(root, 'bin', 'phx.js')]
  const config = ['-c', join(root, 'phoenix.config.json')]
  const host = ['--host', `simulated:${join(rig.scratch, 'host')}`]
  await once({ name: 'first run', argv: [...phx, 'run', ...config, ...host] })
  const timed = await inTurn(
    [
      { name: 'node -e 0', argv: [process.execPath, '-e', '0'] },
      { name: 'phx --version', argv: [...phx, '--version'] },
      { name: 'phx --help', argv: [...phx, '--help'] },
      { name: 'phx validate', argv: [...phx, 'validate', ...config] },
      { name: 'phx run, nothing to do (simulated host)', argv: [...phx, 'run', ...config, ...host] },
    ],
    11,
  )
  const bare = timed[0]?.medianMs ?? 1
  return table(
    ['call', 'ms (median)', 'ms (range)', '× node -e 0'],
    timed.map(({ name, minMs, medianMs, maxMs }) => [
      name,
      medianMs.toFixed(0),
      `${minMs.toFixed(0)} to ${maxMs.toFixed(0)}`,
      (medianMs / bare).toFixed(2),
    ]),
  )
}

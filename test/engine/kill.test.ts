/** kill -9 at every single point of a run, then run again: it converges, and half-done work was never called done. */

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { buildGraph, select } from '../../lib/engine/graph.ts'
import { status } from '../../lib/engine/plan.ts'
import { run } from '../../lib/engine/run.ts'
import { noSecrets } from '../../lib/engine/secret.ts'
import { type Running, StopSignal } from '../../lib/engine/session.ts'
import { readerOf } from '../../lib/host/host.ts'
import { StateFolder } from '../../lib/state/folder.ts'
import { listRuns } from '../../lib/state/journal.ts'
import { stampsIn } from '../stamps.ts'
import { safe } from './fake.ts'
import { hostIn, tasks } from './kill-child.ts'

test('kill -9 at every write and command', async () => {
  const scratch = mkdtempSync(join(tmpdir(), 'phx-kill-'))
  try {
    const child = join(scratch, 'child.mjs')
    await build({
      entryPoints: [join(import.meta.dirname, 'kill-child.ts')],
      outfile: child,
      bundle: true,
      platform: 'node',
      format: 'esm',
      logLevel: 'error',
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    })
    let survived = false
    let points = 0
    while (!survived) {
      points += 1
      const folder = join(scratch, String(points))
      mkdirSync(folder)
      const ended = spawnSync(process.execPath, [child, folder, String(points)], { encoding: 'utf8' })
      assert.ok(ended.signal === 'SIGKILL' || ended.status === 0, `point ${points}: ${ended.stderr}`)
      survived = ended.status === 0
      await checkAndConverge(folder, points)
    }
    assert.ok(points > 45, `only ${points} points: the run got shorter than it can be`)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
})

async function checkAndConverge(folder: string, point: number): Promise<void> {
  const host = hostIn(folder, () => undefined)
  const graph = buildGraph(tasks())
  const running: Running = {
    reader: readerOf(host),
    secrets: noSecrets,
    reboot: false,
    host,
    graph,
    selected: select(graph, ['setup'], true),
    state: new StateFolder(join(folder, 'state')),
    now: () => new Date(),
    config: 'test.json',
    targets: ['setup'],
    policy: safe,
    command: 'phx run',
    verb: 'run',
    jobs: 1,
    failFast: false,
    emit: () => undefined,
    ask: async () => null,
    stop: new StopSignal(),
  }
  const wanted = new Map(tasks().map((task) => [task.id, task.resources.map(({ id }) => id)]))
  for (const [task, stamp] of stampsIn(running.state)) {
    const done = (wanted.get(task) ?? []).every((id) => host.values.get(id) === 'on')
    if (stamp.state === 'converged') assert.ok(done, `point ${point}: ${task} is stamped as converged and is not`)
  }
  for (const { task, reason } of await status(running)) {
    const done = (wanted.get(task) ?? []).every((id) => host.values.get(id) === 'on')
    if (reason.standing === 'up to date') assert.ok(done, `point ${point}: ${task} is called up to date and is not`)
    if (host.values.has(wanted.get(task)?.[0] ?? '') && !done)
      assert.is(reason.standing, 'interrupted', `point ${point}: ${task}`)
  }
  for (const record of listRuns(running.state))
    assert.ok(record.changes.length <= 4, `point ${point}: the journal can be read`)
  const again = await run(running)
  assert.is(again.exitCode, 0, `point ${point}: ${JSON.stringify(again.tasks)}`)
  for (const ids of wanted.values()) for (const id of ids) assert.is(host.values.get(id), 'on', `point ${point}: ${id}`)
  const third = await run(running)
  assert.is(third.mutations, 0, `point ${point}`)
  const stamps = stampsIn(running.state)
  for (const [task, ids] of wanted) {
    assert.is(stamps.get(task)?.state, 'converged', `point ${point}: ${task}`)
    assert.equal(
      stamps.get(task)?.created,
      [...ids].sort(),
      `point ${point}: what phx made for ${task} is still known as its own`,
    )
  }
}

test.run()

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { RunEvent, TaskResult } from '../../lib/engine/events.ts'
import { jsonView } from '../../lib/view/run/json.ts'
import { plainView } from '../../lib/view/run/plain.ts'
import { terminalView } from '../../lib/view/run/terminal.ts'
import { screen } from '../../lib/view/screen.ts'
import { captured, createPool, planDocument, reason, result, run } from './samples.ts'

const looks = { noColor: true, variables: {} }

test('plain: a line for each thing that happens, then the summary with root causes only', async () => {
  const [out, err] = [captured(), captured()]
  const view = plainView(screen(out, err, looks), false)
  for (const event of run) view.emit(event)
  await view.close()
  assert.is(
    out.text,
    `phx run setup on simulated:demo, mode safe, run 20261121T080000Z-abcd
5 tasks: 1 to change with 1 change
[zfs:quickOS] pool quickOS: 1 change
[zfs:quickOS]   + zpool:quickOS  create pool quickOS
[zfs:quickOS] changed in 1.2 s
[storage:quickOS] failed in 1.2 s
[vm:1] skipped
[vm:2] skipped
stopping: for the sake of it

failed storage:quickOS after 1.2 s: add storage: pvesm ended with exit code 255
    $ pvesm add dir x
    exit code 255
    | storage x is
    | already defined
    → mend what the tool complains of

skipped vm:1, vm:2: needs storage:quickOS, which did not converge

Failed: 1 changed, 1 already so, 1 failed, 2 skipped; 2 commands changed the host (2.5 s).
→ phx run setup goes on from what it finds
`,
  )
  assert.is(err.text, 'phx: warning: the config stands armed\n')
})

test('a refused run names what would be lost, and every hard refusal with its table', async () => {
  const [first, second] = planDocument.tasks
  assert.ok(first && second)
  const out = captured()
  const view = plainView(screen(out, captured(), looks), false)
  view.emit({ type: 'plan', plan: { ...second, refusals: [] } })
  view.emit({ type: 'plan', plan: { ...second, task: 'zfs:other' } })
  const tasks = [
    result(second.task, 'refused', { why: 'not agreed' }),
    result('zfs:other', 'refused', { why: 'first' }),
  ]
  view.emit(summaryOf(tasks, { refused: 2, exitCode: 3 }))
  await view.close()
  assert.is(
    out.text,
    `
refused zfs:fastData: not agreed
    -/+ zpool:fastData would lose
        pool fastData: 3 datasets, 1.2 TiB used
refused zfs:other
    refused dataset:fastData/db: recordsize can not follow
        field         declared  live
        volblocksize  16384     8192
        → zfs send it into a new volume

Refused: 0 changed, 0 already so, 2 refused; nothing was touched (0.0 s).
`,
  )
})

test('a run with nothing to do says so in one line, and draws nothing', async () => {
  for (const view of [plainView, terminalView]) {
    const [out, err] = [captured(true), captured()]
    const shown = view(screen(out, err, looks), false)
    const [head] = run
    assert.ok(head)
    shown.emit(head)
    shown.emit({ type: 'planned', tasks: 2, toChange: 0, changes: 0, refusals: 0 })
    const tasks = [result('a', 'unchanged'), result('b', 'unchanged')]
    for (const one of tasks) shown.emit({ type: 'task-end', ...one })
    shown.emit(summaryOf(tasks, { unchanged: 2 }))
    await shown.close()
    assert.match(out.text, /\n\nNothing to do: 2 tasks are up to date \(0\.0 s\)\.\n$/)
    assert.is(out.text.split('\n').length, 4)
  }
})

test('json: one event a line, as it came, with the version of the format', () => {
  const out = captured()
  const view = jsonView(screen(out, captured(), looks))
  for (const event of run) view.emit(event)
  const lines = out.text.trimEnd().split('\n')
  assert.equal(
    lines.map((line) => JSON.parse(line)),
    run.map((event) => ({ ...event, format: 1 })),
  )
})

test('terminal: rows for tasks that change, no signal handlers, the summary below', async () => {
  const before = process.listenerCount('SIGINT')
  const [out, err] = [captured(true), captured()]
  const view = terminalView(screen(out, err, looks), false)
  for (const event of run) {
    view.emit(event)
    await new Promise((next) => setImmediate(next))
  }
  assert.is(process.listenerCount('SIGINT') <= before + 1, true) // cursor restoring has one of its own
  await view.close()
  const after = out.text.slice(out.text.lastIndexOf('\u001b[G'))
  assert.is(after.split('zfs:quickOS: 1 change (1.2 s)').length, 2, 'the row is left there once')
  assert.match(out.text, 'Failed: 1 changed, 1 already so, 1 failed, 2 skipped')
})

test('terminal: a thousand changing tasks take twenty rows', async () => {
  const [out, err] = [captured(true), captured()]
  const view = terminalView(screen(out, err, looks), false)
  const ids = Array.from({ length: 1000 }, (_, index) => `t:${index}`)
  for (const task of ids) {
    const plan = {
      task,
      title: task,
      needs: [],
      reason: reason('new', ''),
      changes: [createPool],
      refusals: [],
      notes: [],
      unreadable: null,
      reboot: [],
    }
    view.emit({ type: 'plan', plan })
  }
  for (const task of ids) view.emit({ type: 'task-start', task, title: task, changes: 1 })
  const tasks = ids.map((task, index) => result(task, index === 500 ? 'failed' : index === 3 ? 'skipped' : 'changed'))
  for (const one of tasks) view.emit({ type: 'task-end', ...one })
  view.emit(summaryOf(tasks, { changed: 998, failed: 1, skipped: 1, exitCode: 1 }))
  await view.close()
  // The last frame: from where the one before was erased to where the cursor is shown again.
  const last = out.text.slice(0, out.text.lastIndexOf('\u001b[?25h')).split('\u001b[G').at(-1) ?? ''
  assert.is(last.trimEnd().split('\n').length, 20)
  assert.match(last, '981 more tasks: 1 failed')
  assert.is(out.text.slice(out.text.lastIndexOf('\u001b[?25h')).includes('t:0:'), false)
})

test('terminal: a run that dies without a word about its rows still ends', async () => {
  const [out, err] = [captured(true), captured()]
  const view = terminalView(screen(out, err, looks), false)
  for (const event of run.slice(0, 5)) view.emit(event)
  await view.close()
  assert.match(out.text, 'zfs:quickOS')
})

function summaryOf(tasks: readonly TaskResult[], counts: object): RunEvent {
  return {
    type: 'summary',
    format: 1,
    run: 'r',
    exitCode: 0,
    durationMs: 12,
    changed: 0,
    unchanged: 0,
    failed: 0,
    skipped: 0,
    refused: 0,
    mutations: 0,
    rebootRequired: [],
    rebooting: false,
    tasks,
    next: [],
    ...counts,
  }
}

test.run()

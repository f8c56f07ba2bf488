import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { plan, status } from '../../lib/engine/plan.ts'
import type { Task } from '../../lib/engine/resource.ts'
import { StopSignal } from '../../lib/engine/session.ts'
import { realDisk, StateError } from '../../lib/state/disk.ts'
import { StateFolder } from '../../lib/state/folder.ts'
import { listRuns } from '../../lib/state/journal.ts'
import { LockedError, takeLock } from '../../lib/state/lock.ts'
import { readStamp } from '../../lib/state/stamp.ts'
import { FakeHost, fakeResource, fakeTask, outcomes, withBench } from './fake.ts'

const chain = (): Task[] => [
  fakeTask({ id: 'a' }),
  fakeTask({ id: 'b', needs: ['a'] }),
  fakeTask({ id: 'c', needs: ['b'] }),
]

test('converges in dependency order, and does nothing the second time', () =>
  withBench(async ({ host, run, events }) => {
    const first = await run(chain())
    assert.is(first.exitCode, 0)
    assert.equal(host.log, ['r:a on', 'r:b on', 'r:c on'])
    assert.is(first.mutations, 3)
    const second = await run(chain())
    assert.equal(outcomes(second), { a: 'unchanged', b: 'unchanged', c: 'unchanged' })
    assert.is(second.mutations, 0)
    assert.is(host.log.length, 3)
    assert.is(events.at(-1)?.type, 'summary')
  }))

test('a failure skips what depends on it, names the root cause, and lets the rest go on', () =>
  withBench(async ({ host, run }) => {
    host.intercept = (argv) => (argv[1] === 'r:a' ? FakeHost.failed(argv, 'disk on fire') : undefined)
    const summary = await run([...chain(), fakeTask({ id: 'other' })])
    assert.equal(outcomes(summary), { a: 'failed', b: 'skipped', c: 'skipped', other: 'changed' })
    assert.is(summary.exitCode, 1)
    assert.is(summary.tasks.find(({ task }) => task === 'c')?.why, 'needs a, which did not converge')
    assert.match(summary.tasks.find(({ task }) => task === 'a')?.failure?.stderr ?? '', 'disk on fire')
    host.intercept = () => undefined
    assert.equal(outcomes(await run([...chain(), fakeTask({ id: 'other' })])), {
      a: 'changed',
      b: 'changed',
      c: 'changed',
      other: 'unchanged',
    })
  }))

test('--fail-fast starts nothing after a failure', () =>
  withBench(async ({ host, run }) => {
    host.intercept = (argv) => (argv[1] === 'r:a' ? FakeHost.failed(argv) : undefined)
    const summary = await run([fakeTask({ id: 'a' }), fakeTask({ id: 'z' })], { failFast: true, jobs: 1 })
    assert.equal(outcomes(summary), { a: 'failed', z: 'skipped' })
  }))

test('a command that succeeds without effect is a failure: did not converge', () =>
  withBench(async ({ host, run, state }) => {
    host.intercept = (argv) => ({ ...FakeHost.failed(argv), exitCode: 0 })
    const summary = await run([fakeTask({ id: 'a' })])
    assert.is(summary.exitCode, 1)
    assert.match(summary.tasks[0]?.why ?? '', 'did not converge')
    assert.is(readStamp(state, 'a')?.state, 'unfinished')
  }))

test('a change that reveals more and has no effect is made once, not for ever', () =>
  withBench(async ({ host, run }) => {
    host.intercept = (argv) => ({ ...FakeHost.failed(argv), exitCode: 0 })
    const resource = fakeResource({ id: 'r:a', want: 'on' })
    const revealing = {
      ...resource,
      async compare(...args: Parameters<typeof resource.compare>) {
        const comparison = await resource.compare(...args)
        return { ...comparison, changes: comparison.changes.map((change) => ({ ...change, reveals: true as const })) }
      },
    }
    const summary = await run([fakeTask({ id: 'a', resources: [revealing] })])
    assert.match(summary.tasks[0]?.why ?? '', 'did not converge')
    assert.is(summary.mutations, 1)
  }))

const precious = (live?: string) => {
  const task = fakeTask({
    id: 'pool',
    resources: [fakeResource({ id: 'zpool:p', want: 'new', risk: 'destructive', typed: 'SERIAL' })],
  })
  return { task, live }
}

test('safe mode refuses the whole run, and nothing is touched', () =>
  withBench(async ({ host, run }) => {
    host.values.set('zpool:p', 'data')
    const summary = await run([precious().task, fakeTask({ id: 'harmless' })])
    assert.is(summary.exitCode, 3)
    assert.equal(outcomes(summary), { pool: 'refused', harmless: 'skipped' })
    assert.equal(host.log, [])
    assert.is(host.values.get('zpool:p'), 'data')
  }))

test('interactive takes the typed name, not a y', () =>
  withBench(async ({ host, run, questions }) => {
    host.values.set('zpool:p', 'data')
    const answers = ['y', 'yes', 'serial', '', null, 'SERIAL']
    for (const answer of answers) {
      const summary = await run([precious().task], {
        policy: { mode: 'interactive', allow: [], config: null },
        ask: async (question) => {
          questions.push(question)
          return answer
        },
      })
      assert.is(summary.exitCode, answer === 'SERIAL' ? 0 : 3, `answer ${answer}`)
    }
    assert.is(questions.length, answers.length)
    assert.equal(questions[0]?.victims, ['zpool:p = data'])
    assert.equal(host.log, ['zpool:p new'])
  }))

test('consent: a flag for one id, force, the config, and the veto that no flag overrides', () =>
  withBench(async ({ host, run }) => {
    const cases = [
      { policy: { mode: 'safe', allow: ['zpool:other'], config: null }, exit: 3 },
      { policy: { mode: 'safe', allow: ['zpool:p'], config: null }, exit: 0 },
      { policy: { mode: 'force-destructive', allow: [], config: null }, exit: 0 },
      { policy: { mode: 'force-destructive', allow: ['zpool:p'], config: false }, exit: 3 },
      { policy: { mode: 'interactive', allow: [], config: false }, exit: 3 },
      { policy: { mode: 'safe', allow: [], config: true }, exit: 0 },
      { policy: { mode: 'safe', allow: [], config: ['zpool:other'] }, exit: 3 },
      { policy: { mode: 'safe', allow: [], config: ['zpool:p'] }, exit: 0 },
    ] as const
    for (const { policy, exit } of cases) {
      host.values.set('zpool:p', 'data')
      const summary = await run([precious().task], { policy, ask: async () => 'SERIAL' })
      assert.is(summary.exitCode, exit, JSON.stringify(policy))
      assert.is(host.values.get('zpool:p'), exit === 0 ? 'new' : 'data', JSON.stringify(policy))
    }
  }))

test('a config that stands armed is said by every plan and run', () =>
  withBench(async ({ run, running, events }) => {
    const policy = { mode: 'safe', allow: [], config: true } as const
    await run([fakeTask({ id: 'a' })], { policy })
    assert.ok(events.some((event) => event.type === 'warning' && /stands armed/.test(event.text)))
    assert.match((await plan(running([fakeTask({ id: 'a' })], { policy }))).warnings.join(), 'stands armed')
  }))

test('a hard refusal holds in every mode and nobody is asked', () =>
  withBench(async ({ host, run, questions }) => {
    host.values.set('zpool:p', 'data')
    const refusing = fakeTask({
      id: 'root',
      resources: [fakeResource({ id: 'zpool:rpool', want: 'x', refuse: () => 'the pool of the running root' })],
    })
    for (const mode of ['safe', 'interactive', 'force-destructive'] as const) {
      const summary = await run([refusing, precious().task], { policy: { mode, allow: ['zpool:rpool'], config: true } })
      assert.is(summary.exitCode, 3, mode)
    }
    assert.equal(host.log, [])
    assert.equal(questions, [])
  }))

test('what was agreed to is bound to what was looked at: another identity at apply time is refused', () =>
  withBench(async ({ host, run }) => {
    host.values.set('zpool:p', 'data')
    const first = fakeTask({ id: 'first' })
    host.intercept = (argv) => {
      if (argv[1] === 'r:first') host.values.set('zpool:p', 'somebody else put this here')
      return undefined
    }
    const pool = { ...precious().task, needs: ['first'] }
    const summary = await run([first, pool], { policy: { mode: 'force-destructive', allow: [], config: null } })
    assert.equal(outcomes(summary), { first: 'changed', pool: 'refused' })
    assert.is(summary.exitCode, 1, 'something was changed, so it is not the exit code that says "nothing was touched"')
    assert.is(host.values.get('zpool:p'), 'somebody else put this here')
  }))

test('just before applying, a plan may shrink but not grow', () =>
  withBench(async ({ host, run }) => {
    host.values.set('r:late', 'on')
    host.intercept = (argv) => {
      if (argv[1] === 'r:first') {
        host.values.set('r:late', 'off')
        host.values.set('r:shrunk', 'on')
      }
      return undefined
    }
    const tasks = [
      fakeTask({ id: 'first' }),
      fakeTask({ id: 'late', needs: ['first'] }),
      fakeTask({ id: 'shrunk', needs: ['first'] }),
    ]
    const summary = await run(tasks)
    assert.equal(outcomes(summary), { first: 'changed', late: 'refused', shrunk: 'unchanged' })
    assert.equal(host.log, ['r:first on'])
  }))

test('a change that reveals more lets safe changes appear, and proves them too', () =>
  withBench(async ({ host, run }) => {
    const door = fakeResource({ id: 'r:door', want: 'open' })
    const inside = fakeResource({ id: 'r:inside', want: 'on' })
    const task = fakeTask({
      id: 't',
      resources: [
        {
          ...door,
          async compare(look, foreseen, owned) {
            const comparison = await door.compare(look, foreseen, owned)
            return {
              ...comparison,
              changes: comparison.changes.map((change) => ({ ...change, reveals: true as const })),
            }
          },
        },
        {
          ...inside,
          async compare(look, foreseen, owned) {
            const shut = (await look.reader.readFile('r:door')) !== 'open'
            return shut ? { changes: [], refusals: [], notes: [], live: null } : inside.compare(look, foreseen, owned)
          },
        },
      ],
    })
    const summary = await run([task])
    assert.is(summary.exitCode, 0)
    assert.equal(host.log, ['r:door open', 'r:inside on'])
  }))

test('standing: new, up to date, inputs changed, drifted, interrupted, from one function', () =>
  withBench(async ({ host, run, running, state }) => {
    const standing = async (task: Task) => (await status(running([task])))[0]?.reason
    const on = fakeTask({ id: 'a', want: 'on' })
    assert.is((await standing(on))?.standing, 'new')
    await run([on])
    assert.is((await standing(on))?.standing, 'up to date')
    const off = await standing(fakeTask({ id: 'a', want: 'off' }))
    assert.is(off?.standing, 'inputs changed')
    assert.equal(off?.inputs, [{ field: 'want', from: 'on', to: 'off' }])
    host.values.set('r:a', 'tampered')
    const drifted = await standing(on)
    assert.is(drifted?.standing, 'drifted')
    assert.equal(drifted?.drift, [{ resource: 'r:a', field: 'value', from: 'on', to: 'tampered' }])
    host.intercept = (argv) => FakeHost.failed(argv)
    await run([on])
    assert.is(readStamp(state, 'a')?.state, 'unfinished')
    assert.is((await standing(on))?.standing, 'interrupted')
    host.intercept = () => undefined
    await run([on])
    assert.is((await standing(on))?.standing, 'up to date')
  }))

test('Ctrl-C once finishes the running command and starts nothing more; the next run goes on', () =>
  withBench(async ({ host, run }) => {
    const stop = new StopSignal()
    host.intercept = (argv) => {
      if (argv[1] === 'r:a1') stop.finish()
      return undefined
    }
    const tasks = () => [
      fakeTask({
        id: 'a',
        resources: [fakeResource({ id: 'r:a1', want: 'on' }), fakeResource({ id: 'r:a2', want: 'on' })],
      }),
      fakeTask({ id: 'b', needs: ['a'] }),
    ]
    const summary = await run(tasks(), { stop })
    assert.is(summary.exitCode, 130)
    assert.equal(outcomes(summary), { a: 'interrupted', b: 'skipped' })
    assert.equal(host.log, ['r:a1 on'])
    assert.equal(outcomes(await run(tasks())), { a: 'changed', b: 'changed' })
    assert.equal(host.log, ['r:a1 on', 'r:a2 on', 'r:b on'])
  }))

test('a second run says who holds the lock', () =>
  withBench(async ({ run, state }) => {
    state.prepare()
    const release = await takeLock(state, 'phx run setup', new Date())
    try {
      await run([fakeTask({ id: 'a' })])
      assert.unreachable('the lock was held')
    } catch (error) {
      assert.instance(error, LockedError)
      assert.is((error as LockedError).holder?.pid, process.pid)
      assert.match((error as Error).message, 'phx run setup')
    }
    await release()
    assert.is((await run([fakeTask({ id: 'a' })])).exitCode, 0)
  }))

test('the journal tells every change with its commands, and stamps hold what phx made', () =>
  withBench(async ({ run, state }) => {
    const summary = await run(chain())
    const [record] = listRuns(state)
    assert.is(record?.run, summary.run)
    assert.is(record?.outcome, 'ok')
    assert.equal(
      record?.changes.map(({ resource, ok, commands }) => [
        resource,
        ok,
        commands.map(({ argv, exitCode }) => [argv, exitCode]),
      ]),
      [
        ['r:a', true, [[['set', 'r:a', 'on'], 0]]],
        ['r:b', true, [[['set', 'r:b', 'on'], 0]]],
        ['r:c', true, [[['set', 'r:c', 'on'], 0]]],
      ],
    )
    const stamp = readStamp(state, 'a')
    assert.equal(stamp?.created, ['r:a'])
    assert.equal(stamp?.outputs, { 'r:a': { value: 'on' } })
    assert.match(readFileSync(join(state.stamps, 'a.json'), 'utf8'), '"state": "converged"')
  }))

test('a state folder that can not be written: nothing is begun, and it is told as what it is', () =>
  withBench(async ({ host, state, events, run }) => {
    const full = (): never => {
      throw new StateError(state.path, Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' }))
    }
    for (const call of ['write', 'append'] as const) {
      const disk = { ...realDisk, [call]: async () => full() }
      const summary = await run([fakeTask({ id: 'a' })], { state: new StateFolder(state.path, disk) })
      assert.is(summary.exitCode, 1, call)
      assert.match(summary.tasks[0]?.why ?? '', 'ENOSPC')
      assert.not.match(summary.tasks[0]?.why ?? '', 'bug')
      assert.is(host.values.size, 0, 'no command without its intent and its mark on record')
    }
    const append = async (path: string, text: string) => {
      return text.includes('"type":"end"') ? full() : realDisk.append(path, text)
    }
    const late = await run([fakeTask({ id: 'a' })], { state: new StateFolder(state.path, { ...realDisk, append }) })
    assert.equal([late.exitCode, late.mutations, outcomes(late).a], [1, 1, 'changed'])
    assert.match(JSON.stringify(events), 'the journal of this run is not whole')
  }))

test('an unforeseen error in one task is a failure of that task alone', () =>
  withBench(async ({ host, run }) => {
    host.intercept = (argv) => {
      if (argv[1] === 'r:a') throw new Error('surprise')
      return undefined
    }
    const summary = await run([fakeTask({ id: 'a' }), fakeTask({ id: 'b', needs: ['a'] }), fakeTask({ id: 'c' })])
    assert.equal(outcomes(summary), { a: 'failed', b: 'skipped', c: 'changed' })
  }))

test.run()

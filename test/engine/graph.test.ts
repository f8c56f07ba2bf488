import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { buildGraph, criticalPath, GraphError, select, UnknownTarget } from '../../lib/engine/graph.ts'
import { FakeHost, fakeTask, outcomes, withBench } from './fake.ts'

const node = (id: string, ...needs: string[]) => ({ id, groups: ['all'], needs })

test('a circle is named, task by task', () => {
  assert.throws(
    () => buildGraph([node('a', 'c'), node('b', 'a'), node('c', 'b'), node('d', 'a')]),
    (error: unknown) => error instanceof GraphError && /in a circle: a → c → b → a/.test(error.message),
  )
})

test('two tasks of one name, and a need that does not exist', () => {
  assert.throws(() => buildGraph([node('a'), node('a')]), /two tasks are called a/)
  assert.throws(() => buildGraph([node('a', 'nosuch')]), /task a needs nosuch, which does not exist/)
})

test('a need that names a group means what the group ends with, and a task of that name comes first', () => {
  const guest = (id: string, ...needs: string[]) => ({ id, groups: ['vm:1', 'guests'], needs })
  const graph = buildGraph(
    [node('app', 'vm:1'), guest('one'), guest('two', 'one'), guest('side', 'one'), node('b', 'a')].concat(node('a')),
  )
  assert.equal(graph.byId('app')?.needs, ['two', 'side'])
  assert.equal(graph.dependents('two'), ['app'])
  assert.equal(
    select(graph, ['app'], true).map(({ id }) => id),
    ['one', 'two', 'side', 'app'],
  )
  assert.equal(buildGraph([{ id: 'nfs', groups: ['nfs'], needs: [] }, node('x', 'nfs')]).byId('x')?.needs, ['nfs'])
  assert.throws(() => buildGraph([guest('one', 'vm:1')]), /in a circle: one → one/)
})

test('a target is a task or a group; anything else lists what there is', () => {
  const graph = buildGraph([node('a'), node('b', 'a'), { id: 'c', groups: ['few'], needs: ['b'] }])
  assert.equal(
    select(graph, ['few'], true).map(({ id }) => id),
    ['a', 'b', 'c'],
  )
  assert.equal(
    select(graph, ['c'], false).map(({ id }) => id),
    ['c'],
  )
  assert.equal(
    select(graph, ['all'], true).map(({ id }) => id),
    ['a', 'b'],
  )
  try {
    select(graph, ['d'], true)
    assert.unreachable('d is no target')
  } catch (error) {
    assert.instance(error, UnknownTarget)
    assert.equal((error as UnknownTarget).known, ['a', 'all', 'b', 'c', 'few'])
  }
  // Also beside a target that is everything there is.
  assert.throws(() => select(buildGraph([node('a')]), ['all', 'd'], true), 'unknown target d')
})

test('ids that JavaScript would reorder or trip over', () => {
  const ids = ['8101', '9', '__proto__', 'constructor', 'a']
  assert.equal(
    buildGraph(ids.map((id) => node(id))).tasks.map(({ id }) => id),
    ids,
  )
})

test('the critical path is the longest chain to the end', () => {
  const graph = buildGraph([node('a'), node('b', 'a'), node('c', 'a'), node('d', 'b', 'c')])
  const cost: Record<string, number> = { a: 1, b: 10, c: 2, d: 5 }
  assert.equal([...criticalPath(graph, (id) => cost[id] ?? 0)].sort(), [
    ['a', 16],
    ['b', 15],
    ['c', 7],
    ['d', 5],
  ])
})

/** A random graph: every edge goes from a later to an earlier task, so that it has no circle. */
const randomGraph = fc
  .array(fc.record({ needs: fc.array(fc.nat(), { maxLength: 3 }), fails: fc.boolean(), done: fc.boolean() }), {
    minLength: 1,
    maxLength: 25,
  })
  .map((rows) =>
    rows.map(({ needs, fails, done }, index) => ({
      id: `t${index}`,
      needs: index === 0 ? [] : [...new Set(needs.map((need) => `t${need % index}`))],
      fails: fails && index % 3 === 0,
      done,
    })),
  )

test('random graphs end as a simple model says, and never run a task before what it needs', () =>
  fc.assert(
    fc.asyncProperty(randomGraph, fc.integer({ min: 1, max: 5 }), async (rows, jobs) => {
      await withBench(async ({ host, run }) => {
        for (const { id, done } of rows) if (done) host.values.set(`r:${id}`, 'on')
        const failing = new Set(rows.filter(({ fails }) => fails).map(({ id }) => `r:${id}`))
        let running = 0
        host.intercept = async (argv) => {
          running += 1
          assert.ok(running <= jobs, 'more at once than --jobs')
          for (const need of rows.find(({ id }) => `r:${id}` === argv[1])?.needs ?? []) {
            assert.is(host.values.get(`r:${need}`), 'on', `${argv[1]} started before ${need} had converged`)
          }
          await new Promise((next) => setImmediate(next))
          running -= 1
          return failing.has(argv[1] ?? '') ? FakeHost.failed(argv) : undefined
        }
        const summary = await run(
          rows.map(({ id, needs }) => fakeTask({ id, needs })),
          { jobs },
        )
        const expected: Record<string, string> = {}
        for (const { id, needs, fails, done } of rows) {
          const blocked = needs.some((need) => expected[need] === 'failed' || expected[need] === 'skipped')
          // A task that is as declared has nothing to wait for, unless something it needs had work to do.
          const settled = done && !rowsAbove(rows, id).some((above) => !above.done)
          expected[id] = settled ? 'unchanged' : blocked ? 'skipped' : done ? 'unchanged' : fails ? 'failed' : 'changed'
        }
        assert.equal(outcomes(summary), expected)
        assert.is(summary.exitCode, Object.values(expected).includes('failed') ? 1 : 0)
      })
    }),
    { numRuns: 200 },
  ))

function rowsAbove<T extends { id: string; needs: string[] }>(rows: readonly T[], id: string): T[] {
  const above = rows.filter((row) => rows.find((one) => one.id === id)?.needs.includes(row.id))
  return [...above, ...above.flatMap((row) => rowsAbove(rows, row.id))]
}

test.run()

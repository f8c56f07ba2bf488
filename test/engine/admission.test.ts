import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Admission, mergeLocks } from '../../lib/engine/admission.ts'
import type { Lock } from '../../lib/engine/resource.ts'

const exclusive = (name: string): Lock => ({ name, mode: 'exclusive' })
const shared = (name: string): Lock => ({ name, mode: 'shared' })
const settle = () => new Promise<void>((next) => setImmediate(next))

test('exclusive locks keep others out, shared ones let each other in', async () => {
  const admission = new Admission(9)
  const entered: string[] = []
  const enter = async (who: string, locks: Lock[]) => {
    const leave = await admission.enter(locks, 0)
    entered.push(who)
    return leave
  }
  const first = await enter('writer', [exclusive('storage.cfg')])
  const readers = [enter('reader 1', [shared('storage.cfg')]), enter('reader 2', [shared('storage.cfg')])]
  const other = await enter('other', [exclusive('dpkg')])
  await settle()
  assert.equal(entered, ['writer', 'other'])
  first()
  const leave = await Promise.all(readers)
  assert.equal(entered, ['writer', 'other', 'reader 1', 'reader 2'])
  const last = enter('writer 2', [exclusive('storage.cfg'), exclusive('dpkg')])
  for (const one of leave) one()
  await settle()
  assert.is(entered.length, 4, 'it takes all its locks at once or none')
  other()
  ;(await last)()
})

test('when a slot frees, the longest remaining chain goes first', async () => {
  const admission = new Admission(1)
  const order: string[] = []
  const leave = await admission.enter([], 0)
  const waiting = [
    ['short', 1],
    ['long', 9],
    ['middle', 5],
  ].map(async ([name, priority]) => {
    const done = await admission.enter([], Number(priority))
    order.push(String(name))
    done()
  })
  leave()
  await Promise.all(waiting)
  assert.equal(order, ['long', 'middle', 'short'])
})

test('giving back twice is harmless', async () => {
  const admission = new Admission(1)
  const leave = await admission.enter([], 0)
  leave()
  leave()
  await admission.enter([], 0)
  let second = false
  void admission.enter([], 0).then(() => {
    second = true
  })
  await settle()
  assert.not(second, 'one slot is one slot')
})

test('one lock a name, exclusive wins, in sorted order', () => {
  assert.equal(mergeLocks([shared('b'), exclusive('a'), exclusive('b'), shared('a')]), [exclusive('a'), exclusive('b')])
})

test('random requests: never two holders of an exclusive lock, never more than the slots, everyone gets in', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.array(
          fc.record({
            name: fc.constantFrom('a', 'b', 'c'),
            mode: fc.constantFrom('shared' as const, 'exclusive' as const),
          }),
          { maxLength: 3 },
        ),
        { maxLength: 20 },
      ),
      fc.integer({ min: 1, max: 4 }),
      async (requests, jobs) => {
        const admission = new Admission(jobs)
        const inside: Lock[][] = []
        let served = 0
        await Promise.all(
          requests.map(async (wanted, index) => {
            const locks = [...mergeLocks(wanted)]
            const leave = await admission.enter(locks, index % 3)
            inside.push(locks)
            assert.ok(inside.length <= jobs)
            for (const lock of locks) {
              const others = inside.filter((one) => one !== locks).flat()
              const clash = others.some(
                (other) => other.name === lock.name && (other.mode === 'exclusive' || lock.mode === 'exclusive'),
              )
              assert.not(clash, `${lock.name} is held twice`)
            }
            await settle()
            inside.splice(inside.indexOf(locks), 1)
            served += 1
            leave()
          }),
        )
        assert.is(served, requests.length)
      },
    ),
    { numRuns: 200 },
  ))

test.run()

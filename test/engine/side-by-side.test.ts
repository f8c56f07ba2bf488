import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sideBySide } from '../../lib/engine/side-by-side.ts'

const node = (id: string, needs: string[] = [], watches?: string[]) => ({ id, needs, ...(watches ? { watches } : {}) })

test('each is visited after all that it needs and watches, and no later', async () => {
  const nodes = [
    node('slow'),
    node('quick'),
    node('after-quick', ['quick']),
    node('after-both', ['quick', 'slow', 'slow']),
    node('watcher', ['quick', 'elsewhere'], ['slow']),
  ]
  const said: string[] = []
  const results = await sideBySide(nodes, async ({ id }, before: ReadonlyMap<string, string>) => {
    said.push(`${id} begins`)
    if (id === 'slow') await sleep(20)
    said.push(`${id} ends`)
    return [...before.keys()].sort().join(' ')
  })
  assert.equal(said, [
    'slow begins',
    'quick begins',
    'quick ends',
    'after-quick begins',
    'after-quick ends',
    'slow ends',
    'after-both begins',
    'after-both ends',
    'watcher begins',
    'watcher ends',
  ])
  assert.is(results.get('after-both'), 'after-quick quick slow')
  assert.is(results.size, 5)
})

test('nothing to visit is over at once; an error rejects, and whoever waits for it is not visited', async () => {
  assert.is((await sideBySide([], async () => 1)).size, 0)
  const visited: string[] = []
  try {
    await sideBySide([node('a'), node('b', ['a']), node('c')], async ({ id }) => {
      visited.push(id)
      await sleep(1)
      if (id === 'a') throw new Error('can not look')
    })
    assert.unreachable()
  } catch (error) {
    assert.is((error as Error).message, 'can not look')
  }
  await sleep(10)
  assert.equal(visited, ['a', 'c'])
})

test('an error before the first await rejects too, also of one that had to wait', async () => {
  const visit = ({ id }: { id: string }): Promise<void> => {
    if (id === 'b') throw new Error('at once')
    return Promise.resolve()
  }
  for (const nodes of [[node('b')], [node('a'), node('b', ['a'])]]) {
    try {
      await sideBySide(nodes, visit)
      assert.unreachable()
    } catch (error) {
      assert.is((error as Error).message, 'at once')
    }
  }
})

test.run()

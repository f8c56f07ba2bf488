/** Markers of features: one process in the guest for all of them, and none is mistaken for another. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Reader } from '../../lib/host/host.ts'
import { markerOf, markersProbe } from '../../lib/resources/guest/feature-markers.ts'
import { scene } from './scene.ts'

const line = (name: string, result = 'done'): string => `${JSON.stringify({ name, sha256: 'aa', result })}\n`

/** What the probe finds, and how many processes that takes, where these files are. */
async function read(files: Readonly<Record<string, string>>, names: readonly string[]) {
  const one = await scene()
  await one.converge()
  await one.inside('mkdir -p /var/lib/phx/features')
  for (const [name, text] of Object.entries(files)) {
    await one.inside(`install -m 0644 /dev/null ${markerOf(name)}`)
    await one.sim(['sim', 'in', 'vm:8101', '--', 'dd', `of=${markerOf(name)}`, 'status=none'], text)
  }
  let processes = 0
  const inside = one.host.inside({ kind: 'vm', id: '8101' })
  const reader: Reader = {
    ...inside,
    name: inside.name,
    query: (argv, options) => {
      processes++
      return inside.query(argv, options)
    },
    readFile: (path) => {
      processes++
      return inside.readFile(path)
    },
  } as Reader
  const found = await markersProbe(names).read({ reader } as never)
  return { processes, found: [...found].map(([name, { result }]) => `${name} ${result}`) }
}

test('several, of which one is not there: one process', async () => {
  const { processes, found } = await read({ a: line('a'), c: line('c', 'running') }, ['a', 'b', 'c'])
  assert.equal(found, ['a done', 'c running'])
  assert.is(processes, 1)
})

test('a torn one is no more than begun, and the one after it is still known', async () => {
  const { found } = await read({ a: '{"name":"a","sha', c: line('c') }, ['a', 'b', 'c'])
  assert.equal(found, ['a running', 'c done'])
})

test('one that cannot be read at all is an error, and never "not run"', async () => {
  const reader = {
    query: async () => ({ stdout: '', stderr: `cat: ${markerOf('a')}: Input/output error\n`, exitCode: 1 }),
    readFile: async () => {
      throw new Error('Input/output error')
    },
  }
  try {
    await markersProbe(['a']).read({ reader } as never)
    assert.unreachable()
  } catch (error) {
    assert.match(String(error), 'Input/output error')
  }
})

test.run()

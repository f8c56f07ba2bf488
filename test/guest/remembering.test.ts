/** A look into a guest asks each question once, and tries one that can't be reached once. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { newLook } from '../../lib/engine/look.ts'
import { GuestUnreachable } from '../../lib/host/guest/unreachable.ts'
import type { Reader } from '../../lib/host/host.ts'
import { remembering } from '../../lib/host/remembering.ts'
import { Inside } from '../../lib/resources/guest/inside.ts'
import { NfsShares } from '../../lib/resources/guest/mounts.ts'
import { Scene, scene } from '../guests/scene.ts'

function asked(answer: () => Promise<never> | Promise<string>): { reader: Reader; calls: string[] } {
  const calls: string[] = []
  const told = (what: string) => {
    calls.push(what)
    return answer() as Promise<never>
  }
  const reader: Reader = {
    name: 'vm:8101',
    query: (argv) => told(argv.join(' ')),
    readFile: (path) => told(`read ${path}`),
    stat: (path) => told(`stat ${path}`),
    listDir: (path) => told(`list ${path}`),
    realpath: (path) => told(`resolve ${path}`),
    hasTool: (tool) => told(`tool ${tool}`),
    inside: () => reader,
  }
  return { reader, calls }
}

test('the same question is asked once, another one by itself', async () => {
  const { reader, calls } = asked(async () => 'answer')
  const one = remembering(reader)
  await Promise.all([one.readFile('/a'), one.readFile('/a'), one.stat('/a')])
  await one.readFile('/a')
  await one.query(['cat', '/a'])
  await one.query(['cat', '/a'], { timeoutMs: 5 })
  assert.equal(calls, ['read /a', 'stat /a', 'cat /a', 'cat /a'])
})

test('who could not be reached is not tried again; another failure is of that question alone', async () => {
  const silent = new GuestUnreachable('vm:8101', 'silent', 'no answer')
  const { reader, calls } = asked(() => Promise.reject(silent))
  const one = remembering(reader)
  for (const ask of [() => one.readFile('/a'), () => one.stat('/b'), () => one.query(['true'])]) {
    const error = await ask().then(
      () => undefined,
      (caught: unknown) => caught,
    )
    assert.is(error, silent)
  }
  assert.equal(calls, ['read /a'])
  const broken = asked(() => Promise.reject(new Error('EIO')))
  const other = remembering(broken.reader)
  await other.readFile('/a').catch(() => undefined)
  await other.readFile('/b').catch(() => undefined)
  assert.equal(broken.calls, ['read /a', 'read /b'])
})

test('what is asked ahead is not asked again when it is compared, and nothing is asked of a guest that does not run', async () => {
  const one = await scene()
  await one.converge()
  const host = new Scene({}, structuredClone(one.state)).host
  const questions: string[] = []
  const take = host.orders.take.bind(host.orders)
  host.orders.take = (argv) => {
    if (argv[0] === 'vm:8101') questions.push(argv.join(' '))
    return take(argv)
  }
  const shares = new Inside({ kind: 'vm', id: '8101' }, new NfsShares([], 'vm-8101'), 'mounts')
  const look = newLook(host)
  await shares.ahead(look)
  const before = questions.length
  assert.ok(before > 0)
  const never = { isMadeAnew: () => false, isGone: () => false }
  const owned = { created: () => false, begun: () => false, live: () => undefined, all: [], changes: [] }
  await shares.compare(look, never, owned)
  assert.is(questions.length, before)
  await host.change((state) => {
    delete state.files['/run/qemu-server/8101.pid']
  })
  await shares.ahead(newLook(host))
  assert.is(questions.length, before)
})

test.run()

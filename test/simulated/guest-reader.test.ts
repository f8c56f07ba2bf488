/** `inside` of the simulated host: a Reader as the local transport's, with its failures, and no way to change anything. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { GuestUnreachable } from '../../lib/host/guest/unreachable.ts'
import { copyOfHost, textOfHost } from '../../lib/host/simulated/guest/share.ts'
import { SimulatedHost } from '../../lib/host/simulated/host.ts'
import { Guests } from './guest-scene.ts'

const vm = { kind: 'vm', id: '8101' } as const
const lxc = { kind: 'lxc', id: '901' } as const

function host(prepare: (guests: Guests) => void): SimulatedHost {
  const guests = new Guests()
  prepare(guests)
  return new SimulatedHost(guests.state, null)
}

async function whyNot(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (error) {
    assert.instance(error, GuestUnreachable)
    return (error as GuestUnreachable).why
  }
  throw new Error('it could be reached')
}

const both = (guests: Guests): void => {
  guests.createVm()
  guests.startVm()
  guests.createContainer()
  guests.run('pct start 901')
}

test('files, folders, links and tools of both kinds of guests', async () => {
  const on = host(both)
  for (const guest of [vm, lxc]) {
    const reader = on.inside(guest)
    assert.is(await reader.readFile('/etc/hostname'), guest === vm ? 'web\n' : 'models\n')
    assert.is(await reader.readFile('/nothing'), undefined)
    assert.is(await reader.readFile('/etc/hostname/x'), undefined)
    assert.equal(await reader.stat('/root'), { type: 'dir', mode: 0o700, uid: 0, gid: 0, size: 4096 })
    assert.equal(await reader.stat('/etc/shadow'), { ...(await reader.stat('/etc/shadow')), mode: 0o640, gid: 42 })
    assert.is(await reader.stat('/nothing'), undefined)
    assert.ok((await reader.listDir('/etc'))?.includes('hostname'))
    assert.is(await reader.listDir('/etc/hostname'), undefined)
    assert.is(await reader.realpath('/etc/localtime'), '/usr/share/zoneinfo/Etc/UTC')
    assert.is(await reader.hasTool('systemctl'), true)
    assert.is(await reader.hasTool('pvesm'), false)
    assert.is((await reader.query(['zpool', 'status'])).notFound, true)
    assert.match((await reader.query(['getent', 'passwd', 'root'])).stdout, 'root:x:0:0:')
    await reader.query(['touch', '/etc/x']).then(
      () => assert.unreachable(),
      (error: Error) => assert.match(error.message, 'not a read-only command'),
    )
  }
})

test('why a guest can’t be reached', async () => {
  const on = host((guests) => {
    guests.createVm()
    guests.createVm('8102')
    guests.run('qm set 8102 --delete agent')
    guests.startVm('8102')
    guests.createVm('8103')
    guests.startVm('8103')
    guests.run('sim guest 8103 agent off')
    guests.createContainer()
  })
  const look = (kind: 'vm' | 'lxc', id: string) => whyNot(on.inside({ kind, id }).stat('/'))
  assert.is(await look('vm', '8101'), 'no socket')
  assert.is(await look('vm', '8102'), 'no socket')
  assert.is(await look('vm', '8103'), 'silent')
  assert.is(await look('vm', '9999'), 'no socket')
  assert.is(await look('lxc', '901'), 'no socket')
})

test('who waits for a guest waits some seconds; the host is not changed by it', async () => {
  const on = host((guests) => guests.createVm())
  await on.mutate(['qm', 'start', '8101'])
  const before = JSON.stringify(on.state)
  const reader = on.inside(vm)
  let looks = 0
  for (; looks < 20; looks++) {
    if (await reader.stat('/').catch(() => undefined)) break
  }
  assert.ok(looks >= 1 && looks < 5, String(looks))
  assert.is(JSON.stringify(on.state), before)
  const { now } = on.state
  await on.mutate(['true'])
  assert.ok(on.state.now > now + looks)
})

test('a look that changes something is found out', async () => {
  const { lookIn } = await import('../../lib/host/simulated/guest/attach.ts')
  const { placeIn } = await import('../../lib/host/simulated/guest/inside.ts')
  const { state } = host(both)
  const place = placeIn(state, '901')
  assert.ok(place)
  assert.throws(() => lookIn(place, ['touch', '/etc/x'], state.now), 'a query changed the simulated guest 901')
  assert.throws(() => Object.assign(place.guest.disk ?? {}, { entries: {} }))
})

test('orders hold for looks into guests', async () => {
  const on = host(both)
  on.orders.add(['vm:8101'], { kind: 'fail', answer: { exitCode: 5, stdout: '', stderr: 'ordered\n' } })
  assert.is((await on.inside(vm).query(['cat', '--', '/etc/hostname'])).exitCode, 5)
})

test('fifty guests make the host’s own looks and changes no slower: their systems are small, and shared', () => {
  const on = host((guests) => {
    guests.createVm()
    guests.startVm()
    guests.run('qm stop 8101')
    guests.run('qm template 8101')
  })
  const guests = new Guests(on.state)
  const text = (): number => textOfHost(guests.state).length
  const [one] = Object.values(guests.state.guests ?? {})
  assert.ok(JSON.stringify(one).length < 10_000)
  guests.run('qm clone 8101 200')
  const before = text()
  guests.run('qm clone 8101 201')
  // Its configuration, its dataset and its record are there; its system is not.
  assert.ok(text() - before < 3000, String(text() - before))
  assert.is(copyOfHost(guests.state).guests?.['201']?.disk, guests.state.guests?.['201']?.disk)
})

test.run()

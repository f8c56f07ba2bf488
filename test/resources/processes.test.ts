/**
 * What a run with nothing to do starts on a host with everything declared: one process for each kind of thing that is
 * looked at, however many there are of it, and none waits for an answer that it doesn't need.
 */
import { setImmediate } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Argv, type Host, readerOf } from '../../lib/host/host.ts'
import { bareHost, call, containers, everything, ground, hostOf } from '../properties/everything.ts'
import { Setup } from '../properties/setup.ts'

const host = hostOf(bareHost())
const setup = new Setup(host, ground)

async function converge(): Promise<void> {
  const { summary } = await setup.run()
  assert.is(summary.exitCode, 0, JSON.stringify(summary.tasks, null, 1))
}

test.before(async () => {
  await converge()
  await host.change((state) => {
    for (const line of containers) call(state, line)
  })
  setup.config = everything
  await converge()
})

/** The same host, whose queries go through `query`. */
const watched = (query: Host['query']): Host => ({
  ...readerOf(host),
  query,
  mutate: (argv, options) => host.mutate(argv, options),
  writeFile: (file) => host.writeFile(file),
  removeFile: (path) => host.removeFile(path),
  close: () => host.close(),
})

/** `zfs get`, `lsblk`, `exportfs -s`: the tool, and what it is asked for where it can be asked for several things. */
const kindOf = ([tool = '', verb = '']: Argv): string => (tool === 'lsblk' ? tool : `${tool} ${verb}`)

/** Each is one process for all that there is of its kind. */
const kinds = [
  'dkms status',
  'dpkg-query -W',
  'exportfs -s',
  'iptables -S',
  'locale -a',
  'lsblk',
  'pdbedit -Lw',
  'rpcinfo -T',
  'smbclient -gNL',
  'systemctl show',
  'zfs get',
  'zpool get',
  'zpool status',
]

test('nothing to do: one process for each kind of thing', async () => {
  const asked: Argv[] = []
  const { summary } = await setup.run(
    watched((argv, options) => {
      asked.push(argv)
      return host.query(argv, options)
    }),
  )
  assert.is(summary.exitCode, 0)
  assert.is(summary.mutations, 0)
  assert.equal(asked.map(kindOf).sort(), kinds)
})

/** Holds all queries until no more come, then lets them go together: returns what was asked in each wave. */
async function wavesOf(work: (host: Host) => Promise<unknown>): Promise<string[][]> {
  const held: { readonly kind: string; readonly release: () => void }[] = []
  const waves: string[][] = []
  let isDone = false
  const slow = watched(async (argv, options) => {
    await new Promise<void>((release) => held.push({ kind: kindOf(argv), release }))
    return host.query(argv, options)
  })
  const working = work(slow).finally(() => {
    isDone = true
  })
  for (let quiet = 0, before = 0; !isDone; before = held.length) {
    await setImmediate()
    quiet = held.length > 0 && held.length === before ? quiet + 1 : 0
    if (quiet < 50) continue
    const wave = held.splice(0)
    waves.push(wave.map(({ kind }) => kind).sort())
    for (const { release } of wave) release()
  }
  await working
  return waves
}

test('what does not need an answer does not wait for one', async () => {
  const [first = [], second = [], ...more] = await wavesOf((slow) => setup.plan(slow))
  assert.equal(more, [])
  // Of a suspended pool nothing is asked; of a server that does not run neither.
  assert.equal(second, ['rpcinfo -T', 'smbclient -gNL', 'zfs get', 'zpool get'])
  assert.equal([...first, ...second].sort(), kinds)
})

test('the ashift of vdevs is asked for once, since it never changes, and of new ones', async () => {
  const asked = async (): Promise<string[]> => {
    const lines: string[] = []
    await setup.plan(
      watched((argv, options) => {
        lines.push(argv.join(' '))
        return host.query(argv, options)
      }),
    )
    return lines.filter((line) => line.includes(' ashift '))
  }
  assert.equal(await asked(), [])
  await host.change((state) => {
    call(state, 'zpool destroy fast')
    call(state, 'zpool create fast /dev/disk/by-id/virtio-C')
  })
  const [line = '', ...more] = await asked()
  assert.match(line, / ashift fast \/dev\/disk\/by-id\/virtio-C$/)
  assert.equal(more, [])
})

test.after(() => setup.clean())
test.run()

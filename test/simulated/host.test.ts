import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Host } from '../../lib/host/host.ts'
import { openSimulated, simCall } from '../../lib/host/simulated/host.ts'
import type { SimState } from '../../lib/host/simulated/model.ts'

const DISK = '/dev/disk/by-id/virtio-S1'
const made: string[] = []

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'phx-sim-'))
  made.push(folder)
  return join(folder, 'host')
}
test.after(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true })
})

const stored = (folder: string): SimState => JSON.parse(readFileSync(join(folder, 'host.json'), 'utf8'))
const run = (host: Host, line: string, stdin = '') => host.mutate(line.split(' '), { stdin })

test('a query that could write is refused before it starts', async () => {
  const host = await openSimulated(null, [DISK])
  for (const line of ['wipefs -a', 'zpool create tank', 'zpool import tank', 'pvesm status', 'blkid', 'sim reboot'])
    try {
      await host.query([...line.split(' '), DISK])
      assert.unreachable(line)
    } catch (error) {
      assert.match(String(error), /not a read-only command/)
    }
  assert.is((await host.query(['wipefs', '--no-act', '--json', DISK])).exitCode, 0)
})

test('a result has the fields of a real transport', async () => {
  const host = await openSimulated(null, [DISK])
  const failed = await host.query(['lsblk', '/dev/nosuch'])
  assert.equal(
    { ...failed, durationMs: 0 },
    {
      argv: ['lsblk', '/dev/nosuch'],
      exitCode: 32,
      signal: null,
      stdout: '',
      stderr: 'lsblk: /dev/nosuch: not a block device\n',
      durationMs: 0,
      timedOut: false,
      notFound: false,
    },
  )
  assert.is((await run(host, 'frobnicate')).notFound, true)
  assert.is((await run(host, 'lsblk --frobnicate')).notFound, false, 'the tool is there, the option is not simulated')
})

test('files: read, listed, resolved, written', async () => {
  const host = await openSimulated(null, [DISK])
  assert.match(
    (await host.readFile('/etc/pve/storage.cfg')) ?? '',
    /^dir: local\n\tpath \/var\/lib\/vz\n\tcontent iso,vztmpl,backup\n\n$/,
  )
  assert.is(await host.readFile('/etc/nosuch'), undefined)
  assert.is(await host.readFile('/etc/hostid'), undefined)
  assert.is(await host.readFile('/proc/sys/kernel/hostname'), 'pve\n')
  assert.is(await host.readFile('/proc/mounts'), '/dev/vda / ext4 rw,noatime 0 0\n')
  assert.equal(await host.listDir('/etc/pve/qemu-server'), [])
  assert.is(await host.listDir('/etc/nosuch'), undefined)
  assert.equal(await host.listDir('/dev/disk/by-id'), ['virtio-S1'])
  assert.is(await host.realpath(DISK), '/dev/vdb')
  assert.is(await host.realpath('/dev/disk/by-id/nosuch'), undefined)
  await host.writeFile({ path: '/etc/exports.d/phx.exports', content: '/tank\n', mode: 0o600 })
  assert.is(await host.readFile('/etc/exports.d/phx.exports'), '/tank\n')
  assert.is(host.state.files['/etc/exports.d/phx.exports']?.mode, 0o600)
})

test('tools can be missing', async () => {
  const host = await openSimulated(null, [DISK])
  assert.is(await host.hasTool('pvesm'), true)
  assert.is(await host.hasTool('frobnicate'), false)
  await run(host, 'sim remove-tool pvesm')
  assert.is(await host.hasTool('pvesm'), false)
  assert.equal([(await run(host, 'pvesm status')).exitCode, (await run(host, 'pvesm status')).notFound], [127, true])
})

test('every change is on disk when its call returns', async () => {
  const folder = newFolder()
  const host = await openSimulated(folder, [DISK])
  await run(host, `zpool create tank ${DISK}`)
  assert.is(stored(folder).pools[0]?.name, 'tank')
  await host.writeFile({ path: '/root/x', content: 'x', mode: 0o644 })
  assert.is(stored(folder).files['/root/x']?.content, 'x')
  await host.close()
  const again = await openSimulated(folder, [])
  assert.match((await again.query(['zpool', 'list', '-Hp', '-o', 'name'])).stdout, /^tank$/m)
})

test('opened for reading, a folder that is not there stays away, and one that is there stays as it is', async () => {
  const folder = newFolder()
  const reader = await openSimulated(folder, [DISK], { readOnly: true })
  assert.is((await reader.query(['lsblk', DISK])).exitCode, 0)
  assert.is(existsSync(folder), false)
  await openSimulated(folder, [DISK])
  const before = readFileSync(join(folder, 'host.json'), 'utf8')
  const again = await openSimulated(folder, [DISK], { readOnly: true })
  await again.query(['zpool', 'status', '-j'])
  await run(again, `zpool create tank ${DISK}`)
  assert.is(readFileSync(join(folder, 'host.json'), 'utf8'), before)
})

test('what another process did is seen by the next call', async () => {
  const folder = newFolder()
  const host = await openSimulated(folder, [DISK])
  await host.query(['zpool', 'list', '-Hp'])
  assert.is((await simCall(folder, [], ['zpool', 'create', 'tank', DISK], '')).exitCode, 0)
  assert.match((await host.query(['zpool', 'list', '-Hp', '-o', 'name'])).stdout, /tank/)
  assert.is((await run(host, 'zfs create tank/a')).exitCode, 0)
  assert.match((await simCall(folder, [], ['zfs', 'list', '-H', '-o', 'name'], '')).stdout, /^tank\/a$/m)
})

test('concurrent calls lose nothing', async () => {
  const folder = newFolder()
  await openSimulated(folder, [])
  const names = Array.from({ length: 20 }, (_, index) => `/root/f${index}`)
  await Promise.all(names.map((name) => simCall(folder, [], ['touch', name], '')))
  assert.equal(
    names.filter((name) => stored(folder).files[name] === undefined),
    [],
  )
})

/** A process that changes the host as fast as it can, until it is killed. */
function busyProcess(folder: string) {
  const module = join(import.meta.dirname, '../../lib/host/simulated/host.ts')
  const script = `import { openSimulated } from ${JSON.stringify(module)}
const host = await openSimulated(${JSON.stringify(folder)}, [])
for (let i = 0; ; i++) { await host.mutate(['touch', '/root/k' + process.pid + '-' + i]); if (i === 0) console.log('started') }`
  return spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

test('kill -9 between or in the middle of writes leaves a whole host, and no lock', async () => {
  const folder = newFolder()
  await openSimulated(folder, [DISK])
  const children = [busyProcess(folder), busyProcess(folder)]
  await Promise.all(children.map((child) => new Promise((done) => child.stdout?.once('data', done))))
  const ended = children.map((child) => new Promise((done) => child.once('exit', done)))
  await new Promise((done) => setTimeout(done, 100))
  for (const child of children) child.kill('SIGKILL')
  await Promise.all(ended)
  assert.ok(Object.keys(stored(folder).files).some((path) => path.startsWith('/root/k')))
  assert.is((await simCall(folder, [], ['touch', '/root/after'], '')).exitCode, 0)
  assert.ok(stored(folder).files['/root/after'])
})

test('a folder with something else in it is refused by name', async () => {
  const folder = newFolder()
  await openSimulated(folder, [])
  writeFileSync(join(folder, 'host.json'), '{"format":1')
  try {
    await openSimulated(folder, [])
    assert.unreachable()
  } catch (error) {
    assert.match(String(error), /host\.json is not the state of a simulated host/)
  }
})

test('orders: the n-th call fails, hangs, or is done and then said to have failed', async () => {
  const host = await openSimulated(null, [DISK])
  const refusal = { exitCode: 1, stdout: '', stderr: 'cannot create: out of luck\n' }
  host.orders.add(['zfs', 'create'], { kind: 'fail', answer: refusal }, 2)
  host.orders.add(['zfs', 'set'], { kind: 'apply then fail', answer: refusal })
  host.orders.add(['zpool', 'status'], { kind: 'hang' })
  await run(host, `zpool create tank ${DISK}`)
  assert.is((await run(host, 'zfs create tank/a')).exitCode, 0)
  assert.is((await run(host, 'zfs create tank/b')).exitCode, 1)
  assert.is((await run(host, 'zfs create tank/b')).exitCode, 0, 'an order is carried out once')
  assert.is((await run(host, 'zfs set atime=off tank/a')).stderr, refusal.stderr)
  assert.is((await host.query(['zfs', 'get', '-Hp', '-o', 'value', 'atime', 'tank/a'])).stdout, 'off\n')
  const hung = await host.query(['zpool', 'status', '-j'], { timeoutMs: 5_000 })
  assert.equal([hung.timedOut, hung.exitCode, hung.durationMs], [true, null, 5_000])
})

test('a tool that really hangs gives a timed-out result', async () => {
  const host = await openSimulated(null, [DISK])
  await run(host, `zpool create tank ${DISK}`)
  await run(host, `sim unplug ${DISK}`)
  const hung = await host.mutate(['zpool', 'export', 'tank'], { timeoutMs: 1_000 })
  assert.equal([hung.timedOut, hung.exitCode], [true, null])
})

test('latency takes time, and an aborted signal ends it without the change', async () => {
  const host = await openSimulated(null, [DISK])
  host.orders.add(['touch'], { kind: 'latency', ms: 60 })
  const slow = await run(host, 'touch /root/slow')
  assert.ok(slow.durationMs >= 55, `${slow.durationMs} ms`)
  const stop = new AbortController()
  const waiting = host.mutate(['touch', '/root/never'], { signal: stop.signal })
  stop.abort()
  assert.is((await waiting).signal, 'SIGTERM')
  assert.is(await host.readFile('/root/never'), undefined)
  try {
    await host.mutate(['touch', '/root/never'], { signal: stop.signal })
    assert.unreachable()
  } catch (error) {
    assert.is((error as Error).name, 'AbortError')
  }
})

test('after a power cut pools are back and mounted, swap is off, and nothing holds anything', async () => {
  const host = await openSimulated(null, [DISK, '/dev/disk/by-id/virtio-S2'])
  await run(host, `zpool create tank ${DISK}`)
  await run(host, 'zfs create tank/a')
  await run(host, 'tee /tank/a/file', 'kept')
  await run(host, 'mkswap /dev/disk/by-id/virtio-S2')
  await run(host, 'swapon /dev/disk/by-id/virtio-S2')
  await run(host, 'sim hold /tank/a')
  await run(host, 'sim power-cut')
  assert.is((await host.query(['zpool', 'list', '-Hp', '-o', 'name,health'])).stdout, 'tank\tONLINE\n')
  assert.is(await host.readFile('/tank/a/file'), 'kept')
  assert.equal([host.state.swaps, host.state.holders], [[], []])
  await run(host, 'zpool export tank')
  await run(host, 'sim reboot')
  assert.is((await host.query(['zpool', 'list', '-Hp', '-o', 'name'])).stdout, '', 'an exported pool stays exported')
})

test.run()

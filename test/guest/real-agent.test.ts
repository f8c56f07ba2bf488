/**
 * Held against a real QEMU guest agent in unix-listen mode, where there is one: PHX_QEMU_GA names its program, or
 * qemu-ga is installed. Seen to pass with 7.2.22 (Debian 12) and 10.0.13 (Debian 13). Nothing is asked of it here that
 * changes the machine (no fsfreeze, no shutdown).
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import * as fs from 'node:fs'
import { createConnection, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { GuestAgent } from '../../lib/host/guest/agent.ts'
import { GuestReader } from '../../lib/host/guest/reader.ts'
import { AgentRefused, GuestUnreachable } from '../../lib/host/guest/unreachable.ts'
import { checkReader, furnish } from './contract.ts'

const program = [process.env.PHX_QEMU_GA, '/usr/sbin/qemu-ga', '/usr/bin/qemu-ga'].find(
  (path) => path !== undefined && fs.existsSync(path),
)
const folder = fs.mkdtempSync(join(tmpdir(), 'phx-qemu-ga-'))
const running: ChildProcess[] = []
const clients: GuestAgent[] = []
const others: Socket[] = []

async function start(name: string, ...options: string[]): Promise<{ path: string; process: ChildProcess }> {
  const path = join(folder, `${name}.qga`)
  const state = fs.mkdtempSync(join(folder, 'state-'))
  const args = ['-m', 'unix-listen', '-p', path, '-t', state, '-f', join(state, 'pid'), ...options]
  // A locale in which messages would differ, were it there; what phx compares has to be C all the same.
  const env = { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8' }
  const child = spawn(program ?? '', args, { env, stdio: 'ignore' })
  running.push(child)
  for (let left = 200; !fs.existsSync(path) && left > 0; left--) await sleep(10)
  return { path, process: child }
}
function clientOf(path: string): GuestAgent {
  const client = new GuestAgent({ guest: 'vm:8101', path })
  clients.push(client)
  return client
}
async function failure(work: Promise<unknown>): Promise<Error> {
  try {
    await work
  } catch (error) {
    return error as Error
  }
  throw new Error('it should have failed')
}
async function holdSocket(path: string): Promise<Socket> {
  for (let left = 100; ; left--) {
    const socket = createConnection({ path })
    others.push(socket)
    try {
      await once(socket, 'connect')
      return socket
    } catch (error) {
      if (left === 0) throw error
      await sleep(10) // EAGAIN until the agent has taken the one before from the line
    }
  }
}

test.after.each(async () => {
  for (const client of clients.splice(0)) client.release()
  for (const socket of others.splice(0)) socket.destroy()
  await sleep(50) // until the agent has noticed
})
test.after(async () => {
  for (const child of running) if (child.kill('SIGKILL')) await once(child, 'exit')
  fs.rmSync(folder, { recursive: true, force: true })
})

if (program === undefined)
  test('a real agent', () => console.log('skipped: no qemu-ga here; PHX_QEMU_GA=PROGRAM names one'))
else {
  const { path } = await start('agent')

  test('it answers, and says what it is', async () => {
    const agent = clientOf(path)
    await agent.ping()
    const { version, commands } = await agent.info()
    assert.match(version, /^\d+\.\d+\.\d+$/)
    assert.ok(commands.has('guest-exec'))
    console.log(`qemu-ga ${version}`)
  })

  test('how commands end, and what they say', async () => {
    const agent = clientOf(path)
    const sh = (script: string, stdin?: string) =>
      agent.exec(['sh', '-c', script], { ...(stdin === undefined ? {} : { stdin }) })
    assert.is((await agent.exec(['true'])).exitCode, 0)
    assert.is((await agent.exec(['false'])).exitCode, 1)
    const both = await sh('cat; echo err >&2; exit 7', 'grüße\n')
    assert.equal([both.stdout, both.stderr, both.exitCode], ['grüße\n', 'err\n', 7])
    const killed = await sh('kill -9 $$')
    assert.equal([killed.exitCode, killed.signal], [null, 'SIGKILL'])
    const hostile = ['$(id)', "'", '"', '\\', '', 'a\nb', '-n', 'ü€😀', '\u0001']
    assert.equal((await agent.exec(['printf', '%s|', ...hostile])).stdout, hostile.map((word) => `${word}|`).join(''))
    const big = 'x'.repeat(900_000)
    assert.is((await agent.exec(['cat'], { stdin: big })).stdout, big)
  })

  test('refusals', async () => {
    const agent = clientOf(path)
    assert.instance(await failure(agent.exec(['no-such-tool'])), AgentRefused)
    const { path: blocked } = await start('blocked', '-b', 'guest-exec')
    const error = await failure(clientOf(blocked).exec(['true']))
    assert.instance(error, AgentRefused)
    assert.match(error.message, 'blocked in the settings')
    assert.not((await clientOf(blocked).info()).commands.has('guest-exec'))
  })

  test('16 MiB are kept, and what was more is an error', async () => {
    const agent = clientOf(path)
    const most = await agent.exec(['head', '-c', '16777216', '/dev/zero'])
    assert.is(most.stdout.length, 16777216)
    assert.match((await failure(agent.exec(['head', '-c', '16777217', '/dev/zero']))).message, 'its end is lost')
  })

  test('time is up while it runs; a child that keeps the output open counts as running', async () => {
    const result = await clientOf(path).exec(['sh', '-c', 'sleep 2 & echo x'], { timeoutMs: 300 })
    assert.ok(result.timedOut)
    assert.is(result.exitCode, null)
  })

  test('half a question of an earlier client does no harm', async () => {
    const earlier = await holdSocket(path)
    earlier.write('{"execute":"guest-ex')
    await sleep(20)
    earlier.destroy()
    await clientOf(path).ping()
  })

  test('one client at a time: the second waits, a full line is tried again, both get their turn', async () => {
    const holder = await holdSocket(path)
    const waiting = [await holdSocket(path), await holdSocket(path)]
    const blockedOut = await failure(clientOf(path).ping({ timeoutMs: 250 }))
    assert.instance(blockedOut, GuestUnreachable)
    assert.match(blockedOut.message, 'more stand in line')
    const pinged = clientOf(path).ping()
    holder.destroy()
    for (const socket of waiting) socket.destroy()
    await pinged
  })

  test('what was given up in the line is not carried out later', async () => {
    const holder = await holdSocket(path)
    const mark = join(folder, 'mark')
    const error = await failure(clientOf(path).exec(['touch', mark], { timeoutMs: 150 }))
    assert.is((error as GuestUnreachable).why, 'silent', error.message)
    holder.destroy()
    await clientOf(path).exec(['true'])
    assert.not(fs.existsSync(mark))
  })

  test('it dies in the middle', async () => {
    const { path: dying, process } = await start('dying')
    const agent = clientOf(dying)
    await agent.ping()
    const long = failure(agent.exec(['sleep', '1']))
    await sleep(30)
    process.kill('SIGKILL')
    const error = await long
    assert.instance(error, GuestUnreachable)
    assert.match((error as GuestUnreachable).why, /closed|no socket/)
  })

  test('the reader says what the local transport says', async () => {
    const rooms = join(folder, 'rooms')
    fs.mkdirSync(rooms)
    furnish(rooms)
    const agent = clientOf(path)
    await checkReader(new GuestReader('vm:8101', (argv, timeoutMs) => agent.exec(argv, { timeoutMs })), rooms)
  })

  test('quick enough to ask often', async () => {
    const agent = clientOf(path)
    const times: number[] = []
    for (let count = 0; count < 50; count++) {
      const started = performance.now()
      await agent.exec(['true'])
      times.push(performance.now() - started)
    }
    const [median = 0] = times.sort((one, two) => one - two).slice(25)
    console.log(`guest-exec of true: median ${median.toFixed(1)} ms, fastest ${times[0]?.toFixed(1)} ms`)
    assert.ok(median < 500)
  })
}

test.run()

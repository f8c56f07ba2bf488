/** Every way in which an agent can fail to answer: each ends in time, and says what it was. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { linkSync } from 'node:fs'
import { createConnection, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { GuestAgent } from '../../lib/host/guest/agent.ts'
import { AgentRefused, GuestUnreachable, type Why } from '../../lib/host/guest/unreachable.ts'
import { type Answerer, executing, FakeAgent, recorded } from './fake-agent.ts'

const test = suite('guest agent')
const open: FakeAgent[] = []
const agents: GuestAgent[] = []

async function scene(answer?: Answerer): Promise<{ fake: FakeAgent; agent: GuestAgent }> {
  const fake = await FakeAgent.start(answer)
  open.push(fake)
  return { fake, agent: clientOf(fake.path) }
}
function clientOf(path: string): GuestAgent {
  const agent = new GuestAgent({ guest: 'vm:8101', path })
  agents.push(agent)
  return agent
}
test.after.each(async () => {
  for (const agent of agents.splice(0)) agent.release()
  for (const fake of open.splice(0)) await fake.stop()
})

async function failure(work: Promise<unknown>): Promise<Error> {
  try {
    await work
  } catch (error) {
    return error as Error
  }
  throw new Error('it should have failed')
}
async function unreachable(work: Promise<unknown>, why: Why, words: string | RegExp): Promise<void> {
  const error = await failure(work)
  assert.instance(error, GuestUnreachable)
  assert.is((error as GuestUnreachable).why, why, error.message)
  assert.match(error.message, words)
  assert.match(error.message, /^vm:8101: /)
}
const until = async (condition: () => boolean): Promise<void> => {
  for (let left = 200; !condition() && left > 0; left--) await sleep(5)
  assert.ok(condition(), 'it never came to that')
}
/** Another program that has the socket. */
const other = (path: string): Promise<Socket> =>
  new Promise((resolve) => {
    const socket = createConnection({ path }, () => resolve(socket))
  })

test('no socket: the VM is not running or has no agent', async () => {
  await unreachable(clientOf('/nowhere/8101.qga').ping(), 'no socket', 'there is no /nowhere/8101.qga')
})

test('a socket that nobody listens on', async () => {
  const { fake } = await scene()
  const dead = join(fake.folder, 'dead.qga')
  const gone = await FakeAgent.start()
  linkSync(gone.path, dead) // Node removes the name it made, when it stops listening
  await gone.stop()
  await unreachable(clientOf(dead).ping(), 'no socket', 'nothing listens on')
})

test('the line before the socket is full: tried again until time is up', async () => {
  const { fake } = await scene()
  const path = join(fake.folder, 'full.qga')
  const script = `require('net').createServer().listen({ path: ${JSON.stringify(path)}, backlog: 1 }, () => {
    process.stdout.write('up'); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20000) })`
  const frozen = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(frozen.stdout, 'data')
  const line = [await other(path), await other(path)]
  try {
    await unreachable(clientOf(path).ping({ timeoutMs: 250 }), 'silent', 'more stand in line')
    const started = performance.now()
    const aborted = await failure(clientOf(path).ping({ timeoutMs: 5000, signal: AbortSignal.timeout(50) }))
    assert.is(aborted.name, 'TimeoutError')
    assert.ok(performance.now() - started < 1000)
  } finally {
    for (const socket of line) socket.destroy()
    frozen.kill('SIGKILL')
  }
})

test('what an earlier client left behind is passed over', async () => {
  const { fake, agent } = await scene(executing(recorded.bothOutputs))
  const half = Buffer.from('{"return": {"exitco')
  const others = Buffer.from(
    '\xff{"return": 4711}\n{"return": {"pid": 1}}\n{"return": 4712}\nnonsense\n\n\xff\xff',
    'latin1',
  )
  for (const stale of [half, others, Buffer.concat([others, half]), Buffer.from(`${recorded.went}\n`)]) {
    fake.stale = stale
    const { exitCode, stdout, stderr } = await agent.exec(['sh', '-c', 'exit 7'])
    assert.equal({ exitCode, stdout, stderr }, { exitCode: 7, stdout: 'out\n', stderr: 'err\n' })
    agent.release()
  }
})

test('answers that come byte by byte', async () => {
  const { fake, agent } = await scene(executing(recorded.running, recorded.bothOutputs))
  fake.pieces = 1
  assert.is((await agent.exec(['true'])).stdout, 'out\n')
})

test('an agent that never answers: the deadline, and both reasons that it can have', async () => {
  const { fake, agent } = await scene(() => new Promise(() => undefined))
  const started = performance.now()
  await unreachable(
    agent.exec(['true'], { timeoutMs: 150 }),
    'silent',
    /no answer to guest-sync-delimited within 0\.1 s|0\.2 s/,
  )
  assert.ok(performance.now() - started < 1000)
  assert.equal(fake.names, ['guest-sync-delimited']) // nothing that could still be carried out later
})

test('an agent that answers the sync and then falls silent', async () => {
  const { agent } = await scene(({ execute }) => (execute === 'guest-ping' ? new Promise(() => undefined) : undefined))
  await unreachable(agent.ping({ timeoutMs: 100 }), 'silent', 'no answer to guest-ping')
})

test('an agent that goes away in the middle', async () => {
  for (const at of ['guest-sync-delimited', 'guest-exec', 'guest-exec-status']) {
    const { agent } = await scene((question) =>
      question.execute === at ? 'hang up' : executing(recorded.running)(question),
    )
    await unreachable(agent.exec(['true']), 'closed', `ended during ${at}`)
  }
})

test('an agent that goes away in the middle of a line', async () => {
  const { fake, agent } = await scene(async ({ execute }) => {
    if (execute !== 'guest-ping') return undefined
    setTimeout(() => fake.stop(), 20)
    return new Promise(() => undefined)
  })
  open.pop()
  await unreachable(agent.ping(), 'closed', 'ended during guest-ping')
})

test('what a command said and how it ended', async () => {
  const { agent, fake } = await scene(executing(recorded.running, recorded.bothOutputs))
  const result = await agent.exec(['sh', '-c', 'x'], { stdin: 'gruß\n' })
  assert.equal(
    { ...result, durationMs: 0 },
    {
      argv: ['sh', '-c', 'x'],
      exitCode: 7,
      signal: null,
      stdout: 'out\n',
      stderr: 'err\n',
      durationMs: 0,
      timedOut: false,
      notFound: false,
    },
  )
  const order = fake.asked.find(({ execute }) => execute === 'guest-exec')?.arguments
  const input = Buffer.from('gruß\n').toString('base64')
  assert.equal(order, { path: 'sh', arg: ['-c', 'x'], 'capture-output': true, 'input-data': input })
})

test('no exit code is never 0', async () => {
  for (const [told, signal] of [
    [recorded.killed, 'SIGKILL'],
    ['{"return": {"exited": true, "signal": 64}}', 'signal 64'],
    ['{"return": {"exited": true, "out-data": "b3V0Cg=="}}', null],
  ] as const) {
    const { agent } = await scene(executing(told))
    const result = await agent.exec(['x'])
    assert.is(result.exitCode, null)
    assert.is(result.signal, signal)
  }
})

test('a text that the agent cut off is an error, not a text', async () => {
  for (const told of [recorded.truncated, recorded.errTruncated]) {
    const { agent } = await scene(executing(told))
    assert.match((await failure(agent.exec(['cat', '/big']))).message, 'vm:8101: cat /big wrote more than the 16 MiB')
  }
})

test('time is up while the command runs: a result, and the command is not forgotten in it', async () => {
  const { agent } = await scene(executing(recorded.running))
  const result = await agent.exec(['sleep', '99'], { timeoutMs: 120 })
  assert.ok(result.timedOut)
  assert.is(result.exitCode, null)
  assert.match(result.stderr, 'process 27568 goes on in the guest')
})

test('the agent falls silent while the command runs', async () => {
  const { agent } = await scene((question) =>
    question.execute === 'guest-exec-status' ? new Promise(() => undefined) : executing(recorded.went)(question),
  )
  const result = await agent.exec(['true'], { timeoutMs: 300 })
  assert.ok(result.timedOut)
  assert.match(result.stderr, /the agent last answered 0\.[1-9] s ago/)
})

test('called off: before, in the middle, and while it runs', async () => {
  const reason = new Error('stopped by a test')
  const { agent, fake } = await scene(executing(recorded.running))
  assert.is(await failure(agent.exec(['x'], { signal: AbortSignal.abort(reason) })), reason)
  assert.is(fake.connections, 0)
  const stop = new AbortController()
  setTimeout(() => stop.abort(reason), 60)
  assert.is(await failure(agent.exec(['x'], { signal: stop.signal })), reason)
  const mute = await scene(() => new Promise(() => undefined))
  const stopMute = new AbortController()
  setTimeout(() => stopMute.abort(reason), 30)
  assert.is(await failure(mute.agent.ping({ signal: stopMute.signal, timeoutMs: 5000 })), reason)
  await until(() => !mute.fake.isHeld)
})

test('commands run side by side over one connection, and each gets its own answer', async () => {
  let last = 0
  const ended = new Set<unknown>()
  const { agent, fake } = await scene(({ execute, arguments: { pid } }) => {
    if (execute === 'guest-exec') return `{"return": {"pid": ${++last}}}`
    if (execute !== 'guest-exec-status') return undefined
    if (!ended.has(pid) && last < 5) return recorded.running
    ended.add(pid)
    const text = Buffer.from(`process ${pid}`).toString('base64')
    return `{"return": {"exited": true, "exitcode": 0, "out-data": "${text}"}}`
  })
  const results = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((word) => agent.exec(['echo', word])))
  assert.equal(
    results.map(({ stdout }) => stdout).sort(),
    [1, 2, 3, 4, 5].map((pid) => `process ${pid}`),
  )
  assert.is(fake.connections, 1)
})

test('the socket is given back when idle, and between two looks at a long command', async () => {
  const { agent, fake } = await scene(executing(recorded.running))
  await agent.ping()
  assert.ok(fake.isHeld)
  await until(() => !fake.isHeld)
  const long = agent.exec(['sleep', '99'], { timeoutMs: 1500 })
  await sleep(400)
  const before = fake.connections
  await clientOf(fake.path).ping({ timeoutMs: 1000 }) // stands for `qm agent 8101 ping`
  assert.ok((await long).timedOut)
  assert.ok(fake.connections > before + 1)
})

test('one question after the other without a pause: others get their turn all the same', async () => {
  const { agent, fake } = await scene()
  let isOver = false
  const busy = (async () => {
    while (!isOver) await agent.ping()
  })()
  await until(() => fake.isHeld)
  await clientOf(fake.path)
    .ping({ timeoutMs: 2000 })
    .finally(() => {
      isOver = true
    })
  await busy
})

test('someone else has the socket: waited for, and then it goes on', async () => {
  const { agent, fake } = await scene()
  const holder = await other(fake.path)
  setTimeout(() => holder.destroy(), 150)
  fake.answer = ({ execute }) => (execute === 'guest-ping' ? recorded.ping : undefined)
  const started = performance.now()
  await agent.ping()
  assert.ok(performance.now() - started > 120)
})

test('someone else keeps the socket: time is up, and nothing is carried out afterwards', async () => {
  const { agent, fake } = await scene(executing(recorded.went))
  const holder = await other(fake.path)
  await unreachable(agent.exec(['x'], { timeoutMs: 150 }), 'silent', 'or another program holds')
  holder.destroy()
  await clientOf(fake.path).ping()
  assert.not(fake.names.includes('guest-exec'))
})

test('who gives up in the line does not cut off the one who is being served', async () => {
  const { agent } = await scene(async ({ execute }) => {
    if (execute !== 'guest-ping') return undefined
    await sleep(250)
    return recorded.ping
  })
  const served = agent.ping()
  await sleep(20)
  await unreachable(agent.ping({ timeoutMs: 50 }), 'silent', "didn't get its turn")
  await served
})

test('a refusal is told as the agent says it, and the connection stays good', async () => {
  const { agent, fake } = await scene(({ execute }) => {
    if (execute === 'guest-exec') return recorded.noSuchTool100
    return execute === 'guest-ping' ? recorded.ping : undefined
  })
  const error = await failure(agent.exec(['nope']))
  assert.instance(error, AgentRefused)
  assert.is((error as AgentRefused).errorClass, 'GenericError')
  assert.match(error.message, 'vm:8101: the guest agent refused guest-exec: Failed to execute child process “nope”')
  await agent.ping()
  assert.is(fake.connections, 1)
})

test('an agent that was started anew does not know the process', async () => {
  for (const told of [recorded.unknownPid72, recorded.unknownPid100]) {
    const { agent } = await scene(executing(recorded.running, told))
    assert.match((await failure(agent.exec(['x']))).message, 'refused guest-exec-status')
  }
})

test('what is no answer at all is said, and the next call begins anew', async () => {
  for (const told of ['nonsense', '[]', '"x"', '{}', '{"error": 1}', '\xff', 'null']) {
    const { agent, fake } = await scene(({ execute }) => (execute === 'guest-ping' ? told : undefined))
    const message = (await failure(agent.ping())).message
    if (told !== '\xff') assert.match(message, "doesn't speak as a guest agent does", told)
    fake.answer = ({ execute }) => (execute === 'guest-ping' ? recorded.ping : undefined)
    await agent.ping()
  }
})

test('an answer that comes too late is not taken for the next one', async () => {
  const { agent } = await scene(async ({ execute }) => {
    if (execute === 'guest-info') return '{"return": {"version": "10.0.13", "supported_commands": []}}'
    if (execute !== 'guest-ping') return undefined
    await sleep(200)
    return recorded.ping
  })
  await unreachable(agent.ping({ timeoutMs: 80 }), 'silent', 'no answer to guest-ping')
  assert.is((await agent.info()).version, '10.0.13')
})

test('what nobody asked for is not taken for an answer', async () => {
  const { agent } = await scene(({ execute }) => {
    if (execute === 'guest-info') return '{"return": {"version": "10.0.13", "supported_commands": []}}'
    return execute === 'guest-ping' ? `${recorded.ping}\n${recorded.started}` : undefined
  })
  await agent.ping()
  assert.is((await agent.info()).version, '10.0.13')
})

test('a line without an end fills no memory', async () => {
  const { agent } = await scene(({ execute }) =>
    execute === 'guest-ping' ? Buffer.alloc(49 * 2 ** 20, 'x') : undefined,
  )
  assert.match((await failure(agent.ping({ timeoutMs: 20_000 }))).message, 'without the end of a line')
})

test('a NUL byte would cut an argument off in the guest: refused', async () => {
  const { agent, fake } = await scene()
  let message = ''
  try {
    await agent.exec(['cat', '/etc/passwd\0x'])
  } catch (error) {
    message = (error as Error).message
  }
  assert.match(message, 'NUL')
  assert.is(fake.connections, 0)
})

test('what the agent is and what it would carry out', async () => {
  const told = {
    version: '10.0.13',
    supported_commands: [
      { enabled: true, name: 'guest-ping', 'success-response': true },
      { enabled: false, name: 'guest-exec', 'success-response': true },
    ],
  }
  const { agent } = await scene(({ execute }) =>
    execute === 'guest-info' ? JSON.stringify({ return: told }) : undefined,
  )
  const { version, commands } = await agent.info()
  assert.is(version, '10.0.13')
  assert.equal([...commands], ['guest-ping'])
})

test.run()

/** Every documented exit code, by a case that a person could meet; no stack trace in any, and --json is JSON alone. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { assertValid, type SchemaName } from '../view/schema.ts'
import { disk, makeTools } from './local-tools.ts'
import { type Ended, ended, Program } from './program.ts'
import { assertNoStack, diskA, diskB, Scene, summaryOf, tank } from './scene.ts'

const program = await Program.open()

function assertEvents(out: string): void {
  for (const line of out.trimEnd().split('\n')) assertValid('events', JSON.parse(line))
}

/** The exit code, no stack trace, and what a person is told. */
function assertEnded(given: Ended, code: number, ...says: readonly (string | RegExp)[]): void {
  assert.is(given.code, code, `${given.out}${given.err}`)
  assertNoStack(given, given.out + given.err)
  for (const one of says) assert.match(given.out + given.err, one)
}

/** Waits for what another process is about to do. */
async function until(what: string, isSo: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000
  while (!isSo()) {
    if (Date.now() > deadline) throw new Error(`waited 20 s in vain for ${what}`)
    await setTimeout(20)
  }
}

/** Keeps changes of the simulated host waiting, by the lock that lib/host/simulated/folder.ts takes for each. */
async function holdHost(scene: Scene): Promise<() => void> {
  const hash = createHash('sha256').update(scene.host).digest('hex').slice(0, 40)
  const server = createServer()
  await new Promise<void>((held) => server.listen(`\0phx-sim ${hash}`, held))
  return () => void server.close()
}

test('0: converged, nothing to do, a plan without changes, a valid config, help', async () => {
  const scene = new Scene(program)
  assertEnded(await scene.phx(['plan']), 0)
  assertEnded(await scene.phx(['run']), 0, 'Done')
  assertEnded(await scene.phx(['run']), 0, 'Nothing to do')
  assertEnded(await scene.phx(['plan', '--detailed-exitcode']), 0)
  assertEnded(await scene.phx(['validate']), 0)
  assertEnded(await scene.raw(['--help']), 0)
})

test('1: a command fails; its output is told, dependents are skipped, the next run goes on', async () => {
  const scene = new Scene(program)
  await scene.otherTank()
  await scene.sim('sim hold /tank/old')
  const failed = await scene.phx(['run', '--force-destructive'])
  assertEnded(failed, 1, 'zpool destroy tank', 'busy', /skipped storage:tank/)
  assert.match(await scene.sim('zfs list -H -o name'), 'tank/old')
  await scene.sim('sim release /tank/old')
  assertEnded(await scene.phx(['run', '--force-destructive']), 0)
})

test('1: a host that can not be looked at', async () => {
  const scene = new Scene(program)
  await scene.sim('sim remove-tool zpool')
  for (const verb of ['run', 'plan', 'status']) assertEnded(await scene.phx([verb]), 1, 'zpool')
})

test('2: plan --detailed-exitcode, when there are changes', async () => {
  const scene = new Scene(program)
  assertEnded(await scene.phx(['plan', '--detailed-exitcode']), 2, 'create mirror pool tank')
})

test('3: an ext4 disk in safe mode, whose file is still there when it is mounted again', async () => {
  const scene = new Scene(program)
  await scene.ext4(diskA)
  const before = scene.state
  for (const args of [['run'], ['run', '--dry-run'], ['plan', '--detailed-exitcode']])
    assertEnded(await scene.phx(args), 3, 'ext4 "backup"', '--allow-destroy zpool:tank')
  assert.equal(scene.state, before)
  assert.match((await scene.raw(['sim', scene.host, '--', 'wipefs', diskA])).out, 'ext4')
  await scene.raw(['sim', scene.host, '--', 'mount', diskA, '/mnt/backup'])
  assert.is((await scene.raw(['sim', scene.host, '--', 'cat', '/mnt/backup/photos'])).out, 'the only copy')
})

test('3: a hard refusal, which no consent lifts', async () => {
  const scene = new Scene(program)
  await scene.sim(`zpool create someone ${diskB}`)
  const before = scene.state
  assertEnded(await scene.phx(['run', '--force-destructive']), 3, 'is a member of pool someone')
  assert.equal(scene.state, before)
})

test('4: mistakes in the config, every one located', async () => {
  const scene = new Scene(program)
  const text = readFileSync(scene.config, 'utf8')
  writeFileSync(scene.config, text.replace('raid_level', 'raid_levl').replace('100G', '100 apples'))
  for (const verb of ['validate', 'plan', 'run', 'status', 'graph'])
    assertEnded(await scene.phx([verb]), 4, 'did you mean raid_level', 'config.json:', '100 apples')
  writeFileSync(scene.config, '{ "zfs": ')
  assertEnded(await scene.phx(['plan']), 4, 'config.json:1')
})

test('4: a config that is not there, or is a folder', async () => {
  const scene = new Scene(program)
  assertEnded(await scene.raw(['plan', '-c', join(scene.folder, 'gone.json')]), 4, 'gone.json')
  assertEnded(await scene.raw(['plan', '-c', scene.folder]), 4)
})

test('4: an unknown flag, command, target, mode or host, each with what was meant', async () => {
  const scene = new Scene(program)
  assertEnded(await scene.phx(['run', '--dry-rnu']), 4, 'dry-run')
  assertEnded(await scene.raw(['rnu']), 4, 'run')
  assertEnded(await scene.raw([]), 4, 'run')
  assertEnded(await scene.phx(['run', 'zfs:tnak']), 4, 'did you mean zfs:tank')
  assertEnded(await scene.phx(['run', '--mode', 'forse-destructive']), 4, 'did you mean force-destructive')
  assertEnded(await scene.phx(['run', '--jobs', '0']), 4, '--jobs')
  assertEnded(await scene.raw(['plan', '-c', scene.config, '--host', 'simulted']), 4, 'did you mean simulated')
  assert.not.ok(existsSync(scene.host), 'a mistake makes nothing')
})

test('5: another run holds the lock: who, since when, doing what', async () => {
  const scene = new Scene(program)
  await scene.ext4(diskA)
  const first = scene.start(['run', '--interactive'], { stdin: null })
  const firstEnd = ended(first)
  let asked = ''
  first.stderr?.on('data', (text: string) => (asked += text))
  await until('the question', () => asked.includes('To agree, type'))
  const second = await scene.phx(['run', '--force-destructive'])
  assertEnded(second, 5, `pid ${first.pid}`, /since \d{4}-\d\d-\d\dT/, 'phx run', '--interactive')
  const asJson = await scene.phx(['run', '--json'])
  assertEnded(asJson, 5)
  assert.is(asJson.out, '')
  assertEnded(await scene.phx(['plan']), 0)
  first.stdin?.end('tank\n')
  assertEnded(await firstEnd, 0)
  assertEnded(await scene.phx(['run']), 0, 'Nothing to do')
})

test('130: Ctrl-C once finishes the running command and sums up; the next run goes on', async () => {
  const scene = new Scene(program)
  await scene.sim('true')
  const release = await holdHost(scene)
  const run = scene.start(['run', '--json'])
  const end = ended(run)
  let out = ''
  run.stdout?.on('data', (text: string) => (out += text))
  await until('zpool create', () => out.includes('"command-start"'))
  run.kill('SIGINT')
  await until('the word that it stops', () => out.includes('"stopping"'))
  release()
  const interrupted = await end
  assertEnded(interrupted, 130)
  assertEvents(interrupted.out)
  const { mutations, tasks, next } = summaryOf(interrupted.out)
  assert.is(mutations, 1)
  assert.equal(
    tasks.map(({ task, outcome }) => `${task} ${outcome}`),
    ['zfs:tank interrupted', 'storage:tank skipped'],
  )
  assert.match(next.join(), 'goes on from what it finds')
  assert.equal(
    scene.state.pools.map((pool) => pool.name),
    ['tank'],
    'the command that ran was finished',
  )
  assert.is((await scene.standings())['zfs:tank'], 'interrupted')
  assertEnded(await scene.phx(['run']), 0, 'Done')
  assertEnded(await scene.phx(['run']), 0, 'Nothing to do')
})

test('130: Ctrl-C at the question is a no, at once', async () => {
  const scene = new Scene(program)
  await scene.ext4(diskA)
  const before = scene.state
  const run = scene.start(['run', '--interactive'], { stdin: null })
  const end = ended(run)
  let asked = ''
  run.stderr?.on('data', (text: string) => (asked += text))
  await until('the question', () => asked.includes('To agree, type'))
  run.kill('SIGINT')
  assertEnded(await end, 130)
  assert.equal(scene.state, before)
})

test('130: on the local host, Ctrl-C once waits for the command, twice ends it', async () => {
  for (const [signals, seconds] of [
    [1, 1],
    [2, 60],
  ] as const) {
    const scene = new Scene(program, { zfs: { pools: [{ name: 'tank', raid_level: 'single', disks: [disk] }] } })
    const PATH = `${makeTools(scene.folder, seconds)}:${process.env.PATH}`
    const state = join(scene.folder, 'state')
    const run = program.start(['run', '-c', scene.config, '--state-dir', state], {
      cwd: scene.work,
      variables: { PATH },
    })
    const end = ended(run)
    await until('zpool create', () => existsSync(join(scene.folder, 'creating')))
    for (let count = 0; count < signals; count++) {
      run.kill('SIGINT')
      await setTimeout(200)
    }
    assertEnded(await end, 130, 'stopping', 'Interrupted')
    assert.is(existsSync(join(scene.folder, 'created')), signals === 1)
    const pid = Number(readFileSync(join(scene.folder, 'creating'), 'utf8'))
    assert.throws(() => process.kill(pid, 0), 'ESRCH', 'the command is gone')
  }
})

test('--json: every document and every event is valid against its schema, and nothing else is on standard output', async () => {
  const scene = new Scene(program)
  await scene.ext4(diskA)
  const check = async (): Promise<void> => {
    for (const name of ['plan', 'status', 'graph', 'validate', 'runs'] satisfies SchemaName[])
      assertValid(name, JSON.parse((await scene.phx([name, '--json'])).out))
    assertValid('why', JSON.parse((await scene.phx(['why', 'zfs:tank', '--json'])).out))
    assertValid('graph', JSON.parse((await scene.phx(['graph', '--format', 'json', '--status'])).out))
    assertEvents((await scene.phx(['run', '--dry-run', '--json'])).out)
  }
  await check()
  const refused = await scene.phx(['run', '--json'])
  assert.is(refused.code, 3)
  assertEvents(refused.out)
  const asked = await scene.phx(['run', '--json', '--interactive'], { stdin: 'tank\n' })
  assert.is(asked.code, 0)
  assertEvents(asked.out)
  assert.match(asked.err, 'This destroys data')
  await check()
  const { runs } = JSON.parse((await scene.phx(['runs', '--json'])).out) as { runs: { run: string }[] }
  assertValid('runs', JSON.parse((await scene.phx(['runs', '--json', runs[0]?.run ?? ''])).out))
  await scene.sim('zfs set compression=off tank/guests')
  await scene.sim(`sim unplug ${diskB}`)
  await check()
  await scene.sim('sim remove-tool zfs')
  assertEvents((await scene.phx(['run', '--json'])).out)
  assertValid('plan', JSON.parse((await scene.phx(['plan', '--json'])).out))
})

test('--json: when a call can not even begin, standard output stays empty', async () => {
  const scene = new Scene(program)
  const calls = [
    ['run', 'zfs:nowhere'],
    ['plan', '--mode', 'wild'],
    ['status', '--nonsense'],
    ['runs', 'none'],
  ]
  for (const call of calls) {
    const given = await scene.phx([...call, '--json'])
    assertEnded(given, 4)
    assert.is(given.out, '', call.join(' '))
  }
  scene.configure({ zfs: { ...tank.zfs, datasets: [{ name: 'x', pool: 'nowhere' }] } } as typeof tank)
  for (const verb of ['run', 'plan', 'status', 'graph']) assert.is((await scene.phx([verb, '--json'])).out, '', verb)
})

test.after(() => program.clean())
test.run()

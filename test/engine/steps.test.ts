/** What a step can be, beyond a plain command: secrets, files, waiting, tools whose exit code lies, reboots. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Hopeless } from '../../lib/engine/hopeless.ts'
import { plan, status } from '../../lib/engine/plan.ts'
import type { Comparison, Resource, Step } from '../../lib/engine/resource.ts'
import { noSecrets, Secret } from '../../lib/engine/secret.ts'
import { readRun } from '../../lib/state/journal.ts'
import { type Bench, FakeHost, fakeTask, withBench } from './fake.ts'

/** One resource that is as declared once `done` stands on the host, and that takes these steps to get there. */
function withSteps(steps: readonly Step[], more: Partial<Comparison> = {}): Resource {
  return {
    id: 'thing:a',
    locks: [],
    async compare(look): Promise<Comparison> {
      const isDone = (await look.reader.readFile('done')) !== undefined
      const change = {
        resource: 'thing:a',
        action: 'update' as const,
        risk: 'safe' as const,
        summary: 'do it',
        fields: [],
        steps: [...steps, { kind: 'command' as const, argv: ['set', 'done', 'yes'] }],
        undo: { impossible: 'a test' },
      }
      return { changes: isDone ? [] : [change], refusals: [], notes: [], live: {}, ...more }
    },
  }
}

const task = (steps: readonly Step[], more: Partial<Comparison> = {}) =>
  fakeTask({ id: 'a', resources: [withSteps(steps, more)] })

const everything = (bench: Bench): string =>
  JSON.stringify(bench.events) +
  ['runs', 'stamps']
    .flatMap((folder) =>
      readdirSync(join(bench.state.path, folder)).map((name) => join(bench.state.path, folder, name)),
    )
    .map((file) => readFileSync(file, 'utf8'))
    .join('')

test('a secret goes to standard input and nowhere else, also when the tool repeats it and fails', () =>
  withBench(async (bench) => {
    const secret = new Secret('marker-4711')
    let read: string | Buffer | undefined
    bench.host.intercept = (argv, options) => {
      if (argv[0] !== 'take') return undefined
      read = options.stdin
      return FakeHost.failed(argv, `bad password marker-4711`)
    }
    const secrets = { ...noSecrets, redact: (text: string) => text.replaceAll('marker-4711', '[secret]') }
    const stdin = secret.map((text) => `${text}\n${text}\n`)
    const summary = await bench.run([task([{ kind: 'command', argv: ['take'], stdin }])], { secrets })
    assert.is(read, 'marker-4711\nmarker-4711\n')
    assert.is(summary.failed, 1)
    assert.match(everything(bench), 'bad password [secret]')
    assert.not.match(everything(bench), /marker/)
    assert.is(`${secret}${JSON.stringify({ secret })}`, '[secret]{"secret":"[secret]"}')
  }))

test('a command that is asked again counts as failed only at its last try', () =>
  withBench(async (bench) => {
    let left = 2
    bench.host.intercept = (argv) => (argv[0] === 'works' && left-- > 0 ? FakeHost.failed(argv, 'not yet') : undefined)
    const works: Step = { kind: 'command', argv: ['works'], again: { times: 2, afterMs: 1 }, mend: ['look there'] }
    const commands = () => bench.events.filter((event) => event.type === 'command-start' && event.argv[0] === 'works')
    left = 3
    const failed = await bench.run([task([works])])
    assert.match(failed.tasks[0]?.why ?? '', 'works ended with exit code 1, also at the last of 3 tries')
    assert.equal(failed.tasks[0]?.failure?.mend, ['look there'])
    assert.is(commands().length, 3)
    left = 1
    assert.is((await bench.run([task([works])])).failed, 0)
    assert.is(commands().length, 5)
  }))

test('a tool whose exit code says nothing is judged by what it says', () =>
  withBench(async (bench) => {
    const judge = ({ stderr }: { stderr: string }) => (stderr === '' ? undefined : `it complained: ${stderr}`)
    bench.host.intercept = (argv) =>
      argv[0] === 'liar' ? { ...FakeHost.failed(argv, 'half of it is missing'), exitCode: 0 } : undefined
    const failed = await bench.run([task([{ kind: 'command', argv: ['liar'], judge }])])
    assert.match(failed.tasks[0]?.why ?? '', 'it complained: half of it is missing')
    bench.host.intercept = (argv) => (argv[0] === 'liar' ? FakeHost.failed(argv, '') : undefined)
    assert.is((await bench.run([task([{ kind: 'command', argv: ['liar'], judge }])])).changed, 1)
  }))

test('a file that somebody else changed since the plan is not written', () =>
  withBench(async (bench) => {
    bench.host.values.set('/etc/x', 'theirs')
    const file = { path: '/etc/x', content: 'ours', mode: 0o644 }
    const failed = await bench.run([task([{ kind: 'write', file, replaces: 'as it was' }])])
    assert.match(failed.tasks[0]?.why ?? '', '/etc/x was changed by someone else')
    assert.is(bench.host.values.get('/etc/x'), 'theirs')
    assert.is((await bench.run([task([{ kind: 'write', file, replaces: 'theirs' }])])).changed, 1)
    assert.is(bench.host.values.get('/etc/x'), 'ours')
  }))

test('the former text of a file that is removed stands in the journal', () =>
  withBench(async (bench) => {
    bench.host.values.set('/etc/x', 'worth keeping')
    const summary = await bench.run([task([{ kind: 'remove', path: '/etc/x' }])])
    assert.is(bench.host.values.has('/etc/x'), false)
    const [change] = readRun(bench.state, summary.run)?.changes ?? []
    assert.is(change?.commands[0]?.remove, '/etc/x')
    assert.match(everything(bench), 'worth keeping')
  }))

test('a condition is waited for until its deadline, and then the run says what was last seen and where to look', () =>
  withBench(async (bench) => {
    let looks = 0
    const wait = (withinMs: number): Step => ({
      kind: 'verify',
      what: 'the server answers',
      withinMs,
      mend: ['systemctl status server'],
      check: async () => {
        looks += 1
        return looks < 3 ? `no answer to look ${looks}` : undefined
      },
    })
    assert.is((await bench.run([task([wait(60_000)])])).changed, 1)
    assert.is(looks, 3)
    bench.host.values.clear()
    looks = -1000
    const failed = await bench.run([task([wait(600)])])
    assert.match(
      failed.tasks[0]?.why ?? '',
      /could not be verified within 1 s that the server answers: no answer to look -99/,
    )
    assert.equal(failed.tasks[0]?.failure?.mend, ['systemctl status server'])
  }))

test('waiting ends at once when it is hopeless', () =>
  withBench(async (bench) => {
    let looks = 0
    const check = async () => {
      looks += 1
      throw new Hopeless('it is not configured at all')
    }
    const failed = await bench.run([task([{ kind: 'verify', what: 'the agent answers', withinMs: 60_000, check }])])
    assert.match(failed.tasks[0]?.why ?? '', 'it is not configured at all')
    assert.is(looks, 1)
  }))

test('what a long job says is told while it lasts, and kept in the journal without the secrets', () =>
  withBench(async (bench) => {
    let looks = 0
    const job: Step = {
      kind: 'verify',
      what: 'the job has ended',
      withinMs: 60_000,
      check: async (_, tell) => {
        looks += 1
        tell(`part ${looks} of marker-4711\n`)
        return looks < 2 ? 'it runs' : undefined
      },
    }
    const secrets = { ...noSecrets, redact: (text: string) => text.replaceAll('marker-4711', '[secret]') }
    const summary = await bench.run([task([job])], { secrets })
    const said = ['part 1 of [secret]\n', 'part 2 of [secret]\n']
    assert.equal(
      bench.events.flatMap((event) => (event.type === 'output' ? event.text : [])),
      said,
    )
    assert.is(readRun(bench.state, summary.run)?.changes[0]?.output, said.join(''))
  }))

test('a command can be given the bytes of a file to read', () =>
  withBench(async (bench) => {
    const stdin = Buffer.from([0, 255, 10])
    const read: unknown[] = []
    bench.host.intercept = (_, options) => {
      read.push(options.stdin)
      return undefined
    }
    await bench.run([task([{ kind: 'command', argv: ['set', 'x', 'y'], stdin }])])
    assert.ok(read.includes(stdin))
    assert.not.ok(everything(bench).includes('\\u0000'))
  }))

test('what waits for a reboot is no failure: it is said by run, plan and status, and the next run goes on', () =>
  withBench(async (bench) => {
    const reboot = ['nouveau is loaded']
    const waiting = [task([], { reboot })]
    const first = await bench.run(waiting)
    assert.is(first.exitCode, 0)
    assert.equal(first.rebootRequired, reboot)
    assert.is(first.rebooting, false)
    assert.ok(first.next.some((line) => line.includes('reboot the host')))
    const again = await bench.run(waiting)
    assert.is(again.mutations, 0)
    assert.equal(again.rebootRequired, reboot)
    assert.is((await plan(bench.running(waiting))).summary.rebootRequired, 1)
    const [told] = await status(bench.running(waiting))
    assert.is(told?.reason.standing, 'reboot required')
    assert.is(told?.reason.text, 'nouveau is loaded')
    // After the reboot.
    const rest = [task([])]
    assert.is((await bench.run(rest)).exitCode, 0)
    assert.is((await status(bench.running(rest)))[0]?.reason.standing, 'up to date')
  }))

test('--reboot reboots once at the end of a run that went well, and not again for what a reboot does not mend', () =>
  withBench(async (bench) => {
    const bootId = '/proc/sys/kernel/random/boot_id'
    const waiting = [task([], { reboot: ['nouveau is loaded'] })]
    const reboots = () => bench.host.log.filter((line) => line === 'reboot').length
    bench.host.values.set(bootId, 'one')
    assert.is((await bench.run(waiting)).rebooting, false)
    assert.is((await bench.run(waiting, { reboot: true })).rebooting, true)
    assert.is(reboots(), 1)
    bench.host.values.set(bootId, 'two')
    const again = await bench.run(waiting, { reboot: true })
    assert.is(again.rebooting, false)
    assert.is(reboots(), 1)
    assert.ok(bench.events.some((event) => event.type === 'warning' && event.text.includes('did not help')))
    assert.is((await bench.run([task([], { reboot: ['a new kernel'] })], { reboot: true })).rebooting, true)
    assert.is((await bench.run([task([])], { reboot: true })).rebooting, false)
  }))

test('a run that failed does not reboot', () =>
  withBench(async (bench) => {
    const broken = fakeTask({ id: 'b', resources: [withSteps([{ kind: 'command', argv: ['fail'] }])] })
    bench.host.intercept = (argv) => (argv[0] === 'fail' ? FakeHost.failed(argv) : undefined)
    const waiting = fakeTask({ id: 'a', resources: [withSteps([], { changes: [], reboot: ['x'] })] })
    const summary = await bench.run([waiting, broken], { reboot: true })
    assert.is(summary.exitCode, 1)
    assert.is(summary.rebooting, false)
  }))

test.run()

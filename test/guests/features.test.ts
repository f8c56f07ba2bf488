/** Features: scripts that run once in a guest, until they change. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { checksOf, unknownChecks } from '../../lib/config/feature-checks.ts'
import { scriptOf } from '../../lib/config/feature-scripts.ts'
import type { Reader } from '../../lib/host/host.ts'
import { isReadOnly } from '../../lib/host/readonly.ts'
import { GrowingLog } from '../../lib/resources/guest/feature-log.ts'
import { dyingAt } from '../engine-scene.ts'
import { type Scene, scene } from './scene.ts'

const script = (...lines: string[]) => scriptOf('tools', ['#!/bin/sh', ...lines, ''].join('\n'))
const counting = script('# sim: says hello from the script', '# sim: takes 3', '# sim: writes /srv/done yes')

async function withFeature(one = counting): Promise<Scene> {
  const made = await scene({ features: ['tools'] })
  made.scripts = [one]
  return made
}

const marker = async (one: Scene) => JSON.parse(await one.inside('cat /var/lib/phx/features/tools.json'))
const starts = (commands: readonly string[]) => commands.filter((line) => line.includes('systemd-run')).length

test('a feature runs once; what it said is in the journal, and it runs again only when it changed', async () => {
  const one = await withFeature()
  const first = await one.converge()
  assert.is(starts(first.commands), 1)
  assert.is(await one.inside('cat /srv/done'), 'yes\n')
  assert.equal(await marker(one), { name: 'tools', sha256: counting.sha256, result: 'done' })
  assert.match(one.stateTexts(), 'hello from the script')
  one.scripts = [script('# sim: writes /srv/done again')]
  const second = await one.converge()
  assert.is(starts(second.commands), 1)
  assert.is(await one.inside('cat /srv/done'), 'again\n')
})

test('a feature that fails is told with its last words, and is not taken for done', async () => {
  const one = await withFeature(script('# sim: says no such repository', '# sim: exit 3'))
  const { summary } = await one.run(1)
  const failed = summary.tasks.find(({ task }) => task === 'vm:8101:features')
  assert.match(failed?.why ?? '', /feature tools ended with exit code 3; its last words:\nno such repository/)
  assert.is((await marker(one)).result, 'running')
  const [change] = (await one.changes()).filter(({ resource }) => resource === 'vm:8101/feature:tools')
  assert.equal(change?.fields, [{ field: 'result', from: 'failed (exit-code, exit code 3)', to: 'done' }])
  one.scripts = [counting]
  await one.converge()
})

test('a feature that takes longer than declared is ended', async () => {
  const one = await scene({ features: ['tools'], feature_timeout_seconds: 2 })
  one.scripts = [script('# sim: takes 60')]
  const { summary } = await one.run(1)
  assert.match(summary.tasks.find(({ task }) => task === 'vm:8101:features')?.why ?? '', 'took longer than 2 s')
})

test('a guest that restarts in the midst of a feature: it is known as cut off, and runs again', async () => {
  const one = await withFeature(script('# sim: takes 5', '# sim: writes /srv/done yes'))
  await one.converge()
  const path = '/var/lib/phx/features/tools.json'
  await one.inside(`install -m 0644 /dev/null ${path}`)
  await one.sim(
    ['sim', 'in', 'vm:8101', '--', 'dd', `of=${path}`, 'status=none'],
    '{"name":"tools","sha256":"0","result":"running"}\n',
  )
  await one.sim('qm reboot 8101')
  await one.sim('sim wait 10')
  const [change] = (await one.changes()).filter(({ resource }) => resource === 'vm:8101/feature:tools')
  assert.ok(change?.fields.some(({ field, from }) => field === 'result' && from === 'interrupted'))
  await one.converge()
})

test('killed while a feature runs: the next run waits for it, and does not start it a second time', async () => {
  const one = await withFeature()
  const other = await withFeature()
  const all = (await other.run()).commands
  const nth = all.findIndex((line) => line.includes('systemd-run')) + 1
  // Commands of the steps before count too.
  const { summary } = await withFeature().then((third) => third.run())
  const { host } = dyingAt(one.host, summary.mutations - all.length + nth, true)
  await one.run(1, host).catch(() => undefined)
  const rest = await one.converge()
  assert.is(starts(rest.commands), 0)
  assert.is((await marker(one)).result, 'done')
})

const checked = (...lines: string[]) =>
  script('# phx-check: test -f /srv/done', '# phx-check: grep -qx yes /srv/done', ...lines)

test('a feature with a check of its own: the check decides, whatever the marker says', async () => {
  const one = await withFeature(checked('# sim: writes /srv/done yes'))
  await one.converge()
  await one.inside('rm -f /srv/done')
  const [change] = (await one.changes()).filter(({ resource }) => resource === 'vm:8101/feature:tools')
  assert.equal(change?.fields, [{ field: 'check', from: 'test -f /srv/done: exit code 1', to: 'holds' }])
  assert.is(starts((await one.converge()).commands), 1)
  one.scripts = [checked('# sim: writes /srv/done another')]
  assert.match(await one.notes(), 'its own check holds, so it is not run again')
  assert.is(starts((await one.converge()).commands), 0)
})

test('what is there before phx came, as its check has it, is not put there again', async () => {
  const one = await scene({ features: [] })
  await one.converge()
  await one.inside('touch /srv/done')
  one.declare({ features: ['tools'] })
  one.scripts = [script('# phx-check: test -e /srv/done', '# sim: writes /srv/done again')]
  assert.is(starts((await one.converge()).commands), 0)
  assert.is(await one.inside('cat /srv/done'), '')
})

test('a script that ends well and leaves its own check failing is told so, and runs again the next time', async () => {
  const one = await withFeature(checked('# sim: writes /srv/done no'))
  const { summary } = await one.run(1)
  const failed = summary.tasks.find(({ task }) => task === 'vm:8101:features')
  assert.match(
    failed?.why ?? '',
    /that feature tools is there, as its own check has it: grep -qx yes \/srv\/done: exit code 1/,
  )
  one.scripts = [checked('# sim: writes /srv/done yes')]
  assert.is(starts((await one.converge()).commands), 1)
})

test('a check that could change something is refused when the config is read', () => {
  const text = '#!/bin/sh\n# phx-check: test -e /x\n# phx-check: systemctl restart docker\n# phx-check: rm /x\n'
  assert.equal(checksOf(text), [['test', '-e', '/x']])
  assert.equal(unknownChecks(text), ['systemctl restart docker', 'rm /x'])
  assert.ok(checksOf(text).every(isReadOnly))
})

test('a log is read on from where it was left, whole signs and each once', async () => {
  let bytes = Buffer.alloc(0)
  let told = ''
  const asked: string[] = []
  const reader = {
    query: async (argv: readonly string[]) => {
      asked.push(argv.join(' '))
      const from = Number(argv[2]) - 1
      return { exitCode: 0, stdout: bytes.toString().split('\n').slice(from).join('\n') }
    },
  } as unknown as Reader
  const log = new GrowingLog('/x')
  const whole = Buffer.from('first\nzwölf Boxkämpfer\nlast')
  for (let end = 0; end <= whole.length; end += 1) {
    bytes = whole.subarray(0, end)
    told += await log.added(reader)
  }
  assert.is(told, whole.toString())
  assert.is(asked.at(-1), 'tail -n +3 -- /x')
  assert.is(log.last, 'last')
})

test.run()

import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { StateFolder } from '../../lib/state/folder.ts'
import { takeLock } from '../../lib/state/lock.ts'
import { assertValid } from '../view/schema.ts'
import { callPhx, Scene } from './scene.ts'

async function within(act: (scene: Scene) => Promise<void>): Promise<void> {
  const scene = new Scene()
  try {
    await act(scene)
  } finally {
    scene.clean()
  }
}

const two = [
  { id: 'file:a', content: 'A' },
  { id: 'file:b', content: 'B', needs: ['file:a'] },
]

test('run converges; the second run does nothing', () =>
  within(async (scene) => {
    scene.tasks = two
    const first = await scene.phx(['run'])
    assert.is(first.code, 0, first.err)
    assert.is(readFileSync(scene.path('file:b'), 'utf8'), 'B')
    assert.match(first.out, 'Done: 2 changed, 0 already so; 2 commands changed the host')
    const second = await scene.phx(['run'])
    assert.is(second.code, 0)
    assert.match(second.out, 'Nothing to do: 2 tasks are up to date')
  }))

test('run --json: every line is a valid event, the last one the summary', () =>
  within(async (scene) => {
    scene.tasks = two
    const { out, code } = await scene.phx(['run', '--json'])
    assert.is(code, 0)
    const events = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    for (const event of events) assertValid('events', event)
    assert.is(events[0].type, 'run')
    assert.is(events.at(-1).type, 'summary')
    assert.is(events.at(-1).mutations, 2)
  }))

test('a failing command: exit 1, its output and the skipped dependents are told', () =>
  within(async (scene) => {
    scene.tasks = [
      { id: 'file:a', content: 'A', commands: [['ls', '/there/is/nothing']] },
      { id: 'file:b', content: 'B', needs: ['file:a'] },
      { id: 'file:c', content: 'C' },
    ]
    const { code, out } = await scene.phx(['run'])
    assert.is(code, 1)
    assert.match(out, /failed file:a after .*ls ended with exit code 2/)
    assert.match(out, '$ ls /there/is/nothing')
    assert.match(out, /\| ls: cannot access/)
    assert.match(out, 'skipped file:b: needs file:a')
    assert.is(readFileSync(scene.path('file:c'), 'utf8'), 'C')
    const { out: runs } = await scene.phx(['runs'])
    assert.match(runs, /failed .*phx run/)
    const id = runs.split(' ')[0] ?? ''
    assert.match((await scene.phx(['runs', id.slice(0, 12)])).out, '$ ls /there/is/nothing  (exit 2')
  }))

test('every document is valid against its schema', () =>
  within(async (scene) => {
    scene.tasks = [
      ...two,
      { id: 'file:d', content: 'D', destructive: true },
      { id: 'file:e', content: 'E', refusal: 'no' },
    ]
    await scene.phx(['run', 'file:b'])
    writeFileSync(scene.path('file:a'), 'drifted')
    const json = async (...argv: string[]) => JSON.parse((await scene.phx([...argv, '--json'])).out)
    assertValid('plan', await json('plan'))
    assertValid('status', await json('status'))
    assertValid('why', await json('why', 'file:b'))
    assertValid('graph', await json('graph'))
    assertValid('graph', await json('graph', '--status'))
    assertValid('validate', await json('validate'))
    assertValid('runs', await json('runs'))
    const dry = (await scene.phx(['run', '--dry-run', '--json'])).out.trimEnd().split('\n')
    for (const line of dry) assertValid('events', JSON.parse(line))
    assert.is(JSON.parse(dry.at(-1) ?? '').exitCode, 3)
  }))

test('read-only verbs leave the host, the state folder and the journal byte for byte as before', () =>
  within(async (scene) => {
    scene.tasks = two
    const verbs = [
      ['plan'],
      ['plan', '--detailed-exitcode'],
      ['status'],
      ['why', 'file:b'],
      ['graph'],
      ['graph', '--status'],
      ['validate'],
      ['run', '--dry-run'],
      ['runs'],
    ]
    const check = async () => {
      const before = snapshot(scene.folder)
      for (const verb of verbs) {
        await scene.phx(verb)
        await scene.phx([...verb, '--json'])
      }
      assert.equal(snapshot(scene.folder), before)
    }
    await check()
    await scene.phx(['run'])
    writeFileSync(scene.path('file:a'), 'drifted')
    await check()
  }))

/** Every file below a folder with its content and when it was changed. */
function snapshot(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const { mtimeMs, isFile } = {
        mtimeMs: statSync(join(folder, name)).mtimeMs,
        isFile: statSync(join(folder, name)).isFile(),
      }
      return `${name} ${mtimeMs} ${isFile ? readFileSync(join(folder, name), 'utf8') : ''}`
    })
}

test('plan: exit 0, and with --detailed-exitcode 2 for changes, 3 when a run would be refused, 0 for none', () =>
  within(async (scene) => {
    scene.tasks = two
    assert.is((await scene.phx(['plan'])).code, 0)
    assert.is((await scene.phx(['plan', '--detailed-exitcode'])).code, 2)
    await scene.phx(['run'])
    assert.is((await scene.phx(['plan', '--detailed-exitcode'])).code, 0)
    scene.tasks = [{ id: 'file:d', content: 'D', destructive: true }]
    assert.is((await scene.phx(['plan', '--detailed-exitcode'])).code, 3)
    assert.is((await scene.phx(['plan', '--detailed-exitcode', '--interactive'])).code, 2)
    assert.is((await scene.phx(['plan', '--detailed-exitcode', '--force-destructive'])).code, 2)
  }))

test('destructive: safe refuses with exit 3 and names the loss and the flag; each form of consent goes on', () =>
  within(async (scene) => {
    scene.tasks = [{ id: 'file:d', content: 'D', destructive: true }]
    const refused = await scene.phx(['run'])
    assert.is(refused.code, 3)
    assert.match(refused.out, 'what file:d held')
    assert.match(refused.out, '--allow-destroy file:file:d')
    assert.match(refused.out, 'Refused: 0 changed, 0 already so, 1 refused; nothing was touched')
    for (const [flags, stdin] of [
      [['--force-destructive'], ''],
      [['--allow-destroy', 'file:file:d'], ''],
      [['--interactive'], 'file:d\n'],
    ] as const) {
      writeFileSync(scene.path('file:d'), 'old')
      const { code, err } = await scene.phx(['run', ...flags], stdin)
      assert.is(code, 0, `${flags}: ${err}`)
    }
  }))

for (const answer of ['y\n', 'yes\n', '\n', '', 'FILE:D\n']) {
  test(`interactive: ${JSON.stringify(answer)} is a no`, () =>
    within(async (scene) => {
      scene.tasks = [{ id: 'file:d', content: 'D', destructive: true }]
      writeFileSync(scene.path('file:d'), 'old')
      const { code, out, err } = await scene.phx(['run', '--interactive', '--json'], answer)
      assert.is(code, 3)
      assert.match(err, 'To agree, type file:d')
      assert.match(err, 'what file:d held')
      for (const line of out.trimEnd().split('\n')) JSON.parse(line)
      assert.is(readFileSync(scene.path('file:d'), 'utf8'), 'old')
    }))
}

test('interactive: two questions take two lines of one pipe', () =>
  within(async (scene) => {
    scene.tasks = [
      { id: 'file:d', content: 'D', destructive: true },
      { id: 'file:e', content: 'E', destructive: true },
    ]
    const { code } = await scene.phx(['run', '--interactive'], 'file:d\nfile:e\n')
    assert.is(code, 0)
  }))

test('an unknown target: exit 4, what was meant, and no stack', () =>
  within(async (scene) => {
    scene.tasks = two
    const { code, err } = await scene.phx(['run', 'flies'])
    assert.is(code, 4)
    assert.match(err, 'unknown target flies; did you mean files?')
    assert.match(err, 'targets of this config: file:a, file:b, files, setup')
  }))

test('a config with mistakes: exit 4 with every one, located; --json prints no half of a document', () =>
  within(async (scene) => {
    writeFileSync(scene.path('config.json'), '{\n  "zfs": { "poools": [] },\n  "nonsense": 1\n}\n')
    const plan = await scene.phx(['plan', '--json'])
    assert.is(plan.code, 4)
    assert.is(plan.out, '')
    assert.match(plan.err, /config\.json:2:\d+ error \$\.zfs\.poools/)
    assert.match(plan.err, /config\.json:3:\d+ error \$\.nonsense/)
    const { code, out } = await scene.phx(['validate', '--json'])
    assert.is(code, 4)
    assertValid('validate', JSON.parse(out))
    assert.is(JSON.parse(out).ok, false)
  }))

test('a config that is not there: exit 4, without a stack', () =>
  within(async (scene) => {
    const { code, err } = await callPhx(['plan', '-c', scene.path('none.json')])
    assert.is(code, 4)
    assert.match(err, 'none.json')
    assert.not.match(err, 'bug in phx')
  }))

test('locked by another run: exit 5, naming who holds it', () =>
  within(async (scene) => {
    scene.tasks = two
    const state = new StateFolder(scene.path('state'))
    state.prepare()
    const unlock = await takeLock(state, 'phx run of another', new Date())
    const { code, err } = await scene.phx(['run'])
    await unlock()
    assert.is(code, 5)
    assert.match(err, `pid ${process.pid}`)
    assert.match(err, 'phx run of another')
  }))

test('a state folder that can not be made: exit 1 in words', () =>
  within(async (scene) => {
    scene.tasks = two
    writeFileSync(scene.path('state'), 'a file')
    const { code, err } = await scene.phx(['run'])
    assert.is(code, 1)
    assert.not.match(err, /bug in phx|\n\s+at /)
    assert.match(err, scene.path('state'))
  }))

test('a bug is called a bug, with its stack only under -v', () =>
  within(async (scene) => {
    const modules = [
      {
        name: 'broken',
        expand: () => {
          throw new Error('oh no')
        },
      },
    ]
    const config = ['-c', scene.path('config.json')]
    const quiet = await callPhx(['plan', ...config], { modules })
    assert.is(quiet.code, 1)
    assert.match(quiet.err, 'this is a bug in phx: oh no')
    assert.not.match(quiet.err, /\n\s+at /)
    assert.match((await callPhx(['plan', '-v', ...config], { modules })).err, /\n\s+at /)
  }))

test('runs: an id that is not there is a mistake of the person', () =>
  within(async (scene) => {
    mkdirSync(scene.path('state'))
    const { code, err } = await scene.phx(['runs', '2020'])
    assert.is(code, 4)
    assert.match(err, 'no run 2020')
  }))

test('no-deps takes the target alone', () =>
  within(async (scene) => {
    scene.tasks = two
    const { out } = await scene.phx(['plan', 'file:b', '--no-deps', '--json'])
    assert.equal(
      JSON.parse(out).tasks.map((task: { task: string }) => task.task),
      ['file:b'],
    )
  }))

test('completion knows the targets of the config', () =>
  within(async (scene) => {
    scene.tasks = two
    const words = ['--get-yargs-completions', 'phx', 'run', '-c', scene.path('config.json'), 'fi']
    const { out } = await callPhx(words, { modules: scene.modules })
    assert.match(out, /^file:a\nfile:b\nfiles\n/)
  }))

test.run()

import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { commands, options } from '../../lib/cli/commands.ts'
import { PersonError } from '../../lib/cli/exit.ts'
import { parseFast } from '../../lib/cli/fast.ts'
import { parseFull } from '../../lib/cli/full.ts'
import { settle } from '../../lib/cli/invocation.ts'
import { callPhx } from './scene.ts'

const environment = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  variables: {},
  modules: async () => [],
}

/** A well-formed call of any command, with any of its options, in any order. */
const wellFormed = fc.constantFrom(...commands).chain((command) => {
  const option = fc.constantFrom(...command.options).chain((name): fc.Arbitrary<string[]> => {
    const spec = options[name]
    if (spec.kind === 'flag') return fc.constant([`--${name}`])
    const value =
      'choices' in spec ? fc.constantFrom(...spec.choices) : fc.constantFrom('a', 'zpool:x', '7', 'a b', 'true')
    const short = 'short' in spec ? [fc.constant('short' as const)] : []
    return fc
      .tuple(value, fc.constantFrom('=', ' '), fc.oneof(fc.constant('long' as const), ...short))
      .map(([given, joint, form]) => {
        if (form === 'short' && 'short' in spec) return [`-${spec.short}`, given]
        return joint === '=' ? [`--${name}=${given}`] : [`--${name}`, given]
      })
  })
  const words = { why: 1, validate: 0, runs: 1, secrets: 1, sim: 2 }[command.name] ?? 3
  const few = fc.array(fc.constantFrom('zfs', 'zfs:quickOS', 'vm:8101', '8101'), {
    minLength: ['secrets', 'why'].includes(command.name) ? 1 : command.name === 'sim' ? 2 : 0,
    maxLength: words,
  })
  return fc.tuple(fc.array(option, { maxLength: 4 }), few).map(([given, targets]) => ({
    argv: [command.name, ...targets, ...given.flat()],
  }))
})

test('both parsers read a well-formed call the same way', async () => {
  await fc.assert(
    fc.asyncProperty(wellFormed, async ({ argv }) => {
      const fast = parseFast(argv)
      assert.ok(fast, argv.join(' '))
      assert.equal(plain(await parseFull(argv, environment)), plain(fast), argv.join(' '))
    }),
    { numRuns: 150 },
  )
})

const plain = (value: unknown) => JSON.parse(JSON.stringify(value))

test('no argument makes the parsers throw anything but an error for a person', async () => {
  const word = fc.oneof(
    fc.string({ maxLength: 8 }),
    fc.constantFrom(
      ...commands.map((command) => command.name),
      ...Object.keys(options).map((name) => `--${name}`),
      '--',
      '-c',
      '=',
    ),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(word, { maxLength: 6 }), async (argv) => {
      try {
        const parsed = parseFast(argv) ?? (await parseFull(argv, environment))
        if (!('output' in parsed)) settle(parsed, argv)
      } catch (error) {
        assert.instance(error, PersonError, `${JSON.stringify(argv)}: ${error}`)
      }
    }),
    { numRuns: 200 },
  )
})

test('what stands behind -- is never an option of phx', () => {
  assert.equal(parseFast(['sim', 'd', '--', 'zpool', 'status', '-j'])?.words, ['d', 'zpool', 'status', '-j'])
  assert.equal(parseFast(['run', '--', '--json'])?.words, ['--json'])
})

const mistakes: readonly (readonly [argv: string, said: RegExp])[] = [
  ['rnu', /no command rnu; did you mean run\?/],
  ['run --forse-destructive', /no option --forse-destructive; did you mean --force-destructive\?/],
  ['plan --fail-fast', /phx plan has no option --fail-fast/],
  ['run -y', /phx run has no option -y/],
  ['run --config', /--config needs a value/],
  ['run --mode wild', /--mode wild: not one of safe, interactive, force-destructive/],
  ['run --mode interactiv', /did you mean interactive\?/],
  ['run --interactive --force-destructive', /two modes at once/],
  ['run -j 0', /--jobs 0: not a number/],
  ['run -j many', /--jobs many: not a number/],
  ['run --allow-destroy fastData', /not the id of a resource/],
  ['run --host simulatd', /did you mean simulated\?/],
  ['run --host ssh://pve', /ssh comes later/],
  ['why', /phx why takes one target|Not enough non-option arguments/],
  ['why a b', /one target, not 2/],
  ['secrets chek', /there is phx secrets check/],
  ['sim', /takes the folder|Not enough non-option arguments/],
  ['validate zfs', /takes no target/],
  ['runs a b', /one id at most/],
  ['graph --format svg', /--format svg: not one of tree, dot, mermaid, json/],
  ['run --config=', /--config is empty/],
  ['', /phx needs a command/],
]

for (const [line, said] of mistakes) {
  test(`mistake: phx ${line}`, async () => {
    const { code, out, err } = await callPhx(line.split(' ').filter(Boolean))
    assert.is(code, 4)
    assert.is(out, '')
    assert.match(err, said)
    assert.not.match(err, /\bat .*:\d+:\d+|bug in phx/)
  })
}

test('help, for phx and for a command, goes to standard output with every option', async () => {
  const { code, out } = await callPhx(['--help'])
  assert.is(code, 0)
  for (const command of commands) assert.match(out, new RegExp(`phx ${command.name}\\b.* `))
  const ofRun = await callPhx(['run', '--help'])
  for (const name of commands[0]?.options ?? []) assert.match(ofRun.out, `--${name}`)
})

test('the version is printed', async () => {
  assert.match((await callPhx(['--version'])).out, /^\d+\.\d+\.\d+\n$/)
})

test('completion: a script, commands and options', async () => {
  assert.match((await callPhx(['completion'])).out, 'complete')
  assert.match((await callPhx(['--get-yargs-completions', 'phx', 'st'])).out, /^status/m)
  assert.match((await callPhx(['--get-yargs-completions', 'phx', 'run', '--fo'])).out, '--force-destructive')
})

test.run()

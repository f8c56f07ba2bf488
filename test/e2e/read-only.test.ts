/** Verbs that only read leave host, state, config and surroundings byte for byte as they were, times included. */
import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { killPreload } from './kill-preload.ts'
import { Program, twoAtATime } from './program.ts'
import { assertNoStack, diskA, diskB, Scene, snapshot, tank, withZfs } from './scene.ts'

const verbs: readonly (readonly string[])[] = [
  ['plan'],
  ['plan', 'storage', '--no-deps'],
  ['plan', '--detailed-exitcode', '--force-destructive'],
  ['plan', '--interactive', '-v'],
  ['status'],
  ['why', 'zfs:tank'],
  ['graph'],
  ['graph', '--format', 'dot'],
  ['graph', '--format', 'mermaid', '--status'],
  ['graph', '--format', 'json'],
  ['graph', '--status'],
  ['validate'],
  ['runs'],
  ['run', '--dry-run'],
  ['run', '--dry-run', '--force-destructive'],
]

const program = await Program.open()
const preload = await killPreload(program)

/** A run's id, when there is one on record. */
async function runVerbs(scene: Scene): Promise<readonly (readonly string[])[]> {
  const { out } = await scene.phx(['runs', '--json'])
  const [run] = (JSON.parse(out) as { runs: { run: string }[] }).runs
  return run === undefined ? [] : [['runs', run.run]]
}

const states: Readonly<Record<string, (scene: Scene) => Promise<void>>> = {
  'no folder at all': async () => undefined,
  'a host that phx has not run on': async (scene) => {
    await scene.ext4(diskA)
  },
  'a converged host': async (scene) => {
    assert.is((await scene.phx(['run'])).code, 0)
  },
  'a drifted host': async (scene) => {
    assert.is((await scene.phx(['run'])).code, 0)
    await scene.sim('zfs set compression=off tank/guests')
    await scene.sim('pvesm remove tank-files')
    await scene.sim(`sim unplug ${diskB}`)
  },
  'a run that was killed': async (scene) => {
    const variables = { KILL_IN: scene.host, KILL_AT: '40' }
    const { signal } = await scene.phx(['run'], { node: ['--import', preload], variables })
    assert.is(signal, 'SIGKILL')
    assert.is((await scene.standings())['zfs:tank'], 'interrupted')
  },
  'a suspended pool': async (scene) => {
    scene.configure(withZfs(tank, { pools: [{ name: 'tank', raid_level: 'single', disks: [diskA] }] }))
    assert.is((await scene.phx(['run'])).code, 0)
    await scene.sim(`sim unplug ${diskA}`)
    assert.match(await scene.sim('zpool status'), 'SUSPENDED')
  },
  'an exported pool': async (scene) => {
    assert.is((await scene.phx(['run'])).code, 0)
    await scene.sim('zpool export tank')
  },
  'an invalid config': async (scene) => {
    assert.is((await scene.phx(['run'])).code, 0)
    writeFileSync(scene.config, readFileSync(scene.config, 'utf8').replace('raid_level', 'raid_levl'))
  },
}

for (const [state, make] of Object.entries(states)) {
  test(`nothing is written: ${state}`, async () => {
    const scene = new Scene(program)
    await make(scene)
    const list = [...verbs, ...(await runVerbs(scene))]
    const before = [snapshot(scene.folder), snapshot(program.temporary)]
    await twoAtATime(
      list.flatMap((verb) => [verb, [...verb, '--json']]),
      async (verb) => {
        const ended = await scene.phx(verb)
        assert.ok(ended.code !== null, `${verb.join(' ')} ended`)
        assertNoStack(ended, `${state}: ${verb.join(' ')}`)
      },
    )
    assert.equal([snapshot(scene.folder), snapshot(program.temporary)], before)
  })
}

test('a throw-away host leaves nothing behind, neither looked at nor run on', async () => {
  const scene = new Scene(program)
  const before = [snapshot(scene.folder), snapshot(program.temporary)]
  for (const verb of ['plan', 'status', 'run']) {
    const ended = await scene.raw([verb, '-c', scene.config, '--host', 'simulated'])
    assert.is(ended.code, 0, ended.err)
  }
  // The run makes its state folder and takes it away again: only the time of the folder above it differs.
  const [own, temporary] = [snapshot(scene.folder), snapshot(program.temporary)]
  assert.equal(own, before[0])
  assert.is(temporary.length, before[1]?.length)
})

test.after(() => program.clean())
test.run()

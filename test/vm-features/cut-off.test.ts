/** Cut off after each change that it makes, the step goes on from what it finds. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cutOffAt } from '../cli/cut-off.ts'
import { declared, folder, Scene, script, vm, withSnippets } from './scene.ts'

const scripts = { 'docker.sh': script('docker'), 'tools.sh': script('tools') }
const both = withSnippets([vm({ features: ['base_setup', 'docker', 'tools'] })])

async function eachWay(from: typeof both, to: typeof both, left: readonly string[]): Promise<void> {
  for (let limit = 1; ; limit++) {
    const host = new Scene(from, scripts)
    await host.run(0)
    host.declare(to)
    const changes = await cutOffAt(limit, () => host.phx('run'))
    await host.run(0)
    assert.is((await host.run(0)).summary.mutations, 0, `cut off at ${limit}`)
    const there = host.state.files[folder] === undefined ? [] : await host.below(folder)
    assert.equal(there, left, `cut off at ${limit}`)
    if (changes < limit) {
      assert.ok(limit >= 4, 'it had several changes to be cut off at')
      return
    }
  }
}

test('making the folder', () => eachWay(withSnippets([]), both, ['docker.sh', 'manifest.json', 'tools.sh']))
test('taking it away', () => eachWay(both, withSnippets([]), []))
test('changing it', () => eachWay(both, declared(), ['docker.sh', 'manifest.json']))

test.run()

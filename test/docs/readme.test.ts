/**
 * README's tour is real: every `console` block is run, in order, in an empty folder with the example config, and what is
 * printed must be what stands there. Times and run ids are masked. `npm run tour` writes new output.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { masked, runTour } from '../../scripts/tour.ts'

test('README shows what phx prints', () => {
  const readme = readFileSync(join(import.meta.dirname, '..', '..', 'README.md'), 'utf8')
  const lived = runTour(readme)
  assert.ok(lived.commands >= 6, 'the tour got lost')
  assert.is(masked(readme), masked(lived.text))
})

test.run()

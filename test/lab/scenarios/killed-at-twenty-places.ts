import assert from 'node:assert/strict'
import { configFile, declare, nothingToDo, run, type Scenario, usualHost } from '../scenario.ts'
import { killAt, layTripwire, type Moment } from '../tripwire.ts'

/** Each run is killed at the first command that it gives; `before` undoes nothing, so the next run stands at the same place. */
const moments: readonly Moment[] = ['before', 'after', 'before', 'during']

export const scenario: Scenario = {
  shows: 'kill -9 before, during and after commands, twenty times, each run going on from what the last one left',
  async run(vm) {
    const more = ['a', 'b', 'c', 'd'].flatMap((name) => [
      { name: `more-${name}`, pool: 'quickOS', properties: 'compression=lz4' },
      { name: `more-${name}`, pool: 'fastData', properties: 'recordsize=1M' },
    ])
    await declare(vm, { ...usualHost, datasets: [...(usualHost.datasets ?? []), ...more] })
    await layTripwire(vm)
    const killedAt: string[] = []
    for (let kill = 0; kill < 20; kill++) {
      const moment = moments[kill % moments.length] ?? 'after'
      killedAt.push(await killAt(vm, moment, ['run', 'setup', '-c', configFile, '--json', '--jobs', '1']))
    }
    assert.equal(new Set(killedAt).size, 20, `twenty different places: ${killedAt.join(' | ')}`)
    const status = await vm.phx(['status', '-c', configFile, '--json'])
    assert.match(status.stdout, /interrupted/)
    const last = await run(vm, 0)
    assert.ok(last.summary.mutations > 0, 'the killed runs had not done everything')
    await nothingToDo(vm)
  },
}

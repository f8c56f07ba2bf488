/** Cut off after each change that it makes, the step goes on from what it finds. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cutOffAt } from '../cli/cut-off.ts'
import { driver, gpu, Scene } from './scene.ts'

async function cutOff(boundTo: string): Promise<void> {
  for (let limit = 1; ; limit++) {
    const host = new Scene(driver('580.76.05'))
    await host.plug('580.76.05', boundTo)
    await host.upgradeKernel()
    const changes = await cutOffAt(limit, () => host.run(0).catch(() => undefined))
    for (let run = 0; run < 2 && (await host.standing()) !== 'up to date'; run++) {
      await host.run(0)
      if (boundTo === 'nouveau') await host.sim('sim reboot')
      await host.run(0)
    }
    assert.is(await host.standing(), 'up to date', `cut off at ${limit}`)
    assert.match(await host.sim('nvidia-smi -L'), gpu, `cut off at ${limit}`)
    if (changes < limit) {
      assert.ok(limit > 2, 'it had several changes to be cut off at')
      return
    }
  }
}

test('a free GPU', () => cutOff('none'))
test('a GPU that nouveau has', () => cutOff('nouveau'))

test.run()

/** A template: emptied of what made it one machine, also when that is cut off half way. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { dyingAt } from '../engine-scene.ts'
import { Scene, scene } from './scene.ts'

const isTemplate = (one: Scene) => /^template: 1$/m.test(one.text('/etc/pve/qemu-server/9000.conf') ?? '')

test('killed at any command of its making, before it or after it, the next run makes it', async () => {
  const before = await scene()
  for (const after of [false, true]) {
    for (let nth = 1; ; nth += 1) {
      const one = new Scene({}, structuredClone(before.state))
      one.targets = ['vm:9000']
      const { host, hasDied } = dyingAt(one.host, nth, after)
      await one.run(1, host).catch(() => undefined)
      if (!hasDied()) {
        assert.ok(nth > 5)
        break
      }
      await one.converge()
      assert.ok(isTemplate(one), `killed at ${nth}, ${after ? 'after' : 'before'} it`)
    }
  }
})

test.run()

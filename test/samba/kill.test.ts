/** phx killed at every change of a first run: the next run goes on. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { dyingAt } from '../engine-scene.ts'
import { connect, password, scene, smbConf } from './scene.ts'

test('killed at every change, before and after it took effect: the next run goes on', async () => {
  for (const after of [false, true]) {
    for (let nth = 1, died = true; died; nth++) {
      const one = scene()
      const conf = one.text(smbConf) ?? ''
      const { host, hasDied } = dyingAt(one.host, nth, after)
      await one.run(1, host).catch(() => undefined)
      died = hasDied()
      await one.converge()
      await one.sim(connect('heads', password))
      assert.ok(one.text(smbConf)?.startsWith(conf))
    }
  }
})

test.run()

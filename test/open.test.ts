/** What `--host` may name. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openHost, UnknownHost } from '../lib/host/open.ts'

test('local is this machine', async () => {
  const host = await openHost('local', [], { readOnly: true })
  assert.is(host.name, 'local')
  await host.close()
})

test('simulated is a blank host with the disks of the config', async () => {
  const host = await openHost('simulated', ['/dev/disk/by-id/virtio-A'], { readOnly: true })
  assert.ok(await host.realpath('/dev/disk/by-id/virtio-A'))
  assert.is((await host.query(['zpool', 'list', '-H'])).stdout, '')
  await host.close()
})

const refused: [string, string][] = [
  ['ssh://pve1', "can't be converged yet"],
  ['simulated:', 'names no folder'],
  ['locol', 'possible are local, simulated'],
  ['simulatedX', 'possible are local, simulated'],
  ['', 'possible are local, simulated'],
]
for (const [spec, text] of refused) {
  test(`refused with what is possible: '${spec}'`, async () => {
    try {
      await openHost(spec, [], { readOnly: false })
      assert.unreachable()
    } catch (error) {
      assert.instance(error, UnknownHost)
      assert.match((error as Error).message, text)
    }
  })
}

test.run()

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { NoJson } from '../../lib/resources/probes/ask.ts'
import { blockDevicesProbe } from '../../lib/resources/probes/block-devices.ts'
import { disk } from './hosts.ts'
import { readerOf } from './rig.ts'

/** A host whose lsblk prints half a document this often before it prints a whole one. */
function devicesAfter(halves: number) {
  const reader = readerOf({ disks: [disk('A', 'vdb')] })
  let asked = 0
  const query: typeof reader.query = async (argv, options) => {
    const result = await reader.query(argv, options)
    return argv[0] === 'lsblk' && asked++ < halves ? { ...result, stdout: result.stdout.slice(0, -9) } : result
  }
  const look = { reader: { ...reader, query }, at: () => assert.unreachable() } as unknown
  return blockDevicesProbe.read(look as Parameters<typeof blockDevicesProbe.read>[0])
}

test('lsblk is asked again when partitions came and went under its eyes', async () => {
  assert.ok((await devicesAfter(2)).has('/dev/vdb'))
})

test('lsblk that never prints JSON is no answer', async () => {
  const error = await devicesAfter(100).then(
    () => assert.unreachable(),
    (error) => error,
  )
  assert.instance(error, NoJson)
  assert.match(error.message, 'printed something that is no JSON')
})

test.run()

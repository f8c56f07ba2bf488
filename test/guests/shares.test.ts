/** NFS shares in a machine: proved by the kernel's table and by writing, and nothing is left of the proof. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { dyingAt } from '../engine-scene.ts'
import { type Scene, scene } from './scene.ts'

const probe = 'dd of=/mnt/data/.phx-write-test-vm-8101'
const tests = (commands: readonly string[]) => commands.filter((line) => line.includes(probe)).length

const why = async (one: Scene): Promise<string> =>
  (await one.run(1)).summary.tasks.find(({ task }) => task === 'vm:8101:mounts')?.why ?? ''

function exportWith(one: Scene, ...options: string[]): void {
  const exports = (one.config.nfs?.exports ?? []).map((given) => ({ ...given, options: ['rw', 'sync', ...options] }))
  one.config = { ...one.config, nfs: { ...one.config.nfs, exports } }
}

test('a share that is mounted for writing is written, once, and nothing of that is left', async () => {
  const one = await scene()
  const { commands } = await one.converge()
  assert.is(tests(commands), 1)
  assert.equal(
    Object.keys(one.state.files).filter((path) => path.includes('.phx-write-test')),
    [],
  )
})

test('one that is mounted read-only is not written', async () => {
  const one = await scene({ nfs_shares: [{ host_path: '/tank/data', guest_path: '/mnt/data', options: 'ro' }] })
  assert.is(tests((await one.converge()).commands), 0)
})

test('a dataset that is read-only is found by the proof, again and again until it is mended', async () => {
  const one = await scene()
  await one.converge()
  await one.inside('umount /mnt/data')
  await one.sim('zfs set readonly=on tank/data')
  assert.match(await why(one), /what is written to \/mnt\/data is kept: .*Read-only file system/)
  const [change] = await one.changes()
  assert.equal(change?.fields, [{ field: '/mnt/data', from: 'mounted, not proved', to: 'proved' }])
  assert.match(await why(one), 'Read-only file system')
  await one.sim('zfs set readonly=off tank/data')
  await one.inside('umount /mnt/data')
  await one.converge()
})

test('killed between the mount and its proof: the next run proves it', async () => {
  const made = await scene()
  await made.converge()
  await made.inside('umount /mnt/data')
  const { host } = dyingAt(made.host, 2, true)
  await made.run(1, host).catch(() => undefined)
  assert.match(await made.inside('cat /proc/mounts'), '/mnt/data nfs4')
  assert.is(tests((await made.converge()).commands), 1)
})

test('where root counts as nobody, that it may not write says nothing of others; where everybody does, it does', async () => {
  const one = await scene()
  exportWith(one, 'no_subtree_check')
  await one.converge()
  assert.match(one.stateTexts(), 'root counts as nobody there, who may not write')
  exportWith(one, 'no_subtree_check', 'all_squash')
  await one.run()
  await one.inside('umount /mnt/data')
  assert.match(await why(one), 'its export has all_squash: everybody counts as the same one, who may not')
})

test('the last share that is taken out of the config leaves neither a line nor a mount', async () => {
  const one = await scene()
  await one.converge()
  one.declare({ nfs_shares: [] })
  await one.converge()
  assert.not.match(await one.inside('cat /proc/mounts'), '/mnt/data')
  assert.not.match(await one.inside('cat /etc/fstab'), '/mnt/data')
})

test.run()

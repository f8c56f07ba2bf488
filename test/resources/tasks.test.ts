/** What the modules make of a config: nodes, edges, locks, and fingerprints of meaning. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { PhxConfig } from '../../lib/config/generated/types.ts'
import type { Task } from '../../lib/engine/resource.ts'
import { canonical } from '../../lib/engine/value.ts'
import { modules } from '../../tasks/index.ts'
import { byId } from './hosts.ts'

const tasksOf = (config: PhxConfig, orphans: readonly string[] = []): Task[] =>
  modules.flatMap((module) => [...module.expand(config, orphans)])

const config = (quota: string, disks: readonly string[], content: string): PhxConfig => ({
  zfs: {
    pools: [{ name: 'quickOS', raid_level: 'mirror', disks: disks.map(byId) }],
    datasets: [
      {
        name: 'vms',
        pool: 'quickOS',
        properties: `recordsize=1M,quota=${quota}`,
        storage_class: 'direct',
        proxmox_storage_type: 'zfspool',
        proxmox_content_type: content,
      },
    ],
  },
})

test('one task a pool for ZFS and one for storages, which needs the first', () => {
  const [zfs, storage, ...more] = tasksOf(config('1G', ['A', 'B'], 'images'))
  assert.equal(more, [])
  assert.is(zfs?.id, 'zfs:quickOS')
  assert.equal(zfs?.groups, ['zfs', 'setup'])
  assert.equal(
    zfs?.resources.map((resource) => resource.id),
    ['zpool:quickOS', 'dataset:quickOS', 'dataset:quickOS/vms'],
  )
  assert.equal(zfs?.resources[2]?.locks, [{ name: 'zpool:quickOS', mode: 'exclusive' }])
  assert.is(storage?.id, 'storage:quickOS')
  assert.equal(storage?.needs, ['zfs:quickOS'])
  assert.equal(storage?.groups, ['storage', 'zfs', 'setup'])
  assert.equal(
    storage?.resources.map((resource) => resource.id),
    ['storage:quickOS-vms', 'stale-storages:quickOS'],
  )
  assert.equal(storage?.resources[0]?.locks, [{ name: 'storage.cfg', mode: 'exclusive' }])
})

test('inputs are of meaning: order of disks and content, spelling of sizes', () => {
  const inputs = (given: PhxConfig): string =>
    tasksOf(given)
      .map((task) => canonical(task.inputs))
      .join('\n')
  const one = inputs(config('1G', ['A', 'B'], 'images,rootdir'))
  assert.is(inputs(config('1024M', ['B', 'A'], 'rootdir, images')), one)
  assert.is.not(inputs(config('2G', ['A', 'B'], 'images,rootdir')), one)
  assert.is.not(inputs(config('1G', ['A', 'C'], 'images,rootdir')), one)
  assert.is.not(inputs(config('1G', ['A', 'B'], 'images')), one)
})

test('a pool that is no longer declared: its storages are cleaned up, its data is not a task any more', () => {
  const tasks = tasksOf({ zfs: {} }, ['zfs:gone', 'storage:gone'])
  assert.equal(
    tasks.map((task) => task.id),
    ['storage:gone'],
  )
  assert.equal(tasks[0]?.needs, [])
  assert.equal(tasks[0]?.inputs, {})
})

test('nothing declared is nothing to do', () => {
  assert.equal(tasksOf({}), [])
})

test.run()

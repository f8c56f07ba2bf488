import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadConfig } from '../../lib/config/load.ts'
import { describeSecret } from '../../lib/config/secrets.ts'
import { declaredDisks, declaredZfs } from '../../lib/config/zfs.ts'
import { disk, disks, problemsOf } from './problems.ts'

test('the example: two pools, the eight datasets of the storage guide and the one of vm-features, their eight storages', () => {
  const loaded = loadConfig(join(import.meta.dirname, '../../phoenix.config.json'))
  assert.equal(loaded.problems, [])
  if (!loaded.ok) throw new Error('the example does not load')
  const { pools, datasets, storages, consent } = declaredZfs(loaded.config)
  assert.equal(
    pools.map(({ name, vdevs }) => [name, vdevs.map(({ type, disks }) => `${type} ${disks.length}`)]),
    [
      ['quickOS', ['mirror 2']],
      ['fastData', ['disk 1']],
    ],
  )
  assert.is(consent, null)
  assert.is(datasets.length, 9)
  assert.equal(
    storages.map(({ id, type, dataset, content }) => [id, type, dataset, content.join(',')]),
    [
      ['fastData-shared-backups', 'dir', 'fastData/shared-backups', 'backup'],
      ['fastData-shared-bulk-data', 'zfspool', 'fastData/shared-bulk-data', 'images,rootdir'],
      ['fastData-shared-test-data', 'zfspool', 'fastData/shared-test-data', 'images,rootdir'],
      ['fastData-shared-test-data-sync', 'zfspool', 'fastData/shared-test-data-sync', 'images,rootdir'],
      ['quickOS-lxc-disks', 'zfspool', 'quickOS/lxc-disks', 'images,rootdir'],
      ['quickOS-shared-prod-data', 'zfspool', 'quickOS/shared-prod-data', 'images,rootdir'],
      ['quickOS-shared-prod-data-sync', 'zfspool', 'quickOS/shared-prod-data-sync', 'images'],
      ['quickOS-vm-disks', 'zfspool', 'quickOS/vm-disks', 'images'],
    ],
  )
  assert.is(declaredDisks(loaded.config).length, 3)
})

test('every spelling of a pool becomes vdevs', () => {
  const [d1 = '', d2 = '', d3 = '', d4 = ''] = disks(4)
  const config = {
    zfs: {
      pools: [
        {
          name: 'ten',
          raid_level: 'RAID10',
          disks: [d1, d2, d3, d4],
          log: { raid_level: 'mirror', disks: [disk(5), disk(6)] },
          cache: [disk(7)],
          spares: [disk(8), disk(9)],
        },
        {
          name: 'rows',
          vdevs: [
            { raid_level: 'raidz', disks: disks(23).slice(10, 13) },
            { raid_level: 'RAIDZ1', disks: disks(23).slice(13, 16) },
          ],
          import: true,
        },
        {
          name: 'flat',
          raid_level: 'Stripe',
          disks: disks(23).slice(16, 18),
          properties: 'ashift=12, autotrim=on',
          filesystem_properties: { copies: 2 },
        },
        {
          name: 'meta',
          raid_level: 'mirror',
          disks: disks(23).slice(18, 20),
          special: { raid_level: 'mirror', disks: disks(23).slice(20, 22) },
        },
      ],
    },
  }
  assert.not(problemsOf(config).some(({ severity }) => severity === 'error'))
  const { pools } = declaredZfs(config)
  assert.equal(
    pools.map(({ vdevs }) => vdevs.map(({ role, type, disks }) => `${role} ${type} ${disks.length}`)),
    [
      ['data mirror 2', 'data mirror 2', 'log mirror 2', 'cache disk 1', 'spare disk 1', 'spare disk 1'],
      ['data raidz1 3', 'data raidz1 3'],
      ['data disk 1', 'data disk 1'],
      ['data mirror 2', 'special mirror 2'],
    ],
  )
  assert.equal(pools[0]?.vdevs[1]?.disks, [d3, d4])
  assert.equal(
    pools.map((pool) => pool.import),
    [false, true, false, false],
  )
  assert.equal(pools[2]?.poolProperties, { ashift: '12', autotrim: 'on' })
  assert.equal(pools[2]?.rootProperties, { copies: '2' })
  assert.equal(pools[0]?.poolProperties, {}, 'none unless declared')
  assert.is(declaredDisks(config).length, 9 + 6 + 2 + 4)
})

test('datasets: parents first, sizes in bytes, properties as text', () => {
  const { datasets } = declaredZfs({
    zfs: {
      datasets: [
        { name: 'a/b', pool: 't', properties: { recordsize: '16K', copies: 2 } },
        { name: 'v', pool: 't', type: 'volume', size: '1.5G' },
        { name: 'a', pool: 't', properties: 'recordsize=128K, sync=always' },
      ],
    },
  })
  assert.equal(datasets, [
    { name: 't/a', pool: 't', type: 'filesystem', size: null, properties: { recordsize: '128K', sync: 'always' } },
    { name: 't/a/b', pool: 't', type: 'filesystem', size: null, properties: { recordsize: '16K', copies: '2' } },
    { name: 't/v', pool: 't', type: 'volume', size: 1610612736, properties: {} },
  ])
})

test('storage classes: shared and zfspool is never registered, shared and dir is', () => {
  const both = { proxmox_content_type: 'rootdir images', proxmox_nodes: 'b,a' }
  const { storages } = declaredZfs({
    zfs: {
      pools: [{ name: 't', raid_level: 'single', disks: [disk(1)] }],
      datasets: [
        { name: 'none', pool: 't' },
        { name: 'zp-shared', pool: 't', storage_class: 'shared', proxmox_storage_type: 'zfspool', ...both },
        {
          name: 'zp',
          pool: 't',
          proxmox_storage_type: 'zfspool',
          ...both,
          proxmox_sparse: true,
          proxmox_blocksize: '16k',
        },
        { name: 'm', pool: 't', properties: 'mountpoint=/srv/m/' },
        {
          name: 'm/d-x',
          pool: 't',
          storage_class: 'shared',
          proxmox_storage_type: 'dir',
          proxmox_disable: true,
          proxmox_shared: false,
        },
      ],
    },
    proxmox_storage_ids: { t_m_d_x: 'backups' },
  })
  assert.equal(storages, [
    {
      id: 'backups',
      type: 'dir',
      dataset: 't/m/d-x',
      path: '/srv/m/d-x',
      content: ['images', 'rootdir'],
      nodes: null,
      sparse: null,
      disable: true,
      shared: false,
      blocksize: null,
    },
    {
      id: 't-zp',
      type: 'zfspool',
      dataset: 't/zp',
      path: '/t/zp',
      content: ['images', 'rootdir'],
      nodes: ['a', 'b'],
      sparse: true,
      disable: false,
      shared: null,
      blocksize: '16k',
    },
  ])
})

test('an empty config declares nothing', () => {
  assert.equal(problemsOf({}), [])
  assert.equal(declaredZfs({}), { pools: [], datasets: [], storages: [], consent: null })
})

test('a secret reference is described by its place, and a command by its name alone', () => {
  assert.is(describeSecret({ file: '/etc/phx/secrets/samba' }), 'file /etc/phx/secrets/samba')
  assert.is(describeSecret({ env: 'X' }), 'environment variable X')
  assert.is(describeSecret({ credential: 'x' }), 'systemd credential x')
  assert.is(describeSecret({ command: ['pass', 'show', 'hunter2'] }), 'output of pass')
})

test.run()

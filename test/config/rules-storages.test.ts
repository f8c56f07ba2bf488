import { test } from 'uvu'
import { assertProblems, type Expected, withPool } from './problems.ts'

const zfspool = { proxmox_storage_type: 'zfspool' }
const dir = { proxmox_storage_type: 'dir' }

function datasets(...list: Record<string, unknown>[]): Record<string, unknown> {
  return withPool({ datasets: list.map((one) => ({ name: 'a', pool: 'tank', ...one })) })
}

const CASES: readonly (readonly [string, unknown, readonly Expected[]])[] = [
  [
    'direct needs a type',
    datasets({ storage_class: 'direct' }),
    [
      {
        path: '$.zfs.datasets[0].storage_class',
        message: 'a direct dataset needs proxmox_storage_type',
        mend: 'zfspool',
      },
    ],
  ],
  [
    'settings of a storage that is none',
    datasets({ proxmox_content_type: 'images' }),
    [
      {
        path: '$.zfs.datasets[0].proxmox_content_type',
        message: 'no effect without proxmox_storage_type',
        mend: 'add',
        severity: 'warning',
        atKey: true,
      },
    ],
  ],
  [
    'a type that is none',
    datasets({ proxmox_storage_type: 'zfspol' }),
    [
      {
        path: '$.zfs.datasets[0].proxmox_storage_type',
        message: '"zfspol" is not one of zfspool, dir',
        mend: 'zfspool',
        meant: 'zfspool',
      },
    ],
  ],
  [
    'a key in other case',
    { ...datasets(zfspool), proxmox_storage_ids: { Tank_a: 'tank-a2' } },
    [
      {
        path: '$.proxmox_storage_ids.Tank_a',
        message: 'matches no declared dataset',
        mend: 'Upper and lower case count',
        meant: 'tank_a',
        severity: 'warning',
        atKey: true,
      },
    ],
  ],
  [
    'an id for a dataset that becomes no storage',
    { ...datasets({ ...zfspool, storage_class: 'shared' }), proxmox_storage_ids: { tank_a: 'tank-a2' } },
    [
      {
        path: '$.proxmox_storage_ids.tank_a',
        message: 'tank/a becomes no storage',
        mend: 'storage_class',
        severity: 'warning',
        atKey: true,
      },
    ],
  ],
  [
    "Proxmox VE's own ids",
    { ...datasets(zfspool), proxmox_storage_ids: { tank_a: 'local-zfs' } },
    [{ path: '$.proxmox_storage_ids.tank_a', message: "belongs to Proxmox VE's own storage", mend: 'another id' }],
  ],
  [
    'an id that is none',
    { ...datasets(zfspool), proxmox_storage_ids: { tank_a: '1-' } },
    [{ path: '$.proxmox_storage_ids.tank_a', message: '"1-" is no storage id', mend: '"tank_a": "…"' }],
  ],
  [
    'a name that makes no id',
    datasets({ ...zfspool, name: 'a:b' }),
    [
      {
        path: '$.zfs.datasets[0].name',
        message: '"tank-a:b" is no storage id',
        mend: 'proxmox_storage_ids: "tank_a:b"',
      },
    ],
  ],
  [
    'two storages of one id',
    datasets({ ...zfspool, name: 'a' }, { ...zfspool, name: 'a/b' }, { ...zfspool, name: 'a-b' }),
    [
      {
        path: '$.zfs.datasets[2].name',
        message: 'tank/a-b and tank/a/b would both be the storage "tank-a-b"',
        mend: '"tank_a_b"',
      },
    ],
  ],
  [
    'an NFS storage of the same id',
    {
      ...datasets(zfspool),
      nfs: { exports: [{ path: '/tank/a', clients: ['10.0.0.5', '127.0.0.1'], proxmox_storage: 'tank-a' }] },
    },
    [
      { path: '$.nfs.exports[0].proxmox_storage', message: 'already that of tank/a', mend: 'another' },
      {
        path: '$.nfs.exports[0].proxmox_storage',
        message: 'lists what is on it twice',
        mend: 'leave proxmox_storage out',
        severity: 'warning',
      },
    ],
  ],
  [
    'what a zfspool cannot hold',
    datasets({ ...zfspool, proxmox_content_type: 'images,iso,image,rootdir,images' }),
    [
      {
        path: '$.zfs.datasets[0].proxmox_content_type',
        message: 'a zfspool cannot hold iso',
        mend: 'it holds images, rootdir',
      },
      {
        path: '$.zfs.datasets[0].proxmox_content_type',
        message: '"image" is no content type',
        mend: 'did you mean images?',
        meant: 'images',
      },
      {
        path: '$.zfs.datasets[0].proxmox_content_type',
        message: '"images" is there twice',
        mend: 'keep one',
        severity: 'warning',
      },
    ],
  ],
  [
    'a list points at the word',
    datasets({ ...dir, proxmox_content_type: ['backup', 'none'] }),
    [
      {
        path: '$.zfs.datasets[0].proxmox_content_type[1]',
        message: 'refuses a storage for nothing',
        mend: 'remove proxmox_storage_type',
      },
    ],
  ],
  [
    'no content at all',
    datasets({ ...dir, proxmox_content_type: '' }),
    [{ path: '$.zfs.datasets[0].proxmox_content_type', message: 'would hold nothing', mend: 'backup' }],
  ],
  [
    'settings of the other type',
    datasets({ ...dir, proxmox_sparse: true }, { ...zfspool, name: 'b', proxmox_shared: true }),
    [
      { path: '$.zfs.datasets[0].proxmox_sparse', message: 'a dir has no such setting', mend: 'remove', atKey: true },
      {
        path: '$.zfs.datasets[1].proxmox_shared',
        message: 'a zfspool has no such setting',
        mend: 'remove',
        atKey: true,
      },
    ],
  ],
  [
    'a block size that is no power of two',
    datasets({ ...zfspool, proxmox_blocksize: '12k' }),
    [{ path: '$.zfs.datasets[0].proxmox_blocksize', message: '"12k" is no block size', mend: 'a power of two' }],
  ],
  [
    'a dir that is mounted nowhere',
    datasets({ name: 'a', properties: 'mountpoint=none' }, { name: 'a/b', ...dir }),
    [{ path: '$.zfs.datasets[1].proxmox_storage_type', message: 'tank/a/b is not mounted', mend: 'mountpoint' }],
  ],
  ...(['off', 'noauto'] as const).map((canmount): [string, unknown, Expected[]] => [
    `a dir with canmount=${canmount}`,
    datasets({ ...dir, properties: { canmount } }),
    [
      {
        path: '$.zfs.datasets[0].proxmox_storage_type',
        message: `tank/a has canmount=${canmount}`,
        mend: 'take canmount out',
      },
    ],
  ]),
  [
    'a dir at a path that Proxmox VE refuses',
    datasets({ ...dir, properties: { mountpoint: '/srv/my files' } }),
    [
      {
        path: '$.zfs.datasets[0].proxmox_storage_type',
        message: 'takes no dir storage at /srv/my files: there is a blank in it',
        mend: 'mountpoint',
      },
    ],
  ],
  ...([',', '', 'pve1 -pve2', 'pve1,pve_2'] as const).map((nodes): [string, unknown, Expected[]] => [
    `nodes as text: ${JSON.stringify(nodes)}`,
    datasets({ ...zfspool, proxmox_nodes: nodes }),
    [{ path: '$.zfs.datasets[0].proxmox_nodes', message: 'is not a list of host names', mend: 'phoenix' }],
  ]),
  ['sound nodes as text', datasets({ ...zfspool, proxmox_nodes: 'pve1, pve-2;pve3' }), []],
  [
    'a storage on a volume',
    datasets({ ...zfspool, type: 'volume', size: '1G' }),
    [{ path: '$.zfs.datasets[0].proxmox_storage_type', message: 'is a volume', mend: 'remove' }],
  ],
]

for (const [name, config, expected] of CASES) test(name, () => assertProblems(config, expected))
test.run()

import { test } from 'uvu'
import { assertProblems, disk, disks, type Expected, tank, withPool } from './problems.ts'

/** Each with the problems that it has, all of them. */
const CASES: readonly (readonly [string, unknown, readonly Expected[]])[] = [
  [
    'a field that is misspelt is told once, not also as missing',
    { zfs: { pools: [{ name: 'tank', raid_levl: 'single', disks: [disk(1)] }] } },
    [
      {
        path: '$.zfs.pools[0].raid_levl',
        message: 'unknown field "raid_levl"',
        mend: 'did you mean raid_level?',
        meant: 'raid_level',
        atKey: true,
      },
    ],
  ],
  [
    'incident: raidz1 silently made a stripe — a level that is none is refused',
    { zfs: { pools: [tank({ raid_level: 'raidz4' })] } },
    [
      {
        path: '$.zfs.pools[0].raid_level',
        message: '"raidz4" is not one of single, stripe, mirror',
        mend: 'raidz1',
        meant: 'raidz1',
      },
    ],
  ],
  ['levels in any case', { zfs: { pools: [tank({ raid_level: 'MIRROR', disks: disks(2) })] } }, []],
  [
    'a mirror of one disk',
    { zfs: { pools: [tank({ raid_level: 'mirror' })] } },
    [
      {
        path: '$.zfs.pools[0].raid_level',
        message: 'mirror needs at least 2 disks, and here is 1 disk',
        mend: 'write single',
      },
    ],
  ],
  [
    'raidz2 of two',
    { zfs: { pools: [tank({ raid_level: 'raidz2', disks: disks(2) })] } },
    [{ path: '$.zfs.pools[0].raid_level', message: 'raidz2 needs at least 3 disks', mend: 'add disks' }],
  ],
  [
    'raid10 of five',
    { zfs: { pools: [tank({ raid_level: 'raid10', disks: disks(5) })] } },
    [
      {
        path: '$.zfs.pools[0].raid_level',
        message: 'raid10 is made of pairs, and here are 5 disks',
        mend: 'name 4 disks or 6',
      },
    ],
  ],
  [
    'raid10 of three',
    { zfs: { pools: [tank({ raid_level: 'raid10', disks: disks(3) })] } },
    [
      {
        path: '$.zfs.pools[0].raid_level',
        message: 'raid10 needs at least 4 disks, and here are 3 disks',
        mend: 'add disks, or write raidz1',
      },
    ],
  ],
  [
    'one disk in two spellings of its path',
    {
      zfs: {
        pools: [
          tank({ raid_level: 'mirror', disks: ['/dev/disk/by-id/ata-DISK_S1', '/dev//disk/./by-id/ata-DISK_S1/'] }),
        ],
      },
    },
    [{ path: '$.zfs.pools[0].disks[1]', message: 'already used at $.zfs.pools[0].disks[0]', mend: 'each disk once' }],
  ],
  [
    'a disk by way of ..',
    { zfs: { pools: [tank({ disks: ['/dev/disk/by-id/../by-path/x'] })] } },
    [{ path: '$.zfs.pools[0].disks[0]', message: 'goes through ..', mend: 'the path that is meant' }],
  ],
  [
    'raidz1 of two',
    { zfs: { pools: [tank({ raid_level: 'RAIDZ', disks: disks(2) })] } },
    [
      {
        path: '$.zfs.pools[0].raid_level',
        message: 'as much as a mirror',
        mend: 'write mirror',
        meant: 'mirror',
        severity: 'warning',
      },
    ],
  ],
  [
    'single of several is a stripe',
    { zfs: { pools: [tank({ disks: disks(2) })] } },
    [
      {
        path: '$.zfs.pools[0].raid_level',
        message: 'when one disk fails, all is lost',
        mend: 'mirror',
        severity: 'warning',
      },
    ],
  ],
  [
    'a pool without disks',
    { zfs: { pools: [{ name: 'tank' }] } },
    [{ path: '$.zfs.pools[0]', message: 'the pool has no disks', mend: 'raid_level' }],
  ],
  [
    'disks without a level',
    { zfs: { pools: [{ name: 'tank', disks: [disk(1)] }] } },
    [
      {
        path: '$.zfs.pools[0]',
        message: 'the field "raid_level" is missing beside "disks"',
        mend: '"raid_level": "mirror"',
      },
    ],
  ],
  [
    'both forms of a pool',
    { zfs: { pools: [tank({ vdevs: [{ raid_level: 'single', disks: [disk(2)] }] })] } },
    [{ path: '$.zfs.pools[0].vdevs', message: 'either raid_level and disks, or vdevs', mend: 'keep one', atKey: true }],
  ],
  [
    'vdevs that zpool create refuses beside each other',
    {
      zfs: {
        pools: [
          {
            name: 'tank',
            vdevs: [
              { raid_level: 'mirror', disks: [disk(1), disk(2)] },
              { raid_level: 'raidz1', disks: [disk(3), disk(4), disk(5)] },
              { raid_level: 'mirror', disks: [disk(6), disk(7), disk(8)] },
            ],
          },
        ],
      },
    },
    [
      {
        path: '$.zfs.pools[0].vdevs[2].raid_level',
        message: 'a mirror of 3 beside a mirror of 2',
        mend: 'a mirror of 2',
      },
    ],
  ],
  [
    'a special vdev with less redundancy than the pool',
    {
      zfs: {
        pools: [tank({ raid_level: 'mirror', disks: disks(2), special: { raid_level: 'single', disks: [disk(3)] } })],
      },
    },
    [
      {
        path: '$.zfs.pools[0].special.raid_level',
        message: 'a single disk beside a mirror of 2',
        mend: 'a mirror of 2',
      },
    ],
  ],
  [
    'a log of raidz1',
    { zfs: { pools: [tank({ log: { raid_level: 'raidz1', disks: [disk(2), disk(3), disk(4)] } })] } },
    [{ path: '$.zfs.pools[0].log.raid_level', message: 'a log cannot be raidz1', mend: 'mirror', meant: 'mirror' }],
  ],
  [
    'a disk used twice under another name',
    {
      zfs: {
        pools: [
          tank({
            raid_level: 'mirror',
            disks: ['/dev/disk/by-id/wwn-0x5000c500a1b2c3d4', '/dev/disk/by-id/scsi-35000C500A1B2C3D4-part1'],
          }),
        ],
      },
    },
    [
      {
        path: '$.zfs.pools[0].disks[1]',
        message: 'already used at $.zfs.pools[0].disks[0], there as /dev/disk/by-id/wwn',
        mend: 'each disk once',
      },
    ],
  ],
  [
    'a disk in two pools',
    { zfs: { pools: [tank(), { name: 'fast', raid_level: 'single', disks: [disk(2)], cache: [disk(1)] }] } },
    [{ path: '$.zfs.pools[1].cache[0]', message: 'already used at $.zfs.pools[0].disks[0]', mend: 'once' }],
  ],
  [
    'pools may share a spare',
    {
      zfs: {
        pools: [
          tank({ spares: [disk(8)] }),
          { name: 'fast', raid_level: 'single', disks: [disk(2)], spares: [disk(8)] },
        ],
      },
    },
    [],
  ],
  [
    'names that the kernel hands out',
    { zfs: { pools: [tank({ disks: ['/dev/sdb'] })] } },
    [
      {
        path: '$.zfs.pools[0].disks[0]',
        message: '/dev/sdb may be another disk',
        mend: 'ls -l /dev/disk/by-id | grep sdb',
        severity: 'warning',
      },
    ],
  ],
  [
    'a disk that is no path',
    { zfs: { pools: [tank({ disks: ['sdb'] })] } },
    [{ path: '$.zfs.pools[0].disks[0]', message: '"sdb" is not the path of a device', mend: '/dev/disk/by-id/' }],
  ],
  ...(
    ['mirror1', 'raidz', 'draid2', 'log', 'spare', 'c0t0d0', '1tank', 'ta nk', 'tank%', 'tänk', '_tank'] as const
  ).map((name): [string, unknown, Expected[]] => [
    `no pool is named ${name}`,
    { zfs: { pools: [tank({ name })] } },
    [{ path: '$.zfs.pools[0].name', message: `"${name}" is no name for a pool`, mend: 'another name' }],
  ]),
  ['a pool may be named logs', { zfs: { pools: [tank({ name: 'logs' })] } }, []],
  [
    'a pool declared twice',
    { zfs: { pools: [tank(), tank({ disks: [disk(2)] })] } },
    [{ path: '$.zfs.pools[1].name', message: 'the pool "tank" is declared a second time', mend: 'keep one' }],
  ],
  [
    'consent for a pool that is not there',
    withPool({ settings: { allow_destructive_operations: ['zpool:tnak'] } }),
    [
      {
        path: '$.zfs.settings.allow_destructive_operations[0]',
        message: 'no pool "tnak"',
        mend: 'zpool:tank',
        severity: 'warning',
      },
    ],
  ],
  [
    "a dataset's pool that is not there",
    withPool({ datasets: [{ name: 'a', pool: 'Tank' }] }),
    [
      {
        path: '$.zfs.datasets[0].pool',
        message: 'no pool "Tank" is declared',
        mend: 'did you mean tank?',
        meant: 'tank',
      },
    ],
  ],
  [
    'a dataset that repeats its pool',
    withPool({ datasets: [{ name: 'tank/a', pool: 'tank' }] }),
    [{ path: '$.zfs.datasets[0].name', message: 'repeats its pool', mend: 'write a', meant: 'a' }],
  ],
  [
    'a dataset with its pool as prefix, beside its twin',
    withPool({
      datasets: [
        { name: 'tank-iso', pool: 'tank' },
        { name: 'iso', pool: 'tank' },
      ],
    }),
    [
      {
        path: '$.zfs.datasets[0].name',
        message: 'the dataset will be tank/tank-iso',
        mend: 'tank/iso',
        meant: 'iso',
        severity: 'warning',
      },
    ],
  ],
  [
    'a dataset without its parents',
    withPool({
      datasets: [
        { name: 'a/b/c', pool: 'tank' },
        { name: 'a', pool: 'tank' },
      ],
    }),
    [
      {
        path: '$.zfs.datasets[0].name',
        message: 'its parent tank/a/b is not declared',
        mend: '{"name":"a/b","pool":"tank"}',
      },
    ],
  ],
  [
    'a dataset below a volume',
    withPool({
      datasets: [
        { name: 'v', pool: 'tank', type: 'volume', size: '1G' },
        { name: 'v/a', pool: 'tank' },
      ],
    }),
    [{ path: '$.zfs.datasets[1].name', message: 'tank/v is a volume', mend: 'elsewhere' }],
  ],
  [
    'a dataset declared twice',
    withPool({
      datasets: [
        { name: 'a', pool: 'tank' },
        { name: 'a', pool: 'tank', properties: 'quota=1G' },
      ],
    }),
    [{ path: '$.zfs.datasets[1].name', message: 'tank/a is declared a second time', mend: 'keep one' }],
  ],
  ...(['/a', 'a/', 'a//b', '../a', 'a@b', 'a%b', 'ä'] as const).map((name): [string, unknown, Expected[]] => [
    `no dataset is named ${name}`,
    withPool({ datasets: [{ name, pool: 'tank' }] }),
    [{ path: '$.zfs.datasets[0].name', message: `is no name for a dataset`, mend: 'another name' }, ...parentOf(name)],
  ]),
  [
    'volumes: no size, bad sizes; a file system with one',
    withPool({
      datasets: [
        { name: 'a', pool: 'tank', type: 'volume' },
        { name: 'b', pool: 'tank', type: 'volume', size: '8X' },
        { name: 'c', pool: 'tank', type: 'volume', size: '100000001' },
        { name: 'd', pool: 'tank', size: '1G' },
        { name: 'e', pool: 'tank', type: 'volume', size: 1073741824 },
        { name: 'f', pool: 'tank', type: 'volume', size: '8K', properties: { volblocksize: '4K' } },
      ],
    }),
    [
      { path: '$.zfs.datasets[0]', message: 'has no size', mend: '32G' },
      { path: '$.zfs.datasets[1].size', message: '"8X" is no size', mend: '32G' },
      { path: '$.zfs.datasets[2].size', message: 'multiple of volblocksize', mend: 'M or G' },
      { path: '$.zfs.datasets[3].size', message: 'is a file system', mend: 'quota' },
    ],
  ],
]

/** A name such as `../a` also lacks its parent. */
function parentOf(name: string): Expected[] {
  return name === '../a'
    ? [{ path: '$.zfs.datasets[0].name', message: 'its parent tank/.. is not declared', mend: 'add' }]
    : []
}

for (const [name, config, expected] of CASES) test(name, () => assertProblems(config, expected))
test.run()

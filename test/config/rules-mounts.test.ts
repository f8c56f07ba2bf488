/** Where datasets may be mounted. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { plainPath } from '../../lib/config/plain-path.ts'
import { assertProblems, type Expected, problemsOf, tank, withPool } from './problems.ts'

const at = '$.zfs.datasets[0].properties.mountpoint'

function mountedAt(mountpoint: string, more: Record<string, string> = {}): unknown {
  return withPool({ datasets: [{ name: 'a', pool: 'tank', properties: { mountpoint, ...more } }] })
}

for (const place of [
  '/',
  '//',
  '/etc',
  '/etc/pve',
  '/usr//share/',
  '/var',
  '/var/./lib/',
  '/var/lib/vz',
  '/lib64',
  '/tmp',
]) {
  test(`nothing is mounted over ${place}`, () => {
    assertProblems(mountedAt(place), [
      { path: at, message: `mounted at ${plainPath(place)} and hide what the system needs`, mend: '/srv/tank/a' },
    ])
  })
}

for (const place of ['/srv', '/home', '/opt', '/mnt', '/var/lib/docker', '/etcetera', '/library', '/...']) {
  test(`a dataset may be mounted at ${place}`, () => assert.equal(problemsOf(mountedAt(place)), []))
}

test('.. in a mountpoint', () => {
  assertProblems(mountedAt('/srv/../etc'), [{ path: at, message: 'goes through ..', mend: 'the path that is meant' }])
})

test('what is never mounted hides nothing', () => {
  assert.equal(problemsOf(mountedAt('/', { canmount: 'off' })), [])
})

test('a pool is mounted at its name', () => {
  assertProblems({ zfs: { pools: [tank({ name: 'etc' })] } }, [
    { path: '$.zfs.pools[0].name', message: 'etc would be mounted at /etc', mend: 'another name' },
  ])
})

test("a root dataset's mountpoint, told once and not again for what inherits it", () => {
  const pools = [tank({ filesystem_properties: 'mountpoint=/usr' })]
  assertProblems({ zfs: { pools, datasets: [{ name: 'a', pool: 'tank' }] } }, [
    { path: '$.zfs.pools[0].filesystem_properties', message: 'tank would be mounted at /usr', mend: 'mountpoint' },
  ])
})

const TWICE: readonly (readonly [string, readonly Record<string, unknown>[], readonly Expected[]])[] = [
  [
    'two datasets at one mount point',
    [
      { name: 'a', properties: 'mountpoint=/srv/x' },
      { name: 'b', properties: { mountpoint: '/srv//x/' } },
      { name: 'b/inside' },
      { name: 'a/inside' },
    ],
    [
      {
        path: '$.zfs.datasets[1].properties.mountpoint',
        message: 'tank/b and tank/a would both be mounted at /srv/x',
        mend: 'another mountpoint',
      },
    ],
  ],
  [
    'a dataset at the mount point of the root dataset',
    [{ name: 'a', properties: { mountpoint: '/tank' } }],
    [{ path: at, message: 'tank/a and tank would both be mounted at /tank', mend: 'another mountpoint' }],
  ],
]
for (const [name, datasets, expected] of TWICE) {
  test(name, () => assertProblems(withPool({ datasets: datasets.map((one) => ({ pool: 'tank', ...one })) }), expected))
}

test('one spelling of a path', () => {
  const spellings = { '/': '/', '//': '/', '/./': '/', '/a//b/./c/': '/a/b/c', '/a/.b/..c': '/a/.b/..c', '': '' }
  for (const [written, plain] of Object.entries(spellings)) assert.is(plainPath(written), plain, written)
})

test.run()

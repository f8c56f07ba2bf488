/** What a config must not say of exports, as far as it can be told without the host. */
import { test } from 'uvu'
import { assertProblems, type Expected, withPool } from '../config/problems.ts'

const datasets = [{ name: 'data', pool: 'tank' }]
const at = '$.nfs.exports[0]'

const nfs = (entries: readonly Record<string, unknown>[], more: Record<string, unknown> = {}): unknown =>
  withPool(
    { datasets },
    { nfs: { exports: entries.map((one) => ({ path: '/tank/data', clients: ['10.0.0.7'], ...one })) }, ...more },
  )

const home = { network: { interfaces: { name: 'vmbr0', address: '10.0.0.13/24' } } }
const stored = { proxmox_storage: 'nfs-data' }

const CASES: readonly (readonly [string, unknown, readonly Expected[]])[] = [
  [
    'incident: loopback NFS, an export whose only client is a VM became a storage of the host itself, and setup was fatal',
    nfs([stored], home),
    [
      {
        path: `${at}.proxmox_storage`,
        message: 'mounts the storage nfs-data itself, from 10.0.0.13, and that address is not among the clients',
        mend: 'add "10.0.0.13" to the clients',
      },
    ],
  ],
  ['the host among the clients, by its network', nfs([{ ...stored, clients: ['10.0.0.0/24'] }], home), []],
  ['a client that only the host can tell', nfs([{ ...stored, clients: ['@trusted'] }], home), []],
  [
    'the address of the server where it is another one than the first interface’s',
    nfs([{ ...stored, clients: ['10.0.0.13'] }], { network: { ...home.network, nfs_server: '10.5.0.1' } }),
    [{ path: `${at}.proxmox_storage`, message: 'from 10.5.0.1', mend: 'add "10.5.0.1"' }],
  ],
  [
    'without any address, the host mounts from 127.0.0.1',
    nfs([{ ...stored, clients: ['10.0.0.0/24'] }]),
    [{ path: `${at}.proxmox_storage`, message: 'from 127.0.0.1', mend: 'add "127.0.0.1"' }],
  ],
  ['localhost is 127.0.0.1', nfs([{ ...stored, clients: ['localhost'] }]), []],
  [
    'incident: the same tree under two storage ids',
    withPool(
      { datasets: [{ ...datasets[0], proxmox_storage_type: 'dir', proxmox_content_type: 'iso' }] },
      { nfs: { exports: [{ path: '/tank/data', clients: ['127.0.0.1'], ...stored }] } },
    ),
    [
      {
        path: `${at}.proxmox_storage`,
        message: 'tank/data is a storage already',
        mend: 'leave proxmox_storage out',
        severity: 'warning',
      },
    ],
  ],
  [
    'content that an nfs storage cannot hold, and content of none',
    nfs([
      { ...stored, clients: ['127.0.0.1'], proxmox_content_type: 'iso,isos' },
      { path: '/tank/data/b', proxmox_content_type: 'iso' },
    ]),
    [
      { path: `${at}.proxmox_content_type`, message: '"isos" is nothing that', mend: 'images' },
      {
        path: '$.nfs.exports[1].proxmox_content_type',
        message: 'has no effect without proxmox_storage',
        mend: 'remove',
        severity: 'warning',
      },
    ],
  ],
  [
    'one client in two spellings',
    nfs([{ clients: ['10.0.0.7'] }, { clients: ['10.0.0.7/32'] }]),
    [{ path: '$.nfs.exports[1].clients[0]', message: 'twice', mend: 'keep one' }],
  ],
  [
    'two owners of one folder',
    nfs([
      { owner: 'nobody', mode: '0775' },
      { clients: ['10.0.0.8'], owner: 'heads', mode: '0775' },
    ]),
    [
      {
        path: '$.nfs.exports[1].owner',
        message: 'another export of /tank/data says owner nobody',
        mend: 'say it once',
      },
    ],
  ],
]

for (const [name, config, expected] of CASES) {
  test(name, () => {
    assertProblems(config, expected)
  })
}

test.run()

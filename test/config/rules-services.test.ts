import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { assertProblems, type Expected, problemsOf, withPool } from './problems.ts'

const data = { datasets: [{ name: 'data', pool: 'tank' }] }
const clients = ['10.0.0.0/24']

function nfs(entry: Record<string, unknown>, zfs: Record<string, unknown> = data): unknown {
  return withPool(zfs, { nfs: { exports: [{ path: '/tank/data', clients, ...entry }] } })
}

function samba(share: Record<string, unknown>, more: Record<string, unknown> = {}): unknown {
  return withPool(data, { samba: { shares: [{ name: 's', path: '/tank/data', ...share }], ...more } })
}

const at = '$.nfs.exports[0]'
const share = '$.samba.shares[0]'

const CASES: readonly (readonly [string, unknown, readonly Expected[]])[] = [
  [
    'incident: data that should be on ZFS is on the root disk',
    nfs({ path: '/mnt/pve/tank/data' }),
    [
      {
        path: `${at}.path`,
        message: 'would be on the root disk',
        mend: 'did you mean /tank/data?',
        meant: '/tank/data',
      },
    ],
  ],
  [
    'the same through a shared volume and a container',
    withPool(data, {
      shared_volumes: { models: { host_path: '/mnt/pve/tank/data/models' } },
      guests: {
        lxc_configs: {
          '901': { name: 'c', mount_points: [{ host_path: '/mnt/pve/tank/data', container_path: '/d' }] },
        },
      },
    }),
    [
      {
        path: '$.shared_volumes.models.host_path',
        message: 'on the root disk',
        mend: '/tank/data/models',
        meant: '/tank/data/models',
      },
      {
        path: "$.guests.lxc_configs['901'].mount_points[0].host_path",
        message: 'on the root disk',
        mend: '/tank/data',
        meant: '/tank/data',
      },
    ],
  ],
  [
    'an export beside the declared datasets',
    nfs({ path: '/tank/date' }),
    [
      {
        path: `${at}.path`,
        message: 'it would be a folder of tank itself',
        mend: 'did you mean /tank/data?',
        meant: '/tank/data',
        severity: 'warning',
      },
    ],
  ],
  [
    'an export somewhere else',
    nfs({ path: '/srv/x' }),
    [{ path: `${at}.path`, message: '/srv/x lies on no declared dataset', mend: 'declare', severity: 'warning' }],
  ],
  [
    'below a dataset, and at its own mount point',
    nfs({ path: '/srv/d/sub/' }, { datasets: [{ name: 'data', pool: 'tank', properties: 'mountpoint=/srv/d' }] }),
    [],
  ],
  [
    'a dataset that is not mounted',
    nfs({}, { datasets: [{ name: 'data', pool: 'tank', properties: 'mountpoint=none' }] }),
    [{ path: `${at}.path`, message: 'tank/data is not mounted', mend: 'mountpoint' }],
  ],
  [
    'a path that wanders',
    nfs({ path: '/tank/../etc' }),
    [{ path: `${at}.path`, message: 'goes through . or ..', mend: 'meant' }],
  ],
  [
    'a path without its slash',
    nfs({ path: 'tank/data' }),
    [{ path: `${at}.path`, message: '"tank/data" is not an absolute path', mend: '/quickOS' }],
  ],
  [
    'two writers for one export',
    nfs({}, { datasets: [{ name: 'data', pool: 'tank', properties: 'sharenfs=on' }] }),
    [{ path: `${at}.path`, message: 'its own property sharenfs=on too', mend: 'remove one' }],
  ],
  [
    'a path without clients is the world',
    nfs({ clients: [] }),
    [{ path: `${at}.clients`, message: 'empty', mend: '10.0.0.0/24' }],
  ],
  [
    'clients',
    nfs({
      clients: [
        '10.0.0.300',
        '10.0.0.5 (rw)',
        '10.0.0.13/24',
        '10.0.0.0/33',
        '*',
        '@hosts',
        'desk.internal',
        'fd00::/64',
        '10.0.0.5',
        '10.0.0.5',
        'a;b',
      ],
    }),
    [
      { path: `${at}.clients[0]`, message: '10.0.0.300 is no IP address', mend: '10.0.0.13' },
      { path: `${at}.clients[1]`, message: 'is not one client', mend: '"options"' },
      {
        path: `${at}.clients[2]`,
        message: 'it means 10.0.0.0/24',
        mend: '10.0.0.0/24',
        meant: '10.0.0.0/24',
        severity: 'warning',
      },
      { path: `${at}.clients[3]`, message: '/33 is no length', mend: '10.0.0' },
      { path: `${at}.clients[4]`, message: 'everyone', mend: 'network', severity: 'warning' },
      { path: `${at}.clients[9]`, message: 'exported to 10.0.0.5 twice', mend: 'keep one' },
      { path: `${at}.clients[10]`, message: '"a;b" is no client', mend: 'address' },
    ],
  ],
  [
    'options',
    nfs({ options: ['rw', 'noatime', 'no_subtre_check', 'ro', 'anonuid', 'sync=1', 'fsid=0', 'rw'] }),
    [
      { path: `${at}.options[1]`, message: "the client's mount", mend: 'fstab' },
      {
        path: `${at}.options[2]`,
        message: 'no option "no_subtre_check"',
        mend: 'no_subtree_check',
        meant: 'no_subtree_check',
      },
      { path: `${at}.options[3]`, message: 'rw and ro exclude each other', mend: 'keep one' },
      { path: `${at}.options[4]`, message: '"anonuid" needs a value', mend: 'anonuid=…' },
      { path: `${at}.options[5]`, message: '"sync" takes no value', mend: 'write sync' },
      { path: `${at}.options[7]`, message: '"rw" is there twice', mend: 'keep one', severity: 'warning' },
    ],
  ],
  ['options as one text', nfs({ options: 'rw,async,no_root_squash' }), []],
  [
    'shares: the older form of path and options',
    samba(
      { path: 'tank/data', options: 'browseable=yes writable=yes', valid_users: ['heads'] },
      { user: 'heads', password: { env: 'X' } },
    ),
    [],
  ],
  [
    'a share named twice, in other case',
    withPool(data, {
      samba: {
        shares: [
          { name: 'DATA', path: '/tank/data' },
          { name: 'data', path: '/tank/data' },
          { name: 'global', path: '/tank/data' },
        ],
      },
    }),
    [
      { path: '$.samba.shares[1].name', message: 'declared a second time', mend: 'keep one' },
      { path: '$.samba.shares[2].name', message: 'a meaning of its own', mend: 'another' },
    ],
  ],
  [
    'incident: options that nothing reads — an unknown parameter is refused',
    samba({ options: 'browseable=yes writeble=yes nonsense', read_only: false }),
    [
      { path: `${share}.options`, message: 'no parameter "writeble"', mend: 'writ', meant: 'writeable' },
      { path: `${share}.options`, message: '"nonsense" is no parameter=value', mend: '{"read only": "no"}' },
    ],
  ],
  [
    'an option that a field says already',
    samba({ options: { 'Read Only': false, vfs_objects: 'x', 'shadow:snapdir': '.zfs' }, read_only: false }),
    [{ path: `${share}.options['Read Only']`, message: 'said by the field read_only', mend: 'keep one' }],
  ],
  [
    'two names of one parameter, and a value that is no boolean',
    samba({ options: 'writable=yes read_only=perhaps' }),
    [
      { path: `${share}.options`, message: 'yes or no, not "perhaps"', mend: 'yes or no' },
      { path: `${share}.options`, message: '"read_only" is there twice', mend: 'keep one' },
    ],
  ],
  [
    'an option that would bring a line of its own',
    samba({ options: { comment: 'x\n[global]' }, valid_users: ['@a"'] }),
    [
      { path: `${share}.options.comment`, message: 'control character', mend: 'remove' },
      { path: `${share}.valid_users[0]`, message: 'quote', mend: 'remove' },
    ],
  ],
  [
    'an option that would swallow the next line',
    samba({ options: { comment: 'x\\' } }),
    [{ path: `${share}.options.comment`, message: 'takes the next line', mend: 'remove' }],
  ],
  [
    'incident: NFS wants nobody:777 and Samba heads:770 on one dataset',
    withPool(data, {
      nfs: { exports: [{ path: '/tank/data', clients, owner: 'nobody', mode: '0777' }] },
      samba: { shares: [{ name: 's', path: 'tank/data/', owner: 'heads', mode: '0770' }] },
    }),
    [
      { path: `${share}.owner`, message: 'heads here and nobody at $.nfs.exports[0]', mend: 'say it once' },
      { path: `${share}.mode`, message: '0770 here and 0777', mend: 'say it once' },
    ],
  ],
  [
    'valid users',
    samba({ valid_users: ['heds', '@family'] }, { user: 'heads', password: { env: 'X' } }),
    [
      {
        path: `${share}.valid_users[0]`,
        message: 'no Samba user "heds"',
        mend: 'did you mean heads?',
        meant: 'heads',
        severity: 'warning',
      },
    ],
  ],
  [
    'a user without a password',
    withPool(data, { samba: { user: 'heads' } }),
    [{ path: '$.samba.user', message: 'given no password', mend: '{"file"', severity: 'warning' }],
  ],
  [
    'incident: the Samba password is a literal',
    withPool(data, { samba: { user: 'heads', password: 'hunter2' } }),
    [
      {
        path: '$.samba.password',
        message: 'a secret must not stand in the config',
        mend: '{"file": "/etc/phx/secrets/password"}',
      },
    ],
  ],
  [
    'a password hash is a secret, NOT_SET is none',
    {
      users: [
        { username: 'a', password_hash: '$6$hunter2' },
        { username: 'b', password_hash: 'NOT_SET' },
        { username: 'c', password_hash: '' },
      ],
    },
    [{ path: '$.users[0].password_hash', message: 'a secret must not stand in the config', mend: '"env"' }],
  ],
  [
    'a secret where the schema knows none',
    { portainer_api: { admin_password: 'hunter2' }, samba: { admin_password: 'hunter2' } },
    [
      { path: '$.portainer_api', message: 'not managed by phx', mend: 'remove it', atKey: true },
      { path: '$.portainer_api.admin_password', message: 'a secret must not stand', mend: '"file"' },
      {
        path: '$.samba.admin_password',
        message: 'unknown field "admin_password", and a secret',
        mend: 'remove it',
        atKey: true,
      },
    ],
  ],
  [
    'a reference names one place',
    { samba: { user: 'heads', password: { file: '/x', env: 'X' } } },
    [{ path: '$.samba.password', message: 'exactly one place', mend: 'keep one' }],
  ],
  [
    'users: one as an object, two of a name, root',
    { users: [{ username: 'a' }, { username: 'a' }, { username: 'root' }] },
    [
      { path: '$.users[1].username', message: 'declared a second time', mend: 'keep one' },
      { path: '$.users[2].username', message: 'does not change root', mend: 'another' },
    ],
  ],
  [
    'addresses',
    {
      network: {
        default_subnet: '10.0.0.13/24',
        interfaces: {
          name: 'vmbr0',
          address: '10.0.0.256/24',
          gateway: '10.0.0.1',
          dns_nameservers: '9.9.9.9 9.9.9.999',
        },
      },
    },
    [
      {
        path: '$.network.default_subnet',
        message: 'it means 10.0.0.0/24',
        mend: '10.0.0.0/24',
        meant: '10.0.0.0/24',
        severity: 'warning',
      },
      { path: '$.network.interfaces.address', message: '10.0.0.256 is no IP address', mend: 'digits' },
      { path: '$.network.interfaces.dns_nameservers', message: '9.9.9.999', mend: 'digits' },
    ],
  ],
  [
    'firewall',
    {
      firewall: {
        enabled: true,
        global_firewall_rules: [
          { type: 'in', action: 'ACCEPT', port: '80' },
          { type: 'in', action: 'ACCEPT', proto: 'tcp', port: '80,70000' },
          { type: 'in', action: 'ALLOW', proto: 'tcp', port: 443 },
          { type: 'out', action: 'DROP', comment: 'one' },
          { type: 'out', action: 'DROP', comment: 'two' },
        ],
      },
      shared_volumes: { firewall: {} },
    },
    [
      { path: '$.firewall.enabled', message: 'no backend', mend: 'ufw', severity: 'warning' },
      { path: '$.firewall.global_firewall_rules[0].port', message: 'tcp or udp', mend: 'proto' },
      { path: '$.firewall.global_firewall_rules[1].port', message: '70000 is no port', mend: '65535' },
      { path: '$.firewall.global_firewall_rules[2].action', message: '"ALLOW" is not one of ACCEPT', mend: 'ACCEPT' },
      { path: '$.firewall.global_firewall_rules[2].port', message: 'must be a text, not 443', mend: '"443"' },
      { path: '$.firewall.global_firewall_rules[4]', message: 'there twice', mend: 'keep', severity: 'warning' },
      { path: '$.shared_volumes.firewall', message: 'declared twice', mend: 'keep the one', atKey: true },
    ],
  ],
  [
    'a driver without source or checksum',
    { nvidia_driver: { install: true, version: '580.76.05' } },
    [
      { path: '$.nvidia_driver', message: 'no runfile', mend: 'runfile_url' },
      { path: '$.nvidia_driver', message: 'no checksum', mend: 'sha256sum' },
    ],
  ],
  [
    'guests',
    {
      guests: {
        vms: [
          { vmid: 1001, name: 'a', dependencies: ['103', 'lxc:901', 1001] },
          { vmid: 901, name: 'b' },
        ],
        lxc_configs: { '901': { name: 'a' }, abc: { name: 'c' } },
      },
    },
    [
      { path: '$.guests.vms[0].dependencies[0]', message: 'no guest 103', mend: 'declare' },
      { path: '$.guests.vms[0].dependencies[2]', message: 'cannot depend on itself', mend: 'remove' },
      { path: "$.guests.lxc_configs['901']", message: 'two guests have the id 901', mend: 'another', atKey: true },
      { path: "$.guests.lxc_configs['901'].name", message: 'two guests are named a', mend: 'another' },
      { path: '$.guests.lxc_configs.abc', message: 'not the id of a container', mend: '"901"', atKey: true },
    ],
  ],
  [
    'two guests with one address',
    {
      guests: {
        vms: [
          { vmid: 101, name: 'a', network_config: { ip: '10.0.0.5/24' } },
          { vmid: 102, name: 'b', network_config: { ip: 'dhcp' } },
        ],
        lxc_configs: { '901': { name: 'c', network_config: { name: 'eth0', bridge: 'vmbr0', ip: '10.0.0.5/24' } } },
      },
    },
    [
      {
        path: "$.guests.lxc_configs['901'].network_config.ip",
        message: 'guest 101 has the address 10.0.0.5 too',
        mend: 'another address',
      },
    ],
  ],
]

for (const [name, config, expected] of CASES) test(name, () => assertProblems(config, expected))

test('no problem ever quotes a secret', () => {
  const config = {
    samba: {
      user: 'heads',
      password: { file: 'hunter2', env: 'hunter2 x', credential: 'hunter2/', command: 'hunter2', value: 'hunter2' },
    },
    users: [
      { username: 'a', password_hash: 'hunter2' },
      { username: 'b', password: 'hunter2' },
    ],
    guests: { vms: [{ vmid: 100, name: 'v', user_config: { username: 'u', password: ['hunter2'] } }] },
    portainer_api: { api_key: 'hunter2' },
  }
  const problems = problemsOf(config)
  assert.ok(problems.length > 5)
  assert.not.match(JSON.stringify(problems), 'hunter2')
})

test.run()

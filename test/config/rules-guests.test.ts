/** Rules about guests: what they are made from, whom they wait for, what they mount and what is put into them. */
import { test } from 'uvu'
import { assertProblems, type Expected, withPool } from './problems.ts'

type Fields = Record<string, unknown>
const template = { vmid: 9000, name: 'base', is_template: true, template_image: '/srv/base.img', storage_pool: 's' }
const clone = (more: Fields = {}) => ({ vmid: 8101, name: 'one', clone_from_vmid: 9000, ...more })
const card = (ip: string, more: Fields = {}) => ({ name: 'eth0', bridge: 'vmbr0', ip, ...more })
const at = (field: string) => `$.guests.vms[1].${field}`
const lxc = (id: string, field: string) => `$.guests.lxc_configs['${id}']${field}`

/** Pool tank with two datasets, one inside the other, this host's address, and exports. */
function host(guests: Fields, exports: readonly Fields[] = [], more: Fields = {}): Fields {
  const datasets = [
    { name: 'data', pool: 'tank' },
    { name: 'data/inner', pool: 'tank' },
    { name: 'more', pool: 'tank' },
  ]
  const network = { interfaces: [{ name: 'vmbr0', address: '10.0.0.13/24' }] }
  return withPool({ datasets }, { network, nfs: { exports }, guests, ...more })
}

const share = (host_path: string, guest_path = '/mnt/a', more: Fields = {}) => ({ host_path, guest_path, ...more })

/** VM 8101 at 10.0.0.101 with these shares. */
const sharing = (shares: readonly Fields[], exports: readonly Fields[], more: Fields = {}) =>
  host({ vms: [template, clone({ network_config: { ip: '10.0.0.101/24' }, nfs_shares: shares, ...more })] }, exports)

const wide = { path: '/tank/data', clients: ['10.0.0.0/24'], options: ['rw'] }

const CASES: readonly (readonly [string, unknown, readonly Expected[]])[] = [
  [
    'a clone of what is no template, or of the other kind; one of the host may be',
    {
      guests: {
        vms: [
          { vmid: 9000, name: 'base', adopt: true },
          clone(),
          { vmid: 8102, name: 'two', clone_from_vmid: 900 },
          { vmid: 8103, name: 'three', clone_from_vmid: 7777 },
        ],
        lxc_configs: {
          '900': { name: 'ct', is_template: true, adopt: true },
          '901': { name: 'c', clone_from_ctid: 9000 },
        },
      },
    },
    [
      { path: at('clone_from_vmid'), message: 'vm:9000 is no template', mend: '"is_template": true' },
      {
        path: '$.guests.vms[2].clone_from_vmid',
        message: "lxc:900 is a container: a VM can't be its clone",
        mend: 'same',
      },
      {
        path: lxc('901', '.clone_from_ctid'),
        message: "vm:9000 is a VM: a container can't be its clone",
        mend: 'same',
      },
    ],
  ],
  [
    'two origins, none, and one that can not be had',
    {
      guests: {
        vms: [
          template,
          clone({ template_image: '/srv/x.img' }),
          { vmid: 8102, name: 'two', cores: 2 },
          {
            vmid: 8103,
            name: 'three',
            template_image: 'x.img',
            storage_pool: 's',
            template_image_url: 'https://x/x.img',
          },
          { vmid: 8104, name: 'four', template_image: '/srv/x.img', linked_clone: true },
          { vmid: 8105, name: 'five', cores: 2, adopt: true },
        ],
        lxc_configs: { '901': { name: 'c', cores: 1 }, '902': { name: 'd', template: 'local:vztmpl/d.tar.zst' } },
      },
    },
    [
      { path: at('template_image'), message: 'a clone and made from an image at once', mend: 'keep one' },
      {
        path: '$.guests.vms[2].vmid',
        message: "phx can't make it",
        mend: 'clone_from_vmid',
        severity: 'warning',
        atKey: true,
      },
      {
        path: '$.guests.vms[3].template_image',
        message: 'template_image_sha256 missing',
        mend: 'add template_image_sha256',
        severity: 'warning',
      },
      {
        path: '$.guests.vms[4].vmid',
        message: 'on which storage its disk goes',
        mend: 'storage_pool',
        severity: 'warning',
        atKey: true,
      },
      { path: '$.guests.vms[4].linked_clone', message: 'no clone', mend: 'clone_from_vmid', atKey: true },
      { path: lxc('901', ''), message: "phx can't make it", mend: 'clone_from_ctid', severity: 'warning', atKey: true },
      { path: lxc('902', ''), message: 'its root file system', mend: 'storage_pool', severity: 'warning', atKey: true },
    ],
  ],
  [
    'a template that would mount, get files, or start; and guests that wait for one',
    host(
      {
        vms: [
          {
            ...template,
            nfs_shares: [share('/tank/data')],
            file_injections: [{ source: 'a', destination: '/a' }],
            start_at_boot: true,
          },
          clone({ dependencies: ['9000'] }),
          { vmid: 8102, name: 'two', dependencies: ['vm:9000', 'lxc:8101'] },
        ],
        lxc_configs: { '900': { name: 'ct', is_template: true, adopt: true, start_at_boot: true } },
      },
      [wide],
    ),
    [
      { path: '$.guests.vms[0].nfs_shares', message: '"nfs_shares" has no use', mend: 'clones', atKey: true },
      { path: '$.guests.vms[0].file_injections', message: '"file_injections" has no use', mend: 'clones', atKey: true },
      { path: '$.guests.vms[0].start_at_boot', message: 'never started', mend: 'remove' },
      { path: '$.guests.vms[2].dependencies[0]', message: 'vm:9000 is a template, which never starts', mend: 'clone' },
      {
        path: '$.guests.vms[2].dependencies[1]',
        message: 'no guest lxc:8101 is declared, but vm:8101 is',
        mend: 'vm:8101',
        meant: 'vm:8101',
      },
      { path: lxc('900', '.start_at_boot'), message: 'never started', mend: 'remove' },
    ],
  ],
  [
    'circles, each named whole: by dependencies, and through a clone',
    {
      guests: {
        vms: [
          { vmid: 101, name: 'a', dependencies: ['102'] },
          { vmid: 102, name: 'b', dependencies: ['lxc:103'] },
          { vmid: 201, name: 'd', is_template: true, adopt: true, dependencies: ['202'] },
          { vmid: 202, name: 'e', clone_from_vmid: 201 },
        ],
        lxc_configs: { '103': { name: 'c', dependencies: [101] } },
      },
    },
    [
      { path: '$.guests.vms[3].clone_from_vmid', message: 'in a circle: vm:201 → vm:202 → vm:201', mend: 'first' },
      {
        path: lxc('103', '.dependencies[0]'),
        message: 'in a circle: vm:101 → vm:102 → lxc:103 → vm:101',
        mend: 'first',
      },
    ],
  ],
  [
    'one MAC address for two cards, and two for one',
    {
      guests: {
        vms: [template, clone({ mac_address: 'bc:24:11:00:00:01' })],
        lxc_configs: {
          '901': { name: 'c', mac_address: 'BC:24:11:00:00:01' },
          '902': {
            name: 'd',
            mac_address: 'BC:24:11:00:00:02',
            network_config: card('dhcp', { hwaddr: 'bc:24:11:00:00:02' }),
          },
          '903': {
            name: 'e',
            mac_address: 'BC:24:11:00:00:03',
            network_config: card('dhcp', { hwaddr: 'BC:24:11:00:00:04' }),
          },
        },
      },
    },
    [
      {
        path: lxc('901', '.mac_address'),
        message: 'a card of guest 8101 has the MAC address BC:24:11:00:00:01 too',
        mend: 'another',
      },
      { path: lxc('903', '.network_config.hwaddr'), message: 'another address for this card', mend: 'one of the two' },
    ],
  ],
  [
    'shares that are exported to the guest: by network, by address, below an export, to a name that only the host knows',
    sharing(
      [share('/tank/data/8101'), share('/tank/more', '/mnt/b'), share('/tank/data/inner', '/mnt/c', { options: 'rw' })],
      [
        wide,
        { path: '/tank/more', clients: ['desk.internal'] },
        { path: '/tank/data/inner', clients: ['10.0.0.0/24', '10.0.0.101'], options: 'rw' },
      ],
    ),
    [],
  ],
  [
    'a share under no export, under one for others, and none at all',
    sharing(
      [share('/tank/more'), share('/tank/data', '/mnt/b')],
      [{ path: '/tank/data', clients: ['10.0.0.7', '10.1.0.0/16'] }],
    ),
    [
      {
        path: at('nfs_shares[0].host_path'),
        message: '/tank/more is under no export: there are /tank/data',
        mend: '"clients": ["10.0.0.101"]',
      },
      {
        path: at('nfs_shares[1].host_path'),
        message: 'the export /tank/data is for 10.0.0.7, 10.1.0.0/16, and lets 10.0.0.101 not in',
        mend: '"10.0.0.101"',
      },
    ],
  ],
  [
    'no exports',
    sharing([share('/tank/more')], []),
    [{ path: at('nfs_shares[0].host_path'), message: 'there are no exports', mend: 'nfs.exports' }],
  ],
  [
    'an address that nobody knows beforehand: only a network lets it in',
    sharing(
      [share('/tank/data'), share('/tank/more', '/mnt/b')],
      [wide, { path: '/tank/more', clients: ['10.0.0.7'] }],
      {
        network_config: { ip: 'dhcp' },
      },
    ),
    [{ path: at('nfs_shares[1].host_path'), message: 'lets an address by DHCP not in', mend: 'network of the guest' }],
  ],
  [
    'a guest that wants to write where it may not: the narrowest client counts, as for mountd',
    sharing(
      [share('/tank/data', '/mnt/a', { options: 'rw,nofail' }), share('/tank/more', '/mnt/b', { options: 'rw' })],
      [
        { path: '/tank/data', clients: ['10.0.0.101'], options: 'ro' },
        wide,
        { path: '/tank/more', clients: ['10.0.0.0/24'], options: 'ro' },
        { path: '/tank/more', clients: ['10.0.0.101'], options: 'rw' },
      ],
    ),
    [{ path: at('nfs_shares[0].options'), message: '/tank/data is exported read-only to 10.0.0.101', mend: 'add rw' }],
  ],
  [
    'a dataset inside an exported one: the guest would see an empty folder, unless the export goes on',
    sharing([share('/tank/data/inner'), share('/tank/more', '/mnt/b')], [wide]),
    [
      { path: at('nfs_shares[0].host_path'), message: 'an empty folder', mend: 'export /tank/data/inner itself' },
      { path: at('nfs_shares[1].host_path'), message: 'under no export', mend: 'nfs.exports' },
    ],
  ],
  ['the same with crossmnt', sharing([share('/tank/data/inner')], [{ ...wide, options: ['rw', 'crossmnt'] }]), []],
  [
    'volumes in their older form: those of this host are judged, those of another are not',
    sharing([], [wide], {
      volumes: [
        { type: 'nfs', server: '10.0.0.13', path: '/tank/more', mount_point: '/mnt/a' },
        { type: 'nfs', server: '10.0.0.99', path: '/tank/more', mount_point: '/mnt/b' },
      ],
    }),
    [{ path: at('volumes[0].path'), message: '/tank/more is under no export', mend: 'nfs.exports' }],
  ],
  [
    'a host whose address nobody says',
    { ...sharing([share('/tank/data')], [wide]), network: {} },
    [{ path: at('nfs_shares[0].host_path'), message: 'no address of this host', mend: 'nfs_server' }],
  ],
  [
    'incident: a folder of the root disk, where a dataset was meant',
    sharing([share('/mnt/pve/tank/data')], [wide]),
    [
      {
        path: at('nfs_shares[0].host_path'),
        message: 'would be on the root disk',
        mend: '/tank/data',
        meant: '/tank/data',
      },
    ],
  ],
  [
    'mount points: on the system, twice, inside each other',
    sharing(
      [
        share('/tank/data', '/etc/app'),
        share('/tank/data', '/home'),
        share('/tank/data', '/srv/a'),
        share('/tank/data', '/srv/a/'),
        share('/tank/data', '/srv/a/b'),
        share('/tank/data', '/srv/../b'),
        share('/tank/data', '/srv/ab', { options: 'rw nofail' }),
      ],
      [wide],
    ),
    [
      { path: at('nfs_shares[0].guest_path'), message: 'on /etc/app would hide', mend: '/mnt/NAME' },
      { path: at('nfs_shares[1].guest_path'), message: 'on /home would hide', mend: '/mnt/NAME' },
      { path: at('nfs_shares[3].guest_path'), message: 'two shares are mounted on /srv/a', mend: 'another' },
      { path: at('nfs_shares[4].guest_path'), message: 'lie inside each other', mend: 'beside' },
      { path: at('nfs_shares[5].guest_path'), message: 'goes through ..', mend: 'meant' },
      { path: at('nfs_shares[6].options'), message: 'no blanks', mend: 'ro,_netdev' },
    ],
  ],
  [
    'files: two at one place, one on a share, one without a name',
    sharing([share('/tank/data', '/srv/a')], [wide], {
      file_injections: ['/etc/motd', '/etc//motd', '/srv/a/x', '/etc/app/', '/etc/../x'].map((destination) => {
        return { source: 'x', destination }
      }),
    }),
    [
      { path: at('file_injections[1].destination'), message: 'two files are put at /etc/motd', mend: 'keep one' },
      {
        path: at('file_injections[2].destination'),
        message: 'on the share that is mounted on /srv/a',
        mend: 'elsewhere',
      },
      { path: at('file_injections[3].destination'), message: 'is a folder', mend: 'name too' },
      { path: at('file_injections[4].destination'), message: 'goes through ..', mend: 'meant' },
    ],
  ],
  [
    'a container: folders, shared volumes and volumes on one mount point',
    host(
      {
        lxc_configs: {
          '901': {
            name: 'c',
            mount_points: [
              { host_path: '/tank/data/a', container_path: '/a' },
              { host_path: '/tank/data/b', container_path: '/a/' },
              { host_path: '/tank/data/c', container_path: '/models' },
            ],
          },
        },
      },
      [],
      { shared_volumes: { models: { host_path: '/tank/more/m', mounts: { '901': '/models', '902': '/a' } } } },
    ),
    [
      {
        path: lxc('901', '.mount_points[1].container_path'),
        message: 'already that of the folder /tank/data/a',
        mend: 'another',
      },
      {
        path: lxc('901', '.mount_points[2].container_path'),
        message: 'already that of the shared volume models',
        mend: 'another',
      },
    ],
  ],
]

for (const [name, config, expected] of CASES) test(name, () => assertProblems(config, expected))

test.run()

/** The user's own file, in the shapes in which it was last committed: what phx takes as it is, and what it says of the rest. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseConfig } from '../../lib/config/load.ts'
import { declaredZfs } from '../../lib/config/zfs.ts'
import { problemsOf } from './problems.ts'

const zfs = {
  arc_max_gb: 32,
  pools: [
    {
      name: 'quickOS',
      raid_level: 'mirror',
      disks: ['/dev/disk/by-id/nvme-M2000_A1', '/dev/disk/by-id/nvme-M2000_A2'],
    },
    { name: 'fastData', raid_level: 'single', disks: ['/dev/disk/by-id/nvme-M4000_B1'] },
  ],
  datasets: [
    dataset(
      'quickOS',
      'vm-disks',
      'recordsize=128K,compression=lz4,sync=standard,quota=800G',
      'direct',
      'zfspool',
      'images',
    ),
    dataset(
      'quickOS',
      'lxc-disks',
      'recordsize=16K,compression=lz4,sync=standard,quota=600G',
      'direct',
      'zfspool',
      'images,rootdir',
    ),
    dataset(
      'fastData',
      'shared-bulk-data',
      'recordsize=1M,compression=lz4,quota=1.4T',
      'shared',
      'zfspool',
      'images,rootdir',
    ),
    dataset('fastData', 'shared-iso', 'recordsize=1M,compression=lz4,quota=100G', 'shared', 'dir', 'iso,vztmpl'),
    dataset(
      'quickOS',
      'vm-persistent-data',
      'recordsize=128K,compression=lz4,quota=10G',
      'shared',
      'dir',
      'images,rootdir',
    ),
    dataset('quickOS', 'portainer_stacks', '', 'shared', 'dir', 'snippets'),
  ],
}

function dataset(pool: string, name: string, properties: string, storage_class: string, type: string, content: string) {
  return { name, pool, properties, storage_class, proxmox_storage_type: type, proxmox_content_type: content }
}

test('storage, shares, firewall at its old place, users and network load as they are', () => {
  const config = {
    timezone: 'America/New_York',
    domain_name: 'internal.example.com',
    users: { username: 'phoenix_admin', password_hash: 'NOT_SET', sudo_access: true, ssh_public_key: '' },
    network: {
      interfaces: { name: 'vmbr0', address: '10.0.0.13/24', gateway: '10.0.0.1', dns_nameservers: ['10.0.0.13'] },
      default_subnet: '10.0.0.0/24',
      nfs_server: '10.0.0.13',
    },
    zfs,
    proxmox_storage_ids: { fastData_shared_iso: 'fastData-shared-iso' },
    mount_point_base: '/mnt/pve',
    nfs: {
      exports: [
        {
          path: '/quickOS/vm-persistent-data',
          clients: ['10.0.0.101', '10.0.0.13'],
          options: ['rw', 'sync', 'no_subtree_check', 'no_root_squash'],
        },
      ],
    },
    samba: {
      user: 'heads',
      password: { file: '/etc/phx/secrets/samba' },
      shares: [
        {
          name: 'bulk',
          path: 'fastData/shared-bulk-data',
          options: 'browseable=yes writable=yes',
          valid_users: ['heads'],
        },
      ],
    },
    shared_volumes: {
      models: { host_path: '/fastData/shared-bulk-data/models', mounts: { '801': '/models' } },
      firewall: {
        enabled: true,
        backend: 'pve-firewall',
        default_input_policy: 'DROP',
        default_output_policy: 'ACCEPT',
        global_firewall_rules: [
          { type: 'in', action: 'ACCEPT', proto: 'tcp', source: '10.0.0.0/24', port: '80,443', comment: 'web' },
        ],
      },
    },
  }
  const loaded = parseConfig(JSON.stringify(config), 'phoenix_hypervisor_config.json')
  assert.equal(loaded.problems, [])
  if (!loaded.ok) throw new Error('does not load')
  assert.equal(
    declaredZfs(loaded.config).storages.map(({ id }) => id),
    [
      'fastData-shared-iso',
      'quickOS-lxc-disks',
      'quickOS-portainer_stacks',
      'quickOS-vm-disks',
      'quickOS-vm-persistent-data',
    ],
  )
})

test('guests load as they are', () => {
  const guests = {
    vm_defaults: {
      template: 'noble-server-cloudimg-amd64.img',
      cores: 4,
      memory_mb: 4096,
      storage_pool: 'quickOS-vm-disks',
      network_bridge: 'vmbr0',
    },
    vms: [
      {
        vmid: 9000,
        name: 'ubuntu-template',
        is_template: true,
        template_image: 'noble-server-cloudimg-amd64.img',
        features: ['base_setup'],
      },
      {
        vmid: 1001,
        name: 'portainer',
        clone_from_vmid: 9000,
        start_at_boot: true,
        boot_order: 5,
        boot_delay: 10,
        features: ['base_setup', 'docker'],
        network_config: { ip: '10.0.0.101/24', gw: '10.0.0.1', nameserver: '10.0.0.13' },
        user_config: { username: 'phoenix_user' },
        volumes: [
          {
            type: 'nfs',
            server: '10.0.0.13',
            path: '/quickOS/vm-persistent-data/1001',
            mount_point: '/mnt/persistent',
          },
        ],
        dependencies: ['801'],
        firewall: { enabled: true, rules: [{ type: 'in', action: 'ACCEPT', proto: 'tcp', port: '9443' }] },
      },
    ],
    lxc_configs: {
      '801': {
        name: 'vllm',
        memory_mb: 32768,
        cores: 8,
        storage_pool: 'quickOS-lxc-disks',
        storage_size_gb: 64,
        network_config: { name: 'eth0', bridge: 'vmbr0', ip: '10.0.0.141/24', gw: '10.0.0.1' },
        mac_address: '52:54:00:67:89:01',
        gpu_assignment: '0, 1',
        features: ['nvidia'],
        pct_options: ['nesting=1', 'keyctl=1'],
        lxc_options: ['lxc.apparmor.profile: unconfined', 'lxc.apparmor.profile=unconfined'],
        unprivileged: true,
        zfs_volumes: [{ name: 'models', pool: 'fastData-shared-bulk-data', size_gb: 200, mount_point: '/models' }],
        clone_from_ctid: '911',
        application_script: 'phoenix_hypervisor_lxc_vllm.sh',
      },
    },
  }
  const told = problemsOf({ guests }).map(({ severity, path, message }) => `${severity} ${path}: ${message}`)
  assert.equal(told, [
    "warning $.guests.vms[0].template_image: phx can't fetch noble-server-cloudimg-amd64.img, and nothing unchecked: template_image_url and template_image_sha256 missing",
  ])
})

test('what nobody read, what phx leaves alone, what has moved: each by name', () => {
  const told = problemsOf({
    version: '1.0.0',
    behavior: { rollback_on_failure: true },
    dns_server: { enabled: true },
    vms: [],
    zfs: { arc_max: '34359738368', pools: zfs.pools, datasets: [{ name: 'a', pool: 'quickOS', mountpoint: '/x' }] },
    proxmox_storage_ids: { quickos_vm_disks: 'vm' },
    constructor: {},
  })
  assert.equal(
    told.map(({ path, severity, mend }) => `${severity} ${path}: ${mend}`),
    [
      'error $.version: remove it',
      'error $.behavior: remove it',
      'error $.dns_server: remove it; what it describes stays as it is',
      'error $.vms: move it to guests.vms',
      'error $.zfs.arc_max: write zfs.arc_max_gb, in GiB',
      'error $.zfs.datasets[0].mountpoint: write it as the property mountpoint, in properties',
      'warning $.proxmox_storage_ids.quickos_vm_disks: the key is <pool>_<dataset>, with - and / written as _; remove it',
      `error $.constructor: ${told.at(-1)?.mend}`,
    ],
  )
  assert.match(told.at(-1)?.message ?? '', 'unknown field')
})

test.run()

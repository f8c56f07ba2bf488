/** The guests as plain data: every default and every spelling. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { declaredGuests } from '../../lib/config/guests.ts'
import { loadConfig, parseConfig } from '../../lib/config/load.ts'
import { resolve, type Schema } from '../../scripts/schema-sections.ts'
import { withPool } from './problems.ts'

const root = join(import.meta.dirname, '../..')

function declared(config: unknown) {
  const loaded = parseConfig(JSON.stringify(config), 'phoenix.config.json')
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
  return declaredGuests(loaded.config)
}

const only = <One>(list: readonly One[]): One => {
  assert.is(list.length, 1)
  return list[0] as One
}

/** What both kinds are when the config says nothing but their name. */
const plain = {
  isTemplate: false,
  mayAdopt: false,
  isProtected: false,
  mayRestart: false,
  snapshots: { finalForm: true, keep: 1 },
  featureTimeoutSeconds: 1800,
  shutdownTimeoutSeconds: 120,
  startsAtBoot: false,
  bootOrder: null,
  bootDelaySeconds: null,
  features: [],
  needs: [],
  searchDomain: null,
  firewall: null,
}

test('guests of which nothing is said but the name', () => {
  const { vms, containers } = declared({
    guests: { vms: [{ vmid: 101, name: 'a' }], lxc_configs: { '102': { name: 'b' } } },
  })
  assert.equal(only(vms), {
    ...plain,
    ...{ kind: 'vm', id: '101', target: 'vm:101', name: 'a', origin: null, cores: 2, memoryMb: 2048, diskGb: null },
    ...{ storage: null, bridge: 'vmbr0', macAddress: null, network: { ip: 'dhcp', gateway: null, nameservers: [] } },
    ...{ user: null, agentTimeoutSeconds: 300, shares: [], injections: [], persistentDisks: [] },
  })
  assert.equal(only(containers), {
    ...plain,
    ...{
      kind: 'lxc',
      id: '102',
      target: 'lxc:102',
      name: 'b',
      origin: null,
      cores: null,
      memoryMb: null,
      swapMb: null,
    },
    ...{ storage: null, rootGb: null, isUnprivileged: true, cards: [], nameservers: [], pctOptions: [], rawLines: [] },
    ...{ gpus: [], applicationScript: null, volumes: [], mounts: [], idMaps: [], healthCheck: null },
  })
})

test('the defaults are those that the schema tells', () => {
  const schema = JSON.parse(readFileSync(join(root, 'schema/phoenix.config.schema.json'), 'utf8')) as Schema
  /** An object in which each field with a default says it; those without one are left out. */
  const said = (name: string): Record<string, unknown> => {
    const fields = Object.entries(schema.$defs?.[name]?.properties ?? {})
    return Object.fromEntries(
      fields.flatMap(([field, one]) => {
        const { default: standard } = resolve(schema, one)
        return standard === undefined ? [] : [[field, standard]]
      }),
    )
  }
  const silent = declared({ guests: { vms: [{ vmid: 101, name: 'a' }], lxc_configs: { '102': { name: 'b' } } } })
  const spoken = declared({
    guests: {
      vm_defaults: said('vmDefaults'),
      vms: [{ vmid: 101, name: 'a', ...said('vm'), snapshots: said('guestSnapshots') }],
      lxc_configs: { '102': { name: 'b', ...said('lxc'), snapshots: said('guestSnapshots') } },
    },
  })
  assert.equal(spoken, silent)
  const check = { command: ['true'] }
  const health = (more: object) =>
    only(
      declared({ guests: { lxc_configs: { '102': { name: 'b', health_check: { ...check, ...more } } } } }).containers,
    )
  assert.equal(health(said('healthCheck')), health({}))
})

test('vm_defaults hold for machines that do not say otherwise', () => {
  const user = { username: 'ops', ssh_public_keys: [''] }
  const { vms } = declared({
    domain_name: 'home.arpa',
    guests: {
      vm_defaults: {
        ...{ template: 'base.img', cores: 4, memory_mb: 4096, storage_pool: 's', network_bridge: 'vmbr1' },
        ...{ nameservers: '10.0.0.1 9.9.9.9', user_config: user, agent_timeout_seconds: 600, restart: 'allowed' },
      },
      vms: [
        {
          vmid: 102,
          name: 'b',
          cores: 8,
          restart: 'manual',
          network_config: { ip: '10.0.0.5/24', nameserver: '10.0.0.7' },
        },
        { vmid: 101, name: 'a', network_config: { ip: 'dhcp' } },
      ],
    },
  })
  const seen = vms.map((vm) => [
    vm.id,
    vm.cores,
    vm.memoryMb,
    vm.bridge,
    vm.mayRestart,
    vm.network.nameservers.join(' '),
    vm.user?.name,
  ])
  assert.equal(seen, [
    ['101', 4, 4096, 'vmbr1', true, '10.0.0.1 9.9.9.9', 'ops'],
    ['102', 8, 4096, 'vmbr1', false, '10.0.0.7', 'ops'],
  ])
  assert.equal(vms[0]?.origin, { kind: 'image', name: 'base.img', url: null, sha256: null })
  assert.equal(vms[0]?.user, { name: 'ops', password: null, sshKeys: [] })
  assert.is(vms[0]?.agentTimeoutSeconds, 600)
  assert.is(vms[0]?.searchDomain, 'home.arpa')
})

test('what a guest needs: dependencies in any spelling, and the declared source of its clone', () => {
  const { vms, containers } = declared({
    guests: {
      vms: [
        { vmid: 9000, name: 'base', is_template: true, adopt: true },
        {
          vmid: 101,
          name: 'a',
          clone_from_vmid: 9000,
          dependencies: ['102', 103, 'lxc:102', '9000'],
          linked_clone: true,
        },
      ],
      lxc_configs: {
        '102': { name: 'b', clone_from_ctid: 7777 },
        '103': { name: 'c', clone_from_ctid: '104' },
        '104': { name: 'd', is_template: true, adopt: true },
      },
    },
  })
  assert.equal(vms[0]?.needs, ['lxc:102', 'lxc:103', 'vm:9000'])
  assert.equal(vms[0]?.origin, { kind: 'clone', vmid: '9000', isLinked: true })
  assert.equal(
    containers.map(({ needs, origin }) => [needs, origin]),
    [
      [[], { kind: 'clone', ctid: '7777' }],
      [['lxc:104'], { kind: 'clone', ctid: '104' }],
      [[], null],
    ],
  )
})

test('shares: in their older form too, and read-only where the mount or the export says so', () => {
  const config = withPool(
    {
      datasets: [
        { name: 'rw', pool: 'tank' },
        { name: 'ro', pool: 'tank' },
      ],
    },
    {
      network: { nfs_server: '10.0.0.13' },
      nfs: {
        exports: [
          { path: '/tank/rw', clients: ['10.0.0.0/24'], options: 'rw' },
          { path: '/tank/ro', clients: ['10.0.0.0/24'] },
        ],
      },
      guests: {
        vms: [
          {
            vmid: 101,
            name: 'a',
            network_config: { ip: '10.0.0.101/24' },
            volumes: [
              { type: 'nfs', server: '10.0.0.13', path: '/tank/rw/101/', mount_point: '/mnt/own' },
              { type: 'nfs', server: 'nas', path: '/x', mount_point: '/mnt/nas' },
            ],
            nfs_shares: [
              { host_path: '/tank/rw', guest_path: '/mnt/a/', options: 'ro,nofail' },
              { host_path: '/tank/ro', guest_path: '/mnt/b' },
            ],
          },
        ],
      },
    },
  )
  const standard = 'defaults,_netdev,nofail'
  assert.equal(only(declared(config).vms).shares, [
    {
      server: '10.0.0.13',
      source: '/tank/rw/101',
      guestPath: '/mnt/own',
      options: standard,
      isReadOnly: false,
      isOfThisHost: true,
      squash: 'root',
    },
    {
      server: 'nas',
      source: '/x',
      guestPath: '/mnt/nas',
      options: standard,
      isReadOnly: false,
      isOfThisHost: false,
      squash: null,
    },
    {
      server: '10.0.0.13',
      source: '/tank/rw',
      guestPath: '/mnt/a',
      options: 'ro,nofail',
      isReadOnly: true,
      isOfThisHost: true,
      squash: 'root',
    },
    {
      server: '10.0.0.13',
      source: '/tank/ro',
      guestPath: '/mnt/b',
      options: standard,
      isReadOnly: true,
      isOfThisHost: true,
      squash: 'root',
    },
  ])
})

test('a container in every spelling', () => {
  const { containers } = declared(
    withPool(
      {
        datasets: [
          { name: 'ct', pool: 'tank', storage_class: 'direct', proxmox_storage_type: 'zfspool' },
          { name: 'data', pool: 'tank' },
        ],
      },
      {
        shared_volumes: {
          models: { host_path: '/tank/data/models', mounts: { '901': '/models' }, owner: '100000:100000' },
        },
        guests: {
          lxc_configs: {
            '901': {
              name: 'a',
              template: 'local:vztmpl/debian.tar.zst',
              storage_pool: 'tank-ct',
              mac_address: 'bc:24:11:00:00:01',
              swap_mb: 0,
              network_config: {
                name: 'eth0',
                bridge: 'vmbr0',
                ip: '10.0.0.91/24',
                nameserver: '10.0.0.1',
                nameservers: '10.0.0.1, 9.9.9.9',
              },
              secondary_network_config: { name: 'eth1', bridge: 'vmbr1', ip: 'dhcp' },
              gpu_assignment: '1, 0',
              pct_options: ['nesting=1', 'mount=nfs;cifs'],
              lxc_options: [
                'lxc.mount.entry: /dev/a dev/a none bind,optional=1',
                'lxc.cap.drop=',
                'lxc.mount.entry: /dev/b dev/b',
              ],
              mount_points: [{ host_path: '/tank/data/x/', container_path: 'srv/x'.replace(/^/, '/'), owner_uid: 33 }],
              zfs_volumes: [
                { name: 'kept', pool: 'tank', size_gb: 2, mount_point: '/var/kept/', persistent: true },
                { name: 'lost', pool: 'tank', size_gb: 1, mount_point: '/var/lost' },
              ],
              id_maps: [{ type: 'gid', host_id: 44, container_id: 44, size: 1 }],
              health_check: { command: 'curl -fs localhost | grep ok' },
              restart: 'allowed',
              protected: true,
              firewall: { enabled: true, rules: [{ type: 'in', action: 'ACCEPT', proto: 'tcp', port: '443,80' }] },
            },
          },
        },
      },
    ),
  )
  const one = only(containers)
  assert.equal(one.cards, [
    { net: 'net0', name: 'eth0', bridge: 'vmbr0', ip: '10.0.0.91/24', gateway: null, macAddress: 'BC:24:11:00:00:01' },
    { net: 'net1', name: 'eth1', bridge: 'vmbr1', ip: 'dhcp', gateway: null, macAddress: null },
  ])
  assert.equal(one.nameservers, ['10.0.0.1', '9.9.9.9'])
  assert.equal(one.gpus, [0, 1])
  assert.is(one.swapMb, 0)
  assert.equal(one.pctOptions, [
    { key: 'nesting', value: '1' },
    { key: 'mount', value: 'nfs;cifs' },
  ])
  assert.equal(one.rawLines, [
    { key: 'lxc.mount.entry', value: '/dev/a dev/a none bind,optional=1' },
    { key: 'lxc.cap.drop', value: '' },
    { key: 'lxc.mount.entry', value: '/dev/b dev/b' },
  ])
  assert.equal(one.mounts, [
    { hostPath: '/tank/data/models', guestPath: '/models', ownerUid: null, ownerGid: null, hostOwner: '100000:100000' },
    { hostPath: '/tank/data/x', guestPath: '/srv/x', ownerUid: 33, ownerGid: null, hostOwner: null },
  ])
  assert.equal(
    one.volumes.map(({ name, storage, isPersistent }) => [name, storage, isPersistent]),
    [
      ['kept', 'tank-ct', true],
      ['lost', 'tank-ct', false],
    ],
  )
  assert.equal(one.idMaps, [{ type: 'gid', hostId: 44, containerId: 44, size: 1 }])
  assert.equal(one.healthCheck, { argv: ['sh', '-c', 'curl -fs localhost | grep ok'], retries: 3, intervalSeconds: 5 })
  assert.ok(one.mayRestart && one.isProtected && one.firewall?.isEnabled)
  assert.equal(
    one.firewall?.rules.map(({ action, ports }) => [action, ports]),
    [['allow', '80,443']],
  )
})

test('the example: a template, its clone with a share and a file, and containers', () => {
  const loaded = loadConfig(join(root, 'phoenix.config.json'))
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
  const { vms, containers } = declaredGuests(loaded.config)
  assert.equal(
    vms.map(({ target, needs }) => [target, needs]),
    [
      ['vm:8101', ['vm:9000']],
      ['vm:9000', []],
    ],
  )
  assert.equal(
    vms[0]?.shares.map(({ source, isReadOnly, isOfThisHost }) => [source, isReadOnly, isOfThisHost]),
    [['/quickOS/shared-prod-data', false, true]],
  )
  assert.equal(vms[0]?.injections[0]?.source, { file: join(root, 'files/motd') })
  assert.equal(
    containers.map(({ target, needs }) => [target, needs]),
    [
      ['lxc:900', []],
      ['lxc:901', ['lxc:900']],
    ],
  )
})

test.run()

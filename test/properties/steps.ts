/** Random configs over every section, random hosts with things of others on them, and random moments at which a run dies. */
import fc from 'fast-check'
import type { PhxConfig } from '../../lib/config/generated/types.ts'
import { type CommandResult, type Host, readerOf } from '../../lib/host/host.ts'
import { everything } from './everything.ts'

export const sections = [
  'timezone',
  'host',
  'network',
  'users',
  'nvidia_driver',
  'nfs',
  'samba',
  'firewall',
  'vm_features',
  'guests',
] as const
export type Section = (typeof sections)[number]

const key = (letter: string): string => `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA${letter.repeat(42)} ${letter}@desk`
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined })

const host = fc.record(
  {
    repositories: fc.record(
      { proxmox: fc.constantFrom('no-subscription', 'none'), ceph: fc.constantFrom('no-subscription', 'none') },
      { requiredKeys: [] },
    ),
    packages: fc.subarray(['htop', 'jq', 'curl']),
    upgrade: fc.constantFrom('none', 'safe', 'full'),
    force_ipv4: fc.boolean(),
    locale: fc.constantFrom('de_DE.UTF-8', 'C.UTF-8'),
    dns: fc.constant({ nameservers: ['10.0.0.1', '9.9.9.9'], search: ['example.internal'] }),
    sysctl: fc.record({ 'vm.swappiness': fc.constantFrom(10, 60) }),
    ntp_servers: fc.subarray(['ntp1.example.internal', 'ntp2.example.internal'], { minLength: 1 }),
  },
  { requiredKeys: [] },
)

const network = fc.record(
  {
    hostname: fc.constant('pve'),
    workgroup: fc.constantFrom('HOME', 'LAB'),
    interfaces: fc.constant([{ name: 'vmbr0', address: '10.0.0.13/24', gateway: '10.0.0.1' }]),
    default_subnet: fc.constantFrom('10.0.0.0/24', '10.0.0.0/16'),
  },
  { requiredKeys: [] },
)

const user = (username: string) =>
  fc.record(
    {
      username: fc.constant(username),
      sudo_access: fc.boolean(),
      groups: fc.subarray(['adm', 'video']),
      password_hash: fc.constant({ file: '/etc/phx/secrets/ada.hash' }),
      ssh_public_keys: fc.subarray([key('A'), key('B'), key('D')]),
      proxmox_role: fc.constantFrom('Administrator', 'PVEAuditor'),
    },
    { requiredKeys: ['username'] },
  )
const users = fc
  .tuple(maybe(user('ada')), maybe(user('heads')), maybe(user('carl')))
  .map((all) => all.filter((one) => one !== undefined))

/** Each also declares what it lies on. */
const paths = ['/quick/data', '/quick/data/inner', '/fast/media', '/bulk/backup']
const path = fc.constantFrom(...paths)

const nfsExport = fc
  .record(
    {
      path,
      clients: fc.subarray(['10.0.0.0/24', '10.0.1.5', '10.0.0.13', 'fd00::/64'], { minLength: 1 }),
      options: fc.constantFrom('rw,sync,no_subtree_check', 'ro', ['rw', 'no_root_squash', 'crossmnt']),
      owner: fc.constantFrom('ada', 'root'),
      mode: fc.constantFrom('0755', '2775'),
      isStorage: fc.boolean(),
    },
    { requiredKeys: ['path', 'clients'] },
  )
  .map(({ isStorage, ...one }) => ({
    ...one,
    ...(isStorage === true ? { clients: [...one.clients, '127.0.0.1', '10.0.0.13'] } : {}),
    ...(isStorage === true ? { proxmox_storage: `nfs-${one.path.replaceAll('/', '')}` } : {}),
  }))
  .map((one) => ({ ...one, clients: [...new Set(one.clients)] }))
const nfs = fc.record({ exports: fc.uniqueArray(nfsExport, { maxLength: 3, selector: (one) => one.path }) })

const named = {
  name: fc.constantFrom('data', 'media', 'hidden$', 'Back up'),
  path: path.map((text) => (text.startsWith('/quick') ? text.slice(1) : text)),
}
const validUsers = maybe(fc.subarray(['heads', 'scanner', '@adm'], { minLength: 1 }))
const share = fc
  .oneof(
    fc.record({ ...named, options: fc.constantFrom('browseable=yes writable=yes', { 'create mask': '0664' }) }),
    fc.record({ ...named, browsable: fc.boolean(), read_only: fc.boolean() }),
  )
  .chain((one) => validUsers.map((valid_users) => ({ ...one, ...(valid_users && { valid_users }) })))
const password = { file: '/etc/phx/secrets/heads' }
const scanner = { username: 'scanner', password: { file: '/etc/phx/secrets/scanner' } }
const samba = fc.record(
  {
    user: fc.constant('heads'),
    password: fc.constant(password),
    users: fc.constant([scanner]),
    netbios: fc.boolean(),
    shares: fc.uniqueArray(share, { maxLength: 3, selector: ({ name }) => name }),
  },
  { requiredKeys: ['user', 'password', 'users'] },
)

const rule = fc.record(
  {
    type: fc.constantFrom('in', 'out'),
    action: fc.constantFrom('ACCEPT', 'DROP', 'REJECT'),
    proto: fc.constantFrom('tcp', 'udp'),
    port: fc.constantFrom('443,80', '8000:8010', '53'),
    source: fc.constantFrom('10.0.0.0/24', '10.0.9.7', 'fd00::/64'),
    comment: fc.constantFrom('web', 'what phx was told'),
  },
  { requiredKeys: ['type', 'action', 'proto', 'port'] },
)
const firewall = fc.record(
  {
    backend: fc.constantFrom('ufw', 'pve-firewall', 'none'),
    enabled: fc.boolean(),
    default_input_policy: fc.constantFrom('DROP', 'REJECT', 'ACCEPT'),
    default_forward_policy: fc.constantFrom('ACCEPT', 'DROP'),
    global_firewall_rules: fc.array(rule, { maxLength: 3 }),
  },
  { requiredKeys: ['backend'] },
)

const vms = fc
  .tuple(fc.subarray(['docker', 'agent', 'base_setup']), fc.constantFrom('10.0.0.101/24', 'dhcp'), fc.boolean())
  .map(([features, ip, isTwo]) => [
    { vmid: 8101, name: 'one', features, network_config: { ip } },
    ...(isTwo ? [{ vmid: 8102, name: 'two', features: ['agent'], network_config: { ip: '10.0.0.102/24' } }] : []),
  ])
const volume = fc.record(
  {
    name: fc.constantFrom('models', 'logs'),
    pool: fc.constantFrom('quick', 'quick-lxc'),
    size_gb: fc.constantFrom(2, 4),
    backup: fc.boolean(),
  },
  { requiredKeys: ['name', 'pool', 'size_gb'] },
)
const volumes = fc
  .uniqueArray(volume, { maxLength: 2, selector: ({ name }) => name })
  .map((all) => all.map((one) => ({ ...one, mount_point: `/srv/${one.name}` })))
const guests = fc.record({
  vms,
  lxc_configs: fc.record({ '901': fc.record({ name: fc.constant('web'), zfs_volumes: volumes }) }),
})

const choices: { readonly [name in Section]: fc.Arbitrary<unknown> } = {
  timezone: fc.constantFrom('Europe/Berlin', 'UTC'),
  host,
  network,
  users,
  nvidia_driver: fc.constant(everything.nvidia_driver),
  nfs,
  samba,
  firewall,
  vm_features: fc.constant(everything.vm_features),
  guests,
}

/** Some of the sections. */
export const chosen: fc.Arbitrary<PhxConfig> = fc.record(choices, { requiredKeys: [] }).map((some) => some as PhxConfig)

/** Over datasets that are always there: they have properties of their own (safety.test.ts). */
export const onPools = (some: PhxConfig): PhxConfig => ({
  ...some,
  zfs: {
    ...everything.zfs,
    datasets: [...(everything.zfs?.datasets ?? []), { name: 'data/inner', pool: 'quick' }],
  },
})

/** What people do behind phx's back; a call that the tools refuse simply changes nothing. */
const meddling: readonly (readonly [line: string, stdin?: string])[] = [
  ...['systemctl stop nfs-server', 'systemctl disable nfs-server', 'systemctl stop smbd', 'systemctl mask nmbd'],
  ...['systemctl stop rpcbind', 'systemctl stop chrony', 'systemctl stop ufw', 'exportfs -ua', 'iptables -F'],
  ...['ufw disable', 'ufw --force reset', 'ufw delete allow 22/tcp', 'ufw default allow incoming', 'ufw deny 445/tcp'],
  ...['rm /etc/exports.d/phx.exports', 'rm /etc/samba/phx.conf', 'rm /etc/sudoers.d/phx-ada', 'rm /etc/samba/smb.conf'],
  ...['chmod 0777 /etc/sudoers.d/phx-ada', 'chmod 0666 /etc/exports.d/phx.exports', 'chown carl /quick/data'],
  ...['smbpasswd -d heads', 'pdbedit -x heads', 'userdel heads', 'userdel -r ada', 'usermod -s /bin/sh ada'],
  ...['passwd -l ada', 'pveum user delete ada@pam', 'pveum acl delete / --users ada@pam --roles Administrator'],
  ...['apt-get remove -y samba', 'apt-get remove -y nfs-kernel-server', 'apt-get purge -y ufw', 'apt-get remove -y jq'],
  ...['zfs unmount quick/data', 'zfs set mountpoint=/elsewhere fast/media', 'zfs unmount quick/features'],
  ...['pvesm remove nfs-bulkbackup', 'pvesm set bulk-files --content iso', 'pvesm remove quick-lxc'],
  ...['timedatectl set-timezone Asia/Tokyo', 'sysctl -w vm.swappiness=99', 'rm -r /quick/features/vm-features'],
  ...['rmmod nvidia', 'sim reboot', 'sim power-cut', 'sim publish htop 99', 'sim half-configure samba'],
].map((line) => [line] as const)
const spoiled = ['/etc/exports.d/phx.exports', '/etc/samba/phx.conf', '/etc/hosts', '/etc/resolv.conf'].map(
  (path) => [`sim write ${path}`, '# spoiled\n'] as const,
)

/** What comes after the first run: a section is taken out of the config, or somebody does something. */
export type Later = { readonly without: Section } | { readonly line: string; readonly stdin: string }
export const later: fc.Arbitrary<readonly Later[]> = fc.array(
  fc.oneof(
    fc.constantFrom(...sections).map((without) => ({ without })),
    fc.constantFrom(...meddling, ...spoiled).map(([line, stdin = '']) => ({ line, stdin })),
  ),
  { minLength: 1, maxLength: 4 },
)

/** The n-th change of the run goes wrong, or phx dies with it. */
export interface Fault {
  readonly kind: 'killed before' | 'killed after' | 'fails' | 'works and fails' | 'hangs'
  readonly nth: number
}
export const fault: fc.Arbitrary<Fault> = fc.record({
  kind: fc.constantFrom('killed before', 'killed after', 'fails', 'works and fails', 'hangs'),
  nth: fc.integer({ min: 1, max: 60 }),
})

/** Killed in the midst of a run: nothing more comes of it, not even what it would have written down. */
export class Killed extends Error {}

/** The host, on which the n-th change goes wrong. */
export function faulty(host: Host, { kind, nth }: Fault): { readonly host: Host; readonly happened: () => boolean } {
  let count = 0
  const isDead = (): boolean =>
    kind.startsWith('killed') && (count > nth || (count === nth && kind === 'killed before'))
  const guard = async <T>(work: () => Promise<T>, broken: () => Promise<T>): Promise<T> => {
    count += 1
    if (isDead()) throw new Killed('killed')
    if (count !== nth) return work()
    if (kind === 'fails' || kind === 'hangs') return broken()
    await work()
    if (kind === 'killed after') throw new Killed('killed')
    return broken()
  }
  const fails = async (): Promise<never> => {
    throw new Error('EIO: i/o error, ordered to fail')
  }
  const ended = (argv: readonly string[]): CommandResult => ({
    argv,
    exitCode: kind === 'hangs' ? null : 1,
    signal: null,
    stdout: '',
    stderr: 'ordered to fail\n',
    durationMs: 0,
    timedOut: kind === 'hangs',
    notFound: false,
  })
  const wrapped: Host = {
    ...readerOf(host),
    mutate: (argv, options) =>
      guard(
        () => host.mutate(argv, options),
        async () => ended(argv),
      ),
    writeFile: (file) => guard(() => host.writeFile(file), fails),
    removeFile: (path) => guard(() => host.removeFile(path), fails),
    close: () => host.close(),
  }
  return { host: wrapped, happened: () => count >= nth }
}

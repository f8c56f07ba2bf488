/** What an admin and others have on a host: planted before phx comes, and looked for after every run. */
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import type { SimState } from '../../lib/host/simulated/model.ts'
import { callTool } from '../../lib/host/simulated/tools.ts'
import { gpu } from './everything.ts'

/** Files that are nobody's but the admin's: they stay byte for byte, with mode and owner. */
const own: Readonly<Record<string, readonly [text: string, mode: number]>> = {
  '/etc/exports': ['# mine\n/srv/old\t192.168.7.0/24(ro,no_subtree_check)\n', 0o644],
  '/etc/exports.d/admin.exports': ['/srv/other 192.168.7.9(rw,no_subtree_check)   # tab\there\n', 0o600],
  '/etc/sudoers.d/admin': ['bob ALL=(ALL) NOPASSWD: /usr/bin/true\n', 0o440],
  '/etc/sysctl.d/50-admin.conf': ['kernel.panic=10', 0o644],
  '/etc/modprobe.d/admin.conf': ['options kvm ignore_msrs=1\n', 0o640],
  '/etc/apt/apt.conf.d/50admin': ['Acquire::Retries "3";\n', 0o644],
  '/etc/apt/sources.list.d/admin.list': ['# deb http://deb.example.internal trixie main\n', 0o644],
  '/home/bob/.ssh/authorized_keys': ['ssh-ed25519 AAAAbob bob@laptop\n', 0o600],
  '/etc/chrony/sources.d/admin.sources': ['server 10.9.9.9 iburst\n', 0o644],
  '/srv/old/file': ['old', 0o644],
}

/** Files that phx writes to as well: these lines stay, as they are and in their order. */
const lines: Readonly<Record<string, readonly string[]>> = {
  '/etc/hosts': ['# by hand', '10.0.0.77   printer.example.internal printer'],
  '/home/carl/.ssh/authorized_keys': [
    '# carl',
    'ssh-rsa AAAAcarl carl@old-laptop',
    'command="/bin/true" ssh-rsa AAAAbackup',
  ],
  '/etc/samba/smb.conf': ['[printers in the cellar]', '   path = /srv/old', ';  comment = mine'],
}

const commands = {
  samba: [['apt-get', 'install', '-y', 'samba']],
  nfs: [['apt-get', 'install', '-y', 'nfs-kernel-server']],
  ufw: [
    ['apt-get', 'install', '-y', 'ufw'],
    ['ufw', 'allow', 'from', '192.168.7.0/24', 'to', 'any', 'port', '9999', 'proto', 'tcp', 'comment', 'mine'],
    ['ufw', 'deny', '7777'],
  ],
  proxmox: [
    ['pveum', 'user', 'add', 'bob@pam'],
    ['pveum', 'acl', 'modify', '/vms', '--users', 'bob@pam', '--roles', 'PVEVMUser'],
    ['pvesm', 'add', 'dir', 'other', '--path', '/srv/other', '--content', 'iso'],
  ],
} as const

/** Which of them there are. */
export interface Planted {
  readonly packages: readonly (keyof typeof commands)[]
  readonly own: readonly string[]
  readonly lines: readonly string[]
  /** Which driver has the GPU; `away`: there is none. */
  readonly gpu: 'none' | 'nouveau' | 'away'
  readonly isConnected: boolean
}
export const planted: fc.Arbitrary<Planted> = fc.record({
  packages: fc.subarray(Object.keys(commands) as (keyof typeof commands)[]),
  own: fc.subarray(Object.keys(own)),
  lines: fc.subarray(Object.keys(lines)),
  gpu: fc.constantFrom('none', 'nouveau', 'away'),
  isConnected: fc.boolean(),
})

export function plant(state: SimState, what: Planted): void {
  const call = (argv: readonly string[], stdin = ''): void => {
    const { exitCode, stderr } = callTool(state, argv, stdin)
    assert.is(exitCode, 0, `${argv.join(' ')}: ${stderr}`)
  }
  for (const name of ['bob', 'carl']) {
    call(['useradd', '--create-home', '--shell', '/bin/bash', '--user-group', name])
    call(['mkdir', '-m', '0700', `/home/${name}/.ssh`])
    call(['chown', `${name}:${name}`, `/home/${name}/.ssh`])
  }
  for (const folder of ['/srv/old', '/srv/other', '/etc/exports.d', '/etc/sudoers.d', '/etc/chrony/sources.d'])
    call(['mkdir', '-p', folder])
  // The enterprise repositories refuse; the lists of Debian's are fetched all the same.
  callTool(state, ['apt-get', 'update'])
  if (what.gpu === 'nouveau') call(['sim', 'plug-gpu', gpu, 'nouveau'])
  if (what.gpu === 'away') for (const path of Object.keys(state.files)) if (path.includes(gpu)) delete state.files[path]
  if (what.isConnected) call(['sim', 'connect', 'sshd', '10.0.0.13:22', '10.0.0.99:50022'])
  for (const name of what.packages) for (const argv of commands[name]) call(argv)
  for (const path of what.own) {
    const [text = '', mode = 0o644] = own[path] ?? []
    call(['sim', 'write', path], text)
    call(['chmod', mode.toString(8), path])
  }
  for (const path of what.lines) {
    const before = state.files[path]
    // Without its package smb.conf is nobody's yet.
    if (before === undefined && path.startsWith('/etc/samba')) continue
    const text = `${before?.content ?? ''}${(lines[path] ?? []).join('\n')}\n`
    call(['sim', 'write', path], text)
    if (path.startsWith('/home/carl/')) {
      call(['chmod', '600', path])
      call(['chown', 'carl:carl', path])
    }
  }
}

/** What has to stay as it is: whole files, and lines of files that phx writes to as well. */
export interface Others {
  readonly whole: ReadonlyMap<string, string>
  readonly lines: ReadonlyMap<string, readonly string[]>
}

/** Lines of a tool's own file that are the admin's. */
const ofTools: Readonly<Record<string, RegExp>> = {
  '/etc/ufw/user.rules': /^### tuple ### .*(9999|7777)/,
  '/etc/ufw/user6.rules': /^### tuple ### .*(9999|7777)/,
  '/etc/pve/user.cfg': /bob@pam/,
  '/etc/passwd': /^(root|bob):/,
  '/etc/shadow': /^(root|bob):/,
  '/etc/group': /^(root|bob|carl):/,
  '/etc/fstab': /./,
}

function fileText(state: SimState, path: string): string | undefined {
  const file = state.files[path]
  return file && [file.mode, file.uid ?? 0, file.gid ?? 0, file.content].join(' ')
}

export function othersOn(state: SimState): Others {
  const whole = Object.keys(own).flatMap((path): [string, string][] => {
    const text = fileText(state, path)
    return text === undefined ? [] : [[path, text]]
  })
  const kept = Object.entries({ ...lines, ...ofTools }).flatMap(([path, wanted]): [string, string[]][] => {
    const all = state.files[path]?.content.split('\n')
    if (all === undefined) return []
    return [[path, all.filter((line) => (wanted instanceof RegExp ? wanted.test(line) : wanted.includes(line)))]]
  })
  return { whole: new Map(whole), lines: new Map(kept) }
}

export function assertKept(state: SimState, { whole, lines: kept }: Others, when: string): void {
  for (const [path, text] of whole) assert.is(fileText(state, path), text, `${when}: ${path} is another's`)
  for (const [path, wanted] of kept) {
    const now = state.files[path]?.content.split('\n') ?? []
    const left = now.filter((line) => wanted.includes(line))
    assert.equal(left, wanted, `${when}: lines of others in ${path}`)
  }
  assert.is(
    state.files['/etc/pve/storage.cfg']?.content.includes('dir: local\n'),
    true,
    `${when}: the storage local is gone`,
  )
}

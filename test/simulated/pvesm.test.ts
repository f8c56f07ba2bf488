/** The simulated pvesm's rules, one by one. The recordings themselves are replayed by the conformance harness. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { blankHost } from '../../lib/host/simulated/blank.ts'
import type { SimState } from '../../lib/host/simulated/model.ts'
import { pvesmCall } from '../../lib/host/simulated/pve/command.ts'
import { simulatedMachine } from '../../lib/host/simulated/pve/machine.ts'
import { answer, NotSimulated, type Tool } from '../../lib/host/simulated/tool.ts'
import { callTool } from '../../lib/host/simulated/tools.ts'

/** A pool `tank` with `tank/a` on /tank/a, `away` that can be imported, and nothing else. */
const zfs: Tool = (state, { args }) => {
  const dataset = args.at(-1) ?? ''
  if (args[0] === 'mount') return answer(0)
  const known = state.mounts.some(({ source }) => source === dataset)
  if (!known) return answer(1, '', `cannot open '${dataset}': dataset does not exist\n`)
  return answer(0, args.includes('mountpoint') ? `/${dataset}\n` : '3145728\n1048576\n')
}

const zpool: Tool = (state, { args }) => {
  const pool = args.at(-1) ?? ''
  if (args[0] === 'import') {
    if (pool !== 'away') return answer(1, '', `cannot import '${pool}': no such pool available\n`)
    state.mounts.push({ source: 'away', target: '/away', fstype: 'zfs', options: 'rw' })
    return answer(0)
  }
  const imported = state.mounts.some(({ source }) => source === pool)
  return imported ? answer(0, `${pool}\n`) : answer(1, '', `cannot open '${pool}': no such pool\n`)
}

function host(sections = '') {
  const state: SimState = blankHost([])
  state.hostname = 'pve1'
  for (const source of ['tank', 'tank/a']) {
    state.mounts.push({ source, target: `/${source}`, fstype: 'zfs', options: 'rw' })
  }
  const file = '/etc/pve/storage.cfg'
  state.files[file] = { type: 'file', mode: 0o640, content: `dir: local\n\tpath /var/lib/vz\n\n${sections}` }
  return {
    state,
    call: (...args: string[]) => pvesmCall(simulatedMachine(state, { zfs, zpool }), args, () => ''),
    cfg: () => state.files[file]?.content ?? '',
    /** The file without `local`. */
    rest: () => (state.files[file]?.content ?? '').replace(/^dir: local\n(\t.*\n)*\n/, ''),
    folders: (path: string) =>
      Object.entries(state.files)
        .filter(([name, { type }]) => name.startsWith(`${path}/`) && type === 'dir')
        .map(([name]) => name.slice(path.length + 1))
        .sort(),
  }
}

test('add dir makes the folders of its content types and writes the section as given', () => {
  const { call, rest, folders } = host()
  assert.equal(call('add', 'dir', 'd1', '--path', '/srv/d1/', '--content', 'rootdir,images').exitCode, 0)
  assert.is(rest(), 'dir: d1\n\tpath /srv/d1\n\tcontent images,rootdir\n\n')
  assert.equal(folders('/srv/d1'), ['dump', 'images', 'private'])
})

test('the default content shows up with the next write, and other sections lose comments and what is unknown', () => {
  const { call, rest } = host(
    '# mine\ndir: d2\n\tpath /srv/d2\n\tbogus 1\n\tdisable yes\n\nnfs: n1\n\tserver s\n\texport /x\n\tdisable\n\n' +
      'weird: ww\n\tpath /w\n\nzfspool: z1\n\tpool tank\n\tsparse\n\tnodes b,a\n\n',
  )
  const { exitCode, stderr } = call('set', 'local', '--content', 'iso;backup iso')
  assert.is(exitCode, 0)
  assert.match(stderr, "line 8 (section 'd2') - unable to parse value of 'disable': type check ('boolean') failed")
  assert.match(stderr, "unable to parse value of 'bogus': unknown property type")
  assert.match(stderr, "(skip section 'ww'): unsupported type 'weird'")
  assert.is(
    rest(),
    'dir: d2\n\tpath /srv/d2\n\tcontent images,rootdir\n\n' +
      'nfs: n1\n\tdisable\n\texport /x\n\tpath /mnt/pve/n1\n\tserver s\n\tcontent images\n\n' +
      'zfspool: z1\n\tpool tank\n\tcontent images,rootdir\n\tnodes a,b\n\tsparse 1\n\n',
  )
})

test('an existing id is refused whatever is asked for it, and the file stays', () => {
  const { call, cfg } = host('dir: d1\n\tpath /srv/d1\n\n')
  const before = cfg()
  const { exitCode, stderr } = call('add', 'nfs', 'd1', '--server', 'nas', '--export', '/x')
  assert.is(exitCode, 255)
  assert.is(stderr, "create storage failed: storage ID 'd1' already defined\n")
  assert.is(cfg(), before)
})

const refusals: [string[], string][] = [
  [['add', 'dir', 'd1'], "missing value for required option 'path'\n"],
  [['add', 'dir', 'd1', '--path', '/srv/ä'], 'illegal path for directory storage: /srv/\ufffd\n'],
  [['add', 'dir', 'd1', '--path', '/d', '--pool', 'x'], "unexpected property 'pool'\n"],
  [['add', 'zfspool', 'z1', '--pool', 'tank', '--content', 'iso'], "storage does not support content type 'none'\n"],
  [['add', 'dir', '1a', '--path', '/d'], "storage: invalid format - storage ID '1a' contains illegal characters\n\n"],
  [['add', 'dir', 'a', '--path', '/d'], "storage ID 'a' cannot be shorter than 2 characters"],
  [['add', 'dir', 'd1', '--path', 'srv'], 'path: invalid format - value does not look like a valid absolute path\n'],
  [['add', 'dir', 'd1', 'x', '--path', '/d'], '400 too many arguments\npvesm add <type> <storage> [OPTIONS]\n'],
  [['add', 'dir'], '400 not enough arguments\n'],
  [['add', 'dir', 'd1', '--path', '/d', '--disable', 'maybe'], '400 unable to parse boolean option\n'],
  [['add', 'dir', 'd1', '--path', '/d', '--content', 'none'], "create storage failed: unknown vtype 'none'\n"],
  [['set', 'd9', '--content', 'iso'], "update storage failed: storage 'd9' does not exist\n"],
  [
    ['set', 'local', '--path', '/x'],
    'Unknown option: path\n400 unable to parse option\npvesm set <storage> [OPTIONS]\n',
  ],
  [['set', 'local', '--server', 'x'], "update storage failed: unexpected property 'server'\n"],
  [['set', 'local', '--delete', 'path'], "update storage failed: unable to delete required option 'path'\n"],
  [['set', 'local', '--delete', 'bogus'], "update storage failed: no such option 'bogus'\n"],
  [
    ['set', 'local', '--shared', '1', '--delete', 'shared'],
    "cannot set and delete property 'shared' at the same time!\n",
  ],
  [['set', 'local', '--digest', 'abc'], 'detected modified configuration - file changed by other user? Try again.\n'],
  [['remove', 'd9'], "delete storage failed: storage 'd9' does not exist\n"],
  [['status', '--storage', 'd9'], 'storage: No such storage.\npvesm status  [OPTIONS]\n'],
  [['status', '--output-format', 'json'], 'Unknown option: output-format\n400 unable to parse option\n'],
  [['add', 'nfs', 'n1', '--server', 'nas', '--export', '/x'], "create storage failed: storage 'n1' is not online\n"],
]
for (const [args, text] of refusals) {
  test(`refused, and nothing written: ${args.join(' ')}`, () => {
    const { call, cfg } = host()
    const before = cfg()
    const { exitCode, stderr } = call(...args)
    assert.is(exitCode, 255)
    assert.ok(stderr.includes(text), stderr)
    assert.is(cfg(), before)
  })
}

test('a fixed property that other types can change is refused by name', () => {
  const { call } = host('zfspool: z1\n\tpool tank\n\n')
  assert.is(
    call('set', 'z1', '--pool', 'tank').stderr,
    "update storage failed: can't change value of fixed parameter 'pool'\n",
  )
})

test('options: single dash, =, unique prefix, the last wins, before the arguments', () => {
  const { call, rest } = host()
  assert.is(call('add', '-pat', '/srv/a', 'dir', 'd1', '--path=/srv/b', '--disable').exitCode, 0)
  assert.is(rest(), 'dir: d1\n\tdisable\n\tpath /srv/b\n\n')
  assert.match(
    call('add', 'dir', 'd2', '--create', '1').stderr,
    'Option create is ambiguous (create-base-path, create-subdirs)',
  )
  assert.match(call('add', 'dir', 'd2', '--path').stderr, 'Option path requires an argument')
})

test('is_mountpoint and create-base-path: refused where nothing is mounted, and no folder is made', () => {
  const { call, rest, state } = host()
  const { stderr } = call('add', 'dir', 'd1', '--path', '/srv/d1', '--is_mountpoint', 'yes')
  assert.match(stderr, "directory is expected to be a mount point but is not mounted: '/srv/d1'")
  assert.is(state.files['/srv/d1'], undefined)
  assert.match(
    call('add', 'dir', 'd1', '--path', '/srv/d1', '--create-base-path', '0').stderr,
    "directory '/srv/d1' does not exist or is unreachable",
  )
  assert.is(
    call('add', 'dir', 'd1', '--path', '/tank/a', '--is_mountpoint', 'yes', '--create-base-path', '0').exitCode,
    0,
  )
  assert.is(rest(), 'dir: d1\n\tpath /tank/a\n\tcreate-base-path 0\n\tis_mountpoint yes\n\n')
})

test('disabled, or for another node: nothing is checked and nothing is made', () => {
  const { call, state } = host()
  assert.is(call('add', 'dir', 'd1', '--path', '/srv/d1', '--nodes', 'pve9').exitCode, 0)
  assert.is(call('add', 'zfspool', 'z1', '--pool', 'gone', '--disable', '1').exitCode, 0)
  assert.is(state.files['/srv/d1'], undefined)
  const { stdout } = call('status')
  assert.match(stdout, /^d1 +dir +disabled +0 +0 +0 +N\/A$/m)
  assert.match(stdout, /^z1 +zfspool +disabled/m)
})

test('set does not activate: the dead storage shows in status, with its reason and exit status 0', () => {
  const { call } = host('zfspool: z1\n\tdisable\n\tpool gone/x\n\n')
  assert.is(call('set', 'z1', '--disable', '0').stderr, '')
  const { exitCode, stdout, stderr } = call('status')
  assert.is(exitCode, 0)
  assert.match(stdout, /^z1 +zfspool +inactive +0 +0 +0 +0\.00%$/m)
  assert.is(
    stderr,
    "zfs error: cannot open 'gone': no such pool\n\nzfs error: cannot open 'gone': no such pool\n\n" +
      "could not activate storage 'z1', zfs error: cannot import 'gone': no such pool available\n\n",
  )
})

test('zfspool: the mount point is written unasked, a wrong one is warned about, an absent dataset is accepted', () => {
  const { call, rest } = host()
  assert.is(call('add', 'zfspool', 'z1', '--pool', 'tank/a', '--sparse').exitCode, 0)
  assert.is(rest(), 'zfspool: z1\n\tpool tank/a\n\tmountpoint /tank/a\n\tsparse 1\n\n')
  const { exitCode, stderr } = call('add', 'zfspool', 'z2', '--pool', 'tank/a', '--mountpoint', '/other')
  assert.is(exitCode, 0)
  assert.is(stderr, 'warning for z2 - mountpoint: /other does not match current mount point: /tank/a\n')
  assert.is(call('add', 'zfspool', 'z3', '--pool', 'tank/nope').exitCode, 0)
  assert.ok(rest().endsWith('zfspool: z3\n\tpool tank/nope\n\n'))
  const table = call('status').stdout
  assert.match(table, /^z1 +zfspool +active +4096 +1024 +3072 +25\.00%$/m)
  assert.match(table, /^z3 +zfspool +inactive/m)
})

test('zfspool: a pool that is not imported is imported', () => {
  const { call, state } = host()
  assert.is(call('add', 'zfspool', 'z1', '--pool', 'away').exitCode, 0)
  assert.ok(state.mounts.some(({ source }) => source === 'away'))
})

test('remove looks at no volume; local comes back as a built-in, and with the next write', () => {
  const { call, cfg } = host('dir: d1\n\tpath /srv/d1\n\tcontent images\n\n')
  assert.is(call('alloc', 'd1', '900', '', '64M').exitCode, 0)
  assert.is(call('remove', 'd1').exitCode, 0)
  assert.is(call('remove', 'local').exitCode, 0)
  assert.is(cfg(), '')
  assert.match(call('status').stdout, /^local +dir +active/m)
  assert.is(call('add', 'dir', 'd1', '--path', '/srv/d1').exitCode, 0)
  assert.match(call('list', 'd1').stdout, 'd1:900/vm-900-disk-0.raw raw     images    67108864 900\n')
})

test('a section without what it must have makes every call fail', () => {
  const { call } = host('dir: d2\n\tcontent iso\n\n')
  const { exitCode, stderr } = call('status')
  assert.is(exitCode, 255)
  assert.match(stderr, "line 5 (skip section 'd2'): missing value for required option 'path'")
  assert.is(call('set', 'local', '--content', 'iso').exitCode, 255)
})

test('a section without a blank line before it is swallowed by the one above, a later one with the same id wins', () => {
  const { call, rest } = host(
    'dir: d2\n\tpath /srv/d2\ndir: d3\n\tpath /srv/d3\n\ndir: d4\n\tpath /x\n\ndir: d4\n\tpath /y\n\n',
  )
  call('set', 'local')
  assert.is(
    rest(),
    'dir: d2\n\tpath /srv/d2\n\tcontent images,rootdir\n\ndir: d4\n\tpath /y\n\tcontent images,rootdir\n\n',
  )
})

test('over the simulated zpool and zfs: a pool that was exported comes back by itself with the next status', () => {
  const state = blankHost([{ path: '/dev/disk/by-id/virtio-A' }])
  const call = (line: string) => callTool(state, line.split(' '))
  call('zpool create tank /dev/disk/by-id/virtio-A')
  call('zfs create tank/a')
  assert.is(call('pvesm add zfspool z1 --pool tank/a').exitCode, 0)
  assert.match(state.files['/etc/pve/storage.cfg']?.content ?? '', 'zfspool: z1\n\tpool tank/a\n\tmountpoint /tank/a\n')
  const unmounted = 'dir d1 --path /tank/a --is_mountpoint yes --create-base-path 0'
  assert.is(call('zfs unmount tank/a').exitCode, 0)
  assert.is(call(`pvesm add ${unmounted}`).exitCode, 255)
  assert.is(call('zfs mount tank/a').exitCode, 0)
  assert.is(call(`pvesm add ${unmounted}`).exitCode, 0)
  assert.is(call('zpool export tank').exitCode, 0)
  assert.match(call('pvesm status').stdout, /^z1 +zfspool +active/m)
  assert.is(call('zpool list -H -o name').stdout, 'tank\n')
})

test('what is not simulated is refused loudly', () => {
  const { call } = host()
  assert.throws(
    () => call('prune-backups', 'local'),
    (error: unknown) => error instanceof NotSimulated,
  )
  assert.throws(
    () => call('add', 'lvm', 'l1', '--vgname', 'vg'),
    (error: unknown) => error instanceof NotSimulated,
  )
  assert.is(call('add', 'lvm', 'l1', '--vgname', 'vg', '--disable', '1').exitCode, 0)
  assert.is(call('set', 'l1', '--disable', '0').exitCode, 0)
  assert.match(call('status').stdout, /^l1 +lvm +inactive/m)
})

test.run()

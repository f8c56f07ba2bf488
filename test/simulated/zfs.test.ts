import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { blankHost } from '../../lib/host/simulated/blank.ts'
import type { SimState } from '../../lib/host/simulated/model.ts'
import type { ToolAnswer } from '../../lib/host/simulated/tool.ts'
import { mountPool, unmountPool } from '../../lib/host/simulated/zfs/mounts.ts'
import { niceBytes, parseSize } from '../../lib/host/simulated/zfs/sizes.ts'
import { importedPool } from '../../lib/host/simulated/zfs/tree.ts'
import { zfs } from '../../lib/host/simulated/zfs/zfs.ts'
import { zpool } from '../../lib/host/simulated/zpool/zpool.ts'

const disk = '/dev/disk/by-id/virtio-LAB-BLK-0'

function hostWithPool(...options: string[]): SimState {
  const state = blankHost([{ path: disk, size: 2 ** 31 }])
  const made = zpool(state, { args: ['create', ...options, 'tank', disk], stdin: '' })
  assert.is(made.stderr, '')
  return state
}

const run = (state: SimState, ...args: string[]): ToolAnswer => zfs(state, { args, stdin: '' })

function ok(state: SimState, ...args: string[]): string {
  const { exitCode, stdout, stderr } = run(state, ...args)
  assert.is(stderr, '', args.join(' '))
  assert.is(exitCode, 0, args.join(' '))
  return stdout
}

function refused(state: SimState, exitCode: number, stderr: string, ...args: string[]): void {
  const result = run(state, ...args)
  assert.is(result.stderr, stderr, args.join(' '))
  assert.is(result.exitCode, exitCode, args.join(' '))
}

/** `value source` of one property. */
function got(state: SimState, property: string, name: string): string {
  return ok(state, 'get', '-Hp', '-o', 'value,source', property, name).trimEnd().replace('\t', ' ')
}

const targets = (state: SimState): string[] =>
  state.mounts.filter(({ fstype }) => fstype === 'zfs').map(({ source, target }) => `${source} ${target}`)

test('sizes are read and shown as ZFS does', () => {
  const read = (text: string) => parseSize(text)
  assert.equal(read('1.5G'), { ok: 1610612736n })
  assert.equal(read('1GiB'), read('1g'))
  assert.equal(read('8X'), { error: "invalid numeric suffix 'X'" })
  assert.equal(read('-5'), { error: "bad numeric value '-5'" })
  assert.equal(read('99999999999G'), { error: 'numeric value is too large' })
  const shown = [0n, 512n, 24576n, 55586816n, 2013265920n, 1073741824n, 140000000000000n].map(niceBytes)
  assert.equal(shown, ['0B', '512B', '24K', '53.0M', '1.88G', '1G', '127T'])
})

test('one call reads all properties of all datasets, with where they come from', () => {
  const state = hostWithPool('-O', 'compression=off')
  ok(state, 'create', '-o', 'recordsize=1M', '-o', 'atime=off', 'tank/a')
  ok(state, 'create', 'tank/a/b')
  ok(state, 'create', '-V', '100M', 'tank/v')
  ok(state, 'snapshot', 'tank/a@s')
  const argv = ['get', '-Hp', '-t', 'filesystem,volume', '-o', 'name,property,value,source', 'recordsize,atime,type']
  const lines = ok(state, ...argv)
    .trimEnd()
    .split('\n')
  assert.equal(lines, [
    'tank\trecordsize\t131072\tdefault',
    'tank\tatime\ton\tdefault',
    'tank\ttype\tfilesystem\t-',
    'tank/a\trecordsize\t1048576\tlocal',
    'tank/a\tatime\toff\tlocal',
    'tank/a\ttype\tfilesystem\t-',
    'tank/a/b\trecordsize\t1048576\tinherited from tank/a',
    'tank/a/b\tatime\toff\tinherited from tank/a',
    'tank/a/b\ttype\tfilesystem\t-',
    'tank/v\trecordsize\t-\t-',
    'tank/v\tatime\t-\t-',
    'tank/v\ttype\tvolume\t-',
  ])
})

test('hundreds of datasets are read in well under a second', () => {
  const state = hostWithPool()
  for (let index = 0; index < 400; index++) ok(state, 'create', '-u', `tank/d${index}`)
  const started = performance.now()
  const stdout = ok(state, 'get', '-Hp', '-t', 'filesystem,volume', '-o', 'name,property,value,source', 'all')
  assert.ok(performance.now() - started < 1000)
  assert.ok(stdout.split('\n').length > 400 * 60)
})

test('values are read back in ZFS’s own form', () => {
  const state = hostWithPool()
  const pairs = [
    ['compression=gzip-6', 'compression gzip local'],
    ['acltype=posixacl', 'acltype posix local'],
    ['xattr=sa', 'xattr on local'],
    ['recordsize=16M', 'recordsize 16777216 local'],
    ['quota=1.5G', 'quota 1610612736 local'],
    ['quota=none', 'quota 0 local'],
    ['phx:owner=', 'phx:owner  local'],
  ]
  for (const [given = '', expected = ''] of pairs) {
    ok(state, 'set', given, 'tank')
    const name = given.split('=', 1)[0] ?? ''
    assert.is(`${name} ${got(state, name, 'tank')}`, expected)
  }
  assert.is(ok(state, 'get', '-H', '-o', 'value', 'recordsize', 'tank'), '16M\n')
})

test('a malformed value among several applies none, a refusal of the kernel comes after the ones before it', () => {
  const state = hostWithPool()
  ok(state, 'create', 'tank/a')
  const cannot = "cannot set property for 'tank/a': "
  const power = `${cannot}'recordsize' must be power of 2 from 512B to 16M\n`
  refused(state, 255, power, 'set', 'exec=off', 'recordsize=129K', 'tank/a')
  assert.is(got(state, 'exec', 'tank/a'), 'on default')
  const space = `${cannot}size is greater than available space\n`
  refused(state, 255, space, 'set', 'quota=10M', 'reservation=20M', 'tank/a')
  assert.is(got(state, 'quota', 'tank/a'), '10485760 local')
  assert.is(got(state, 'reservation', 'tank/a'), '0 default')
  refused(state, 255, `${cannot}invalid property 'bogus'\n`, 'set', 'atime=off', 'bogus=1', 'tank/a')
  refused(state, 1, "cannot open 'tank/x': dataset does not exist\n", 'set', 'atime=off', 'tank/a', 'tank/x')
  assert.is(got(state, 'atime', 'tank/a'), 'off local')
})

test('quotas and reservations are held against what is used', () => {
  const state = hostWithPool()
  ok(state, 'create', 'tank/a')
  const dataset = importedPool(state, 'tank')?.datasets.find(({ name }) => name === 'tank/a')
  assert.ok(dataset)
  if (dataset) dataset.used = 30 * 2 ** 20
  const less = "cannot set property for 'tank/a': size is less than current used or reserved space\n"
  const more = "cannot set property for 'tank/a': size is greater than available space\n"
  refused(state, 255, less, 'set', 'quota=10M', 'tank/a')
  refused(state, 255, less, 'set', 'refquota=10M', 'tank/a')
  refused(state, 255, more, 'set', 'reservation=10T', 'tank/a')
  ok(state, 'set', 'quota=50M', 'tank/a')
  refused(state, 255, more, 'set', 'reservation=100M', 'tank/a')
  ok(state, 'set', 'refreservation=40M', 'tank/a')
  refused(state, 255, less, 'set', 'quota=35M', 'tank/a')
  refused(
    state,
    255,
    "cannot set property for 'tank/a': use 'none' to disable quota/refquota\n",
    'set',
    'quota=0',
    'tank/a',
  )
  const [used, available] = ok(state, 'list', '-Hp', '-o', 'used,available', 'tank/a').trim().split('\t').map(Number)
  assert.is(used, 40 * 2 ** 20) // the refreservation holds more than was written
  assert.is(available, 20 * 2 ** 20 - 24576) // what the quota and the refreservation leave
})

test('what is fixed at birth cannot be set later', () => {
  const state = hostWithPool()
  ok(state, 'create', '-o', 'casesensitivity=insensitive', '-o', 'normalization=formD', 'tank/a')
  ok(state, 'create', 'tank/a/b')
  assert.is(got(state, 'casesensitivity', 'tank/a/b'), 'insensitive -')
  assert.is(got(state, 'utf8only', 'tank/a'), 'on -')
  const fixed = "cannot set property for 'tank/a': 'casesensitivity' is readonly\n"
  refused(state, 255, fixed, 'set', 'casesensitivity=insensitive', 'tank/a')
  ok(state, 'create', '-V', '10M', '-o', 'volblocksize=64K', 'tank/v')
  refused(
    state,
    255,
    "cannot set property for 'tank/v': 'volblocksize' is readonly\n",
    'set',
    'volblocksize=8K',
    'tank/v',
  )
})

test('a volume reserves its size, keeps the reservation in step, and rounds up', () => {
  const state = hostWithPool()
  ok(state, 'create', '-V', '100M', 'tank/v')
  assert.is(got(state, 'refreservation', 'tank/v'), '108789760 local') // zfs.jsonl scene 77
  ok(state, 'set', 'volsize=50M', 'tank/v')
  assert.is(got(state, 'refreservation', 'tank/v'), '55574528 local')
  ok(state, 'create', '-s', '-V', '100000001', 'tank/odd')
  assert.is(got(state, 'volsize', 'tank/odd'), '100007936 local')
  refused(state, 1, "cannot create 'tank/big': out of space\n", 'create', '-V', '10T', 'tank/big')
  ok(state, 'create', '-s', '-V', '10T', 'tank/big')
  const multiple = "cannot set property for 'tank/v': 'volsize' must be a multiple of volume block size (16K)\n"
  refused(state, 255, multiple, 'set', 'volsize=100000001', 'tank/v')
})

test('mountpoints follow their parents, and what is mounted follows them', () => {
  const state = hostWithPool()
  ok(state, 'create', '-p', 'tank/a/b')
  ok(state, 'create', '-o', 'mountpoint=/srv/own', 'tank/a/own')
  ok(state, 'set', 'mountpoint=/data', 'tank/a')
  assert.equal(targets(state), ['tank /tank', 'tank/a/own /srv/own', 'tank/a /data', 'tank/a/b /data/b'])
  assert.is(got(state, 'mountpoint', 'tank/a/b'), '/data/b inherited from tank/a')
  assert.is(state.files['/tank/a'], undefined)
  ok(state, 'set', 'mountpoint=none', 'tank/a')
  assert.equal(targets(state), ['tank /tank', 'tank/a/own /srv/own'])
  refused(state, 1, "cannot mount 'tank/a': no mountpoint set\n", 'mount', 'tank/a')
  ok(state, 'inherit', 'mountpoint', 'tank/a')
  assert.is(got(state, 'mounted', 'tank/a/b'), 'yes -')
})

test('a busy file system stays where it is, and what depended on its removal with it', () => {
  const state = hostWithPool()
  ok(state, 'create', '-p', 'tank/a/b')
  ok(state, 'snapshot', 'tank/a@s')
  state.holders.push({ path: '/tank/a/b', by: 'sleep' })
  const busy = "cannot unmount '/tank/a/b': pool or dataset is busy\n"
  refused(state, 255, busy, 'set', 'mountpoint=/data', 'tank/a')
  assert.is(got(state, 'mountpoint', 'tank/a'), '/tank/a default')
  assert.equal(targets(state), ['tank /tank', 'tank/a /tank/a', 'tank/a/b /tank/a/b'])
  // The snapshot has gone although the call failed (facts, Z93).
  refused(state, 1, `${busy}cannot unmount '/tank/a': pool or dataset is busy\n`, 'destroy', '-r', 'tank/a')
  assert.is(ok(state, 'list', '-Hp', '-t', 'all', '-o', 'name'), 'tank\ntank/a\ntank/a/b\n')
})

test('a mount hides the files below it, and files survive an unmount', () => {
  const state = hostWithPool()
  ok(state, 'create', 'tank/a')
  state.files['/tank/a/kept'] = { type: 'file', content: 'kept', mode: 0o644 }
  const pool = importedPool(state, 'tank')
  assert.ok(pool)
  if (pool === undefined) return
  assert.is(unmountPool(state, pool), null)
  assert.is(state.files['/tank/a/kept'], undefined)
  state.files['/tank'] = { type: 'dir', content: '', mode: 0o755 }
  state.files['/tank/below'] = { type: 'file', content: '', mode: 0o644 }
  assert.equal(mountPool(state, pool), [])
  assert.is(state.files['/tank/below'], undefined)
  assert.is(state.files['/tank/a/kept']?.content, 'kept')
})

test('without overlay a folder that is not empty is not mounted over, yet the dataset is made', () => {
  const state = hostWithPool('-O', 'overlay=off')
  state.files['/srv/full'] = { type: 'dir', content: '', mode: 0o755 }
  state.files['/srv/full/file'] = { type: 'file', content: '', mode: 0o644 }
  const stderr = "cannot mount '/srv/full': directory is not empty\nfilesystem successfully created, but not mounted\n"
  refused(state, 1, stderr, 'create', '-o', 'mountpoint=/srv/full', 'tank/a')
  assert.is(got(state, 'mounted', 'tank/a'), 'no -')
})

test('snapshots: rollback brings the files back, holds and clones keep one', () => {
  const state = hostWithPool()
  ok(state, 'create', 'tank/a')
  ok(state, 'snapshot', 'tank/a@s')
  state.files['/tank/a/f'] = { type: 'file', content: 'x', mode: 0o644 }
  ok(state, 'rollback', 'tank/a@s')
  assert.is(state.files['/tank/a/f'], undefined)
  ok(state, 'hold', 'keep', 'tank/a@s')
  const held = "cannot destroy snapshot tank/a@s: it's being held. Run 'zfs holds -r tank/a@s' to see holders.\n"
  refused(state, 1, held, 'destroy', 'tank/a@s')
  ok(state, 'destroy', '-d', 'tank/a@s')
  assert.is(ok(state, 'list', '-Hp', '-t', 'snapshot', '-o', 'name,used', '-r', 'tank'), 'tank/a@s\t0\n')
  ok(state, 'release', 'keep', 'tank/a@s')
  assert.is(ok(state, 'list', '-Hp', '-t', 'snapshot', '-o', 'name', '-r', 'tank'), '')
})

test('a suspended pool lists nothing and fails what names it', () => {
  const state = hostWithPool()
  ok(state, 'create', 'tank/a')
  const pool = importedPool(state, 'tank')
  if (pool) pool.suspended = true
  assert.is(ok(state, 'list', '-Hp'), '')
  refused(state, 1, "cannot open 'tank/a': pool I/O is currently suspended\n", 'get', '-Hp', 'all', 'tank/a')
  refused(state, 1, "cannot create 'tank/b': pool I/O is currently suspended\n", 'create', 'tank/b')
})

test('reading changes nothing, and what failed is not in the history', () => {
  const state = hostWithPool()
  ok(state, 'create', '-V', '10M', 'tank/v')
  const before = JSON.stringify(state)
  for (const args of [
    ['list', '-t', 'all'],
    ['get', 'all'],
    ['get', '-j', '-r', 'all', 'tank'],
    ['list', '-j'],
  ]) {
    ok(state, ...args)
  }
  assert.is(JSON.stringify(state), before)
  run(state, 'create', 'tank/v/child')
  run(state, 'create', '-n', 'tank/dry')
  const lines = importedPool(state, 'tank')?.history.map(({ text }) => text)
  assert.equal(lines?.slice(1), ['zfs create -V 10M tank/v'])
})

test.run()

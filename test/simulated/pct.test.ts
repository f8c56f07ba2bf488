/** pct of the simulated host on ZFS; on directory storages it is held to recordings (test/conformance). */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { blankHost } from '../../lib/host/simulated/blank.ts'
import type { SimState } from '../../lib/host/simulated/model.ts'
import { callTool } from '../../lib/host/simulated/tools.ts'

const template = 'local:vztmpl/debian-13-standard_13.1-2_amd64.tar.zst'

function call(state: SimState, line: string): string {
  const { exitCode, stdout, stderr } = callTool(state, line.split(' '))
  return exitCode === 0 ? stdout : `${exitCode} ${stderr}`.trim()
}

function host(): SimState {
  const state = blankHost([{ path: '/dev/disk/by-id/virtio-S1' }])
  state.files['/var/lib/vz/template/cache/debian-13-standard_13.1-2_amd64.tar.zst'] = {
    type: 'file',
    content: '',
    mode: 0o644,
  }
  for (const line of [
    'zpool create tank /dev/disk/by-id/virtio-S1',
    'zfs create tank/ct',
    'pvesm add zfspool ct --pool tank/ct',
    `pct create 901 ${template} --rootfs ct:8 --hostname web --features nesting=1`,
  ])
    assert.not.match(call(state, line), /^\d+ /)
  return state
}

const conf = (state: SimState, vmid = '901'): string => state.files[`/etc/pve/lxc/${vmid}.conf`]?.content ?? ''
const datasets = (state: SimState): string => call(state, 'zfs list -H -o name,refquota -r tank/ct')

test('a volume on ZFS is a dataset with a refquota, allocated anew on every call', () => {
  const state = host()
  assert.is(call(state, 'pct set 901 -mp0 ct:10,mp=/srv/data,backup=1'), '')
  assert.match(conf(state), /^mp0: ct:subvol-901-disk-1,mp=\/srv\/data,backup=1,size=10G$/m)
  call(state, 'pct set 901 -mp0 ct:10,mp=/srv/data')
  assert.match(conf(state), /^mp0: ct:subvol-901-disk-2,mp=\/srv\/data,size=10G$/m)
  assert.match(conf(state), /^unused0: ct:subvol-901-disk-1$/m)
  assert.is(
    datasets(state),
    'tank/ct\tnone\ntank/ct/subvol-901-disk-0\t8G\ntank/ct/subvol-901-disk-1\t10G\ntank/ct/subvol-901-disk-2\t10G\n',
  )
})

test('what is allocated belongs to the root of the container, as the host counts', () => {
  const state = host()
  call(state, 'pct set 901 -mp0 ct:10,mp=/srv/data')
  for (const disk of ['0', '1'])
    assert.is(call(state, `stat -c %u:%g /tank/ct/subvol-901-disk-${disk}`), '100000:100000\n')
})

test('a detached volume comes back by its id, its `unused` line goes, and `--delete unusedN` destroys the data', () => {
  const state = host()
  call(state, 'pct set 901 -mp0 ct:10,mp=/srv/data')
  call(state, 'pct set 901 --delete mp0')
  assert.match(conf(state), /^unused0: ct:subvol-901-disk-1$/m)
  assert.is(call(state, 'pct set 901 -mp3 ct:subvol-901-disk-1,mp=/data'), '')
  assert.match(conf(state), /^mp3: ct:subvol-901-disk-1,mp=\/data,size=10G$/m)
  assert.not.match(conf(state), /unused/)
  call(state, 'pct set 901 --delete mp3')
  call(state, 'pct set 901 --delete unused0')
  assert.not.match(datasets(state), /disk-1/)
})

test('resize sets the refquota, refuses to shrink and to change nothing', () => {
  const state = host()
  call(state, 'pct set 901 -mp0 ct:10,mp=/srv/data')
  assert.is(call(state, 'pct resize 901 mp0 20G'), '')
  assert.match(conf(state), /^mp0: ct:subvol-901-disk-1,mp=\/srv\/data,size=20G$/m)
  assert.match(datasets(state), /disk-1\t20G/)
  assert.is(call(state, 'pct resize 901 mp0 20G'), '255 disk is already at specified size')
  assert.is(call(state, 'pct resize 901 mp0 5G'), '255 unable to shrink disk size')
})

test('an allocation that fails leaves what was asked for pending', () => {
  const state = host()
  call(state, 'zfs create -V 1G tank/ct/x')
  state.files['/etc/pve/storage.cfg'] = { type: 'file', mode: 0o640, content: 'zfspool: no\n\tpool tank/gone\n\n' }
  assert.match(call(state, 'pct set 901 -mp0 no:1,mp=/x'), /^255 unable to apply pending change mp0/)
  assert.match(conf(state), /\n\[pve:pending\]\nmp0: no:1,mp=\/x\n$/)
  assert.match(call(state, 'pct pending 901'), /^new mp0: no:1,mp=\/x$/m)
})

test('snapshots are sections of the configuration, and a container with a bind mount has none', () => {
  const state = host()
  assert.is(call(state, 'pct snapshot 901 before'), '')
  assert.match(conf(state), /^parent: before$/m)
  assert.match(conf(state), /\n\[before\]\narch: amd64\n(.*\n)*snaptime: \d+\n/)
  assert.match(call(state, 'pct listsnapshot 901'), /^`-> before .*\n `-> current /)
  assert.match(call(state, 'zfs list -H -t snapshot -o name'), /disk-0@before/)
  call(state, 'pct set 901 --memory 1024')
  assert.is(call(state, 'pct rollback 901 before'), '')
  assert.match(conf(state), /^memory: 512$/m)
  assert.is(call(state, 'pct delsnapshot 901 before'), '')
  assert.not.match(conf(state), /before|parent|\[/)
  call(state, 'pct set 901 -mp0 /srv,mp=/srv')
  assert.is(call(state, 'pct snapshot 901 other'), '255 snapshot feature is not available')
})

test('a template’s clones hang on its volumes, and it stays while they do', () => {
  const state = host()
  assert.is(call(state, 'pct template 901'), '')
  assert.match(conf(state), /^rootfs: ct:basevol-901-disk-0,size=8G$/m)
  assert.match(call(state, 'pct start 901'), /it's a template/)
  call(state, 'pct clone 901 902 --hostname other')
  assert.match(conf(state, '902'), /^rootfs: ct:basevol-901-disk-0\/subvol-902-disk-0,size=8G$/m)
  assert.not.match(conf(state, '902'), /template/)
  assert.match(call(state, 'pct destroy 901'), /^255 base volume .* is still in use by linked cloned$/)
  assert.is(call(state, 'pct destroy 902'), '')
  assert.is(call(state, 'pct destroy 901'), '')
  assert.is(datasets(state), 'tank/ct\tnone\n')
  assert.is(call(state, 'pct list'), '')
})

test('a container runs until it is stopped, and starts with the host when it is told to', () => {
  const state = host()
  assert.is(call(state, 'pct start 901'), '')
  assert.is(call(state, 'pct status 901'), 'status: running\n')
  assert.is(call(state, 'pct destroy 901'), '255 unable to destroy CT 901 - container is running')
  call(state, 'sim reboot')
  assert.is(call(state, 'pct status 901'), 'status: stopped\n')
  call(state, 'pct set 901 --onboot 1')
  call(state, 'sim reboot')
  assert.is(call(state, 'pct status 901'), 'status: running\n')
  assert.is(call(state, 'pct shutdown 901'), '')
  assert.is(call(state, 'pct exec 901 -- true'), "255 container '901' not running!")
})

test('a volume that nobody names is found by rescan', () => {
  const state = host()
  call(state, 'zfs create -o refquota=1G tank/ct/subvol-901-disk-7')
  call(state, 'pct rescan --vmid 901')
  assert.match(conf(state), /^unused0: ct:subvol-901-disk-7$/m)
})

test('what pct doesn’t know it refuses, and what the simulation doesn’t know too', () => {
  const state = host()
  assert.match(call(state, 'pct bogus 901'), /^255 ERROR: unknown command 'pct bogus'\nUSAGE:/)
  assert.match(call(state, 'pct enter 901'), /^127 not simulated: pct enter/)
  assert.match(call(state, 'pct conf 901'), /^arch: amd64$/m)
})

test.run()

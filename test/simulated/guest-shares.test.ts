/** NFS shares and fstab in guests: mounted from the host's own server, which lets in whom its table lets in. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Guests } from './guest-scene.ts'

const vm = 'vm:8101'
const line = '10.0.0.13:/tank/data /mnt/data nfs rw,_netdev,nofail,x-phx 0 0\n'

function started(): Guests {
  const guests = new Guests()
  guests.createVm('8101', ' --cicustom vendor=local:snippets/vendor.yaml')
  guests.startVm()
  return guests
}

function declared(guests: Guests, text = line): void {
  guests.in(vm, 'tee -a /etc/fstab', text)
  guests.in(vm, 'mkdir -p -- /mnt/data')
}

test('a share is mounted by fstab’s line, shows the host’s files, and what is written there is the host’s', () => {
  const guests = started()
  declared(guests)
  guests.in(vm, 'mount /mnt/data')
  const { filesystems } = JSON.parse(guests.in(vm, 'findmnt -J -o SOURCE,FSTYPE,OPTIONS -M /mnt/data'))
  assert.is(filesystems[0].source, '10.0.0.13:/tank/data')
  assert.is(filesystems[0].fstype, 'nfs4')
  assert.match(filesystems[0].options, /^rw,.*vers=4\.2,.*clientaddr=10\.0\.0\.101,.*addr=10\.0\.0\.13$/)
  assert.is(guests.in(vm, 'cat /mnt/data/hello'), 'hello\n')
  guests.in(vm, 'tee /mnt/data/new', 'from the guest\n')
  assert.is(guests.run('cat /tank/data/new'), 'from the guest\n')
  guests.run('rm /tank/data/hello')
  assert.is(guests.within(vm, 'cat /mnt/data/hello').exitCode, 1)
  assert.match(guests.within(vm, 'mount /mnt/data').stderr, 'busy or already mounted')
  guests.in(vm, 'umount -- /mnt/data')
  assert.is(guests.within(vm, 'cat /mnt/data/new').exitCode, 1)
  assert.is(guests.run('cat /tank/data/new'), 'from the guest\n')
})

test('a client that is not in the export table is denied, a folder that is not there is told', () => {
  const guests = started()
  declared(guests)
  guests.run('tee /etc/exports', '/tank/data 10.0.0.7(rw,sync,no_subtree_check)\n')
  guests.run('exportfs -ra')
  assert.equal(guests.within(vm, 'mount /mnt/data'), {
    exitCode: 32,
    stdout: '',
    stderr: 'mount.nfs: access denied by server while mounting 10.0.0.13:/tank/data\n',
  })
  const other = guests.within(vm, 'mount -t nfs 10.0.0.13:/tank/none /mnt/data')
  assert.match(other.stderr, 'reason given by server: No such file or directory')
  assert.match(guests.within(vm, 'mount /mnt/other').stderr, "can't find in /etc/fstab")
})

test('without nfs-common there is no helper, without a server nobody answers', () => {
  const guests = started()
  declared(guests)
  guests.run('systemctl stop nfs-server')
  assert.match(guests.within(vm, 'mount /mnt/data').stderr, 'Connection refused')
  guests.in(vm, 'apt-get -y remove nfs-common')
  assert.match(guests.within(vm, 'mount /mnt/data').stderr, '/sbin/mount.<type> helper program')
})

test('a server that went away lets whoever goes to its files wait', () => {
  const guests = started()
  declared(guests)
  guests.in(vm, 'mount /mnt/data')
  guests.run('systemctl stop nfs-server')
  assert.is(guests.within(vm, 'cat /mnt/data/hello').hangs, true)
  assert.match(guests.call('qm guest exec 8101 --timeout 5 -- cat /mnt/data/hello').stderr, 'timeout reached')
  assert.match(guests.in(vm, 'cat /proc/mounts'), '/mnt/data nfs4')
  guests.run('systemctl start nfs-server')
  assert.is(guests.in(vm, 'cat /mnt/data/hello'), 'hello\n')
})

test('an export that may only be read can’t be written, though the guest mounted it for writing', () => {
  const guests = started()
  guests.run('tee /etc/exports', '/tank/data *(ro,sync,no_subtree_check)\n')
  guests.run('exportfs -ra')
  declared(guests)
  guests.in(vm, 'mount /mnt/data')
  assert.match(guests.in(vm, 'cat /proc/mounts'), /\/mnt\/data nfs4 rw,/)
  assert.match(guests.within(vm, 'touch /mnt/data/new').stderr, 'Read-only file system')
})

test('at each boot fstab’s lines are mounted, the folder is made; what is mounted by hand is gone', () => {
  const guests = started()
  guests.in(vm, 'tee -a /etc/fstab', line)
  guests.in(vm, 'mkdir /mnt/hand')
  guests.in(vm, 'mount -t nfs 10.0.0.13:/tank/data /mnt/hand')
  guests.run('qm reboot 8101')
  guests.run('sim wait 10')
  assert.is(guests.in(vm, 'cat /mnt/data/hello'), 'hello\n')
  assert.is(guests.within(vm, 'mountpoint -q /mnt/hand').exitCode, 32)
  guests.run('systemctl stop nfs-server')
  guests.run('qm reboot 8101')
  guests.run('sim wait 10')
  guests.run('qm agent 8101 ping')
  assert.is(guests.within(vm, 'mountpoint -q /mnt/data').exitCode, 32)
})

test('the features’ share is mounted when somebody goes there', () => {
  const guests = started()
  assert.match(guests.in(vm, 'cat /proc/mounts'), 'systemd-1 /mnt/vm-features autofs')
  assert.not.match(guests.in(vm, 'cat /proc/mounts'), 'nfs4')
  assert.is(guests.in(vm, 'cat /mnt/vm-features/hello'), 'hello\n')
  assert.match(guests.in(vm, 'cat /proc/mounts'), /\/mnt\/vm-features nfs4 ro,/)
})

test('the state of the host holds the host’s files once, and survives JSON with a share mounted', () => {
  const guests = started()
  declared(guests)
  guests.in(vm, 'mount /mnt/data')
  assert.not.match(JSON.stringify(guests.state.guests), 'hello')
  assert.is(guests.reread().in(vm, 'cat /mnt/data/hello'), 'hello\n')
})

test.run()

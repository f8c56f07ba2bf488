/** Systems in virtual machines: boots, cloud-init, the agent, and what becomes of them. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Guests } from './guest-scene.ts'

const vm = 'vm:8101'
const withVendor = ' --cicustom vendor=local:snippets/vendor.yaml'

function started(more = ''): Guests {
  const guests = new Guests()
  guests.createVm('8101', more)
  guests.startVm()
  return guests
}

const identity = (guests: Guests, guest = vm): string => guests.in(guest, 'cat /etc/machine-id')

test('the agent answers some seconds after the start, and not before', () => {
  const guests = new Guests()
  guests.createVm()
  assert.match(guests.call('qm agent 8101 ping').stderr, 'VM 8101 is not running')
  guests.run('qm start 8101')
  assert.match(guests.call('qm agent 8101 ping').stderr, 'QEMU guest agent is not running')
  guests.run('sim wait 4')
  guests.run('qm agent 8101 ping')
})

const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB1n8cW0mZJvG7kqk6g9x4uJ0m6C2m1y7Zb6kq2c3d4e me\n'

test('cloud-init makes the account with its keys, names the machine and sets its network up', () => {
  const guests = new Guests()
  guests.run('tee /root/keys', key)
  guests.createVm('8101', ' --sshkeys /root/keys --nameserver 10.0.0.1')
  guests.startVm()
  assert.is(guests.in(vm, 'hostname'), 'web\n')
  assert.match(guests.in(vm, 'id admin'), /^uid=1000\(admin\) .*27\(sudo\)/)
  assert.is(guests.in(vm, 'cat /home/admin/.ssh/authorized_keys'), key)
  assert.is(guests.in(vm, 'stat -L -c %a:%U /home/admin/.ssh/authorized_keys'), '600:admin\n')
  assert.match(guests.in(vm, 'cat /etc/resolv.conf'), 'nameserver 10.0.0.1\n')
  const [, eth0] = JSON.parse(guests.run('qm guest cmd 8101 network-get-interfaces'))
  assert.is(eth0['ip-addresses'][0]['ip-address'], '10.0.0.101')
  assert.match(guests.run('qm config 8101').toLowerCase(), eth0['hardware-address'])
  assert.is(JSON.parse(guests.run('qm guest cmd 8101 get-osinfo')).id, 'debian')
})

test('cloud-init does its work once for an instance, and again when it is told something else', () => {
  const guests = started()
  guests.in(vm, 'userdel -r admin')
  guests.run('qm reboot 8101')
  guests.run('sim wait 20')
  assert.is(guests.within(vm, 'id admin').exitCode, 1)
  guests.run('qm set 8101 --ciuser other')
  guests.run('qm reboot 8101')
  guests.run('sim wait 20')
  assert.match(guests.in(vm, 'id other'), 'uid=')
})

test('packages of the vendor’s snippet are installed; an image without an agent has one only then', () => {
  const guests = new Guests()
  guests.createVm('8101', withVendor)
  guests.createVm('8102')
  for (const vmid of ['8101', '8102']) {
    guests.run(`sim guest ${vmid} without-agent`)
    guests.run(`qm start ${vmid}`)
  }
  guests.run('sim wait 5')
  assert.match(guests.call('qm agent 8101 ping').stderr, 'QEMU guest agent is not running')
  guests.run('sim wait 20')
  guests.run('qm agent 8101 ping')
  assert.match(guests.in(vm, 'dpkg -s nfs-common'), 'Status: install ok installed')
  assert.match(guests.call('qm agent 8102 ping').stderr, 'QEMU guest agent is not running')
})

test('nothing of Proxmox VE is in a guest', () => {
  const guests = started()
  for (const tool of ['pvesm status', 'zpool list', 'qm list', 'pct list'])
    assert.equal(guests.within(vm, tool), {
      exitCode: 127,
      stdout: '',
      stderr: `${tool.split(' ')[0]}: command not found\n`,
    })
  assert.match(guests.in(vm, 'uname -r'), /deb13-cloud/)
})

test('cloud-init status: running, done, with recoverable errors, with errors', () => {
  const guests = new Guests()
  guests.createVm('8101', withVendor)
  guests.run('qm start 8101')
  guests.run('sim wait 6')
  assert.equal(guests.within(vm, 'cloud-init status'), { exitCode: 0, stdout: 'status: running\n', stderr: '' })
  guests.run('sim wait 20')
  const done = guests.within(vm, 'cloud-init status --long')
  assert.is(done.exitCode, 0)
  assert.match(
    done.stdout,
    /^status: done\nextended_status: done\nboot_status_code: enabled-by-generator\nlast_update: .*\ndetail: DataSourceNoCloud \[seed=\/dev\/sr0\]\nerrors: \[\]\nrecoverable_errors: \{\}\n$/,
  )
  guests.run('sim guest 8101 cloud-init recoverable')
  const degraded = guests.within(vm, 'cloud-init status --format json')
  assert.is(degraded.exitCode, 2)
  const { status, extended_status, recoverable_errors } = JSON.parse(degraded.stdout)
  assert.equal([status, extended_status], ['done', 'degraded done'])
  assert.is(recoverable_errors.WARNING.length, 1)
  guests.run('sim guest 8101 cloud-init error')
  const failed = guests.within(vm, 'cloud-init status --long')
  assert.is(failed.exitCode, 1)
  assert.match(failed.stdout, /^status: error\nextended_status: error - done\n/)
  assert.match(failed.stdout, /^errors:\n\t- \('scripts_user', /m)
})

test('a package that there isn’t, and a command that fails, are errors; a snippet without its first line is passed over', () => {
  for (const [text, exitCode, words] of [
    ['#cloud-config\npackages: [nosuch]\n'.replace('[nosuch]', '["nosuch"]'), 1, 'PackageInstallerError'],
    ['#cloud-config\nruncmd:\n  - ["systemctl", "start", "nosuch"]\n', 1, 'Runparts: 1 failures'],
    ['# mine\n#cloud-config\npackages:\n  - jq\n', 2, 'Unhandled non-multipart'],
  ] as const) {
    const guests = new Guests()
    guests.run('tee /var/lib/vz/snippets/vendor.yaml', text)
    guests.createVm('8101', withVendor)
    guests.startVm()
    const { stdout, exitCode: given } = guests.within(vm, 'cloud-init status --long')
    assert.is(given, exitCode, stdout)
    assert.match(stdout, words)
    assert.match(guests.in(vm, 'tail -n 20 /var/log/cloud-init-output.log'), words)
  }
})

test('without its drive cloud-init is switched off', () => {
  const guests = new Guests()
  guests.run('qm create 8101 --scsi0 vm:8 --agent 1')
  guests.startVm()
  assert.match(guests.in(vm, 'cloud-init status --long'), /^status: disabled\n/)
})

test('what is in it stays over stop and start, and over a reading of the host’s state', () => {
  const guests = started()
  const before = identity(guests)
  guests.in(vm, 'tee /etc/motd', 'mine\n')
  guests.run('qm stop 8101')
  assert.is(guests.within(vm, 'cat /etc/motd').exitCode, 1)
  const again = guests.reread()
  again.startVm()
  assert.is(again.in(vm, 'cat /etc/motd'), 'mine\n')
  assert.is(identity(again), before)
})

test('a snapshot holds what was in it, and a rollback brings that back', () => {
  const guests = started()
  guests.in(vm, 'tee /etc/motd', 'one\n')
  guests.run('qm snapshot 8101 good')
  guests.in(vm, 'tee /etc/motd', 'two\n')
  guests.run('qm rollback 8101 good')
  guests.startVm()
  assert.is(guests.in(vm, 'cat /etc/motd'), 'one\n')
  guests.run('qm delsnapshot 8101 good')
})

test('a clone is a copy with an identity of its own, also of a template; and it goes with its machine', () => {
  const guests = started()
  guests.in(vm, 'tee /etc/motd', 'mine\n')
  const before = identity(guests)
  guests.run('qm shutdown 8101')
  guests.run('qm template 8101')
  guests.run('qm clone 8101 8102 --name other')
  guests.startVm('8102')
  assert.is(guests.in('vm:8102', 'cat /etc/motd'), 'mine\n')
  assert.is(guests.in('vm:8102', 'hostname'), 'other\n')
  assert.is.not(identity(guests, 'vm:8102'), before)
  guests.run('qm stop 8102')
  guests.run('qm destroy 8102')
  assert.equal(Object.keys(guests.state.guests ?? {}), ['8101'])
})

test('commands by the agent: input and outputs, exit codes, programs that go on, and those that are not there', () => {
  const guests = started()
  assert.equal(guests.exec('8101', 'cat /nothing'), {
    exitcode: 1,
    exited: 1,
    'err-data': 'cat: /nothing: No such file or directory\n',
    'err-truncated': 0,
  })
  assert.equal(guests.exec('8101', 'dd of=/srv/x status=none', 'grüße'), { exitcode: 0, exited: 1 })
  assert.is(guests.exec('8101', 'cat /srv/x')['out-data'], 'grüße')
  assert.match(guests.call('qm guest exec 8101 -- pvesm').stderr, 'Failed to execute child process “pvesm”')
  assert.is(guests.exec('8101', 'env LC_ALL=C pvesm').exitcode, 127)
  const { pid } = guests.exec('8101', 'sleep 60')
  assert.type(pid, 'number')
  assert.match(guests.run(`qm guest exec-status 8101 ${pid}`), '"exited" : 0')
  guests.run('sim wait 60')
  assert.match(guests.run(`qm guest exec-status 8101 ${pid}`), '"exitcode" : 0')
  assert.match(guests.call(`qm guest exec-status 8101 ${pid}`).stderr, 'PID ld does not exist')
})

test('the guest goes down when it is asked, by the agent or the power button; one that hangs does not', () => {
  const guests = started()
  guests.run('qm shutdown 8101')
  assert.is(guests.run('qm status 8101'), 'status: stopped\n')
  guests.startVm()
  guests.run('sim guest 8101 agent frozen')
  assert.match(guests.call('qm shutdown 8101 --timeout 5').stderr, 'got timeout')
  guests.run('qm stop 8101')
})

test('agent off, frozen, on; a crash; a reboot from inside', () => {
  const guests = started()
  for (const how of ['off', 'frozen']) {
    guests.run(`sim guest 8101 agent ${how}`)
    assert.match(guests.call('qm agent 8101 ping').stderr, 'QEMU guest agent is not running')
  }
  guests.run('sim guest 8101 agent on')
  guests.run('qm agent 8101 ping')
  guests.in(vm, 'systemctl stop qemu-guest-agent')
  assert.match(guests.call('qm agent 8101 ping').stderr, 'QEMU guest agent is not running')
  const before = guests.in(vm, 'cat /proc/sys/kernel/random/boot_id')
  guests.in(vm, 'systemctl reboot')
  guests.run('sim wait 3')
  assert.is.not(guests.in(vm, 'cat /proc/sys/kernel/random/boot_id'), before)
  guests.run('sim wait 5')
  guests.run('qm agent 8101 ping')
  guests.run('sim guest 8101 crash')
  assert.is(guests.run('qm status 8101'), 'status: stopped\n')
})

test('after a start of the host those run that are to, and not the others', () => {
  const guests = started(' --onboot 1')
  guests.createVm('8102')
  guests.startVm('8102')
  guests.run('sim reboot')
  guests.run('sim wait 10')
  guests.run('qm agent 8101 ping')
  assert.is(guests.run('qm status 8102'), 'status: stopped\n')
})

test.run()

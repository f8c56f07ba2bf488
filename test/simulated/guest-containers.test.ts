/** Systems in containers: what Proxmox VE sets up in them, and commands and files by pct. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Guests } from './guest-scene.ts'

const lxc = 'lxc:901'

function started(more = ''): Guests {
  const guests = new Guests()
  guests.createContainer('901', more)
  guests.run('pct start 901')
  return guests
}

test('pct exec and lxc-attach run commands with their exit codes, and only while it runs', () => {
  const guests = started()
  assert.is(guests.run('pct exec 901 -- hostname'), 'models\n')
  assert.is(guests.run('lxc-attach -n 901 -- cat /etc/hostname'), 'models\n')
  assert.equal(guests.call('pct exec 901 -- cat /nothing'), {
    exitCode: 1,
    stdout: '',
    stderr: 'cat: /nothing: No such file or directory\n',
  })
  guests.run('pct exec 901 -- dd of=/srv/x status=none', 'by stdin')
  assert.is(guests.run('pct exec 901 -- cat /srv/x'), 'by stdin')
  guests.run('pct stop 901')
  assert.match(guests.call('pct exec 901 -- true').stderr, "container '901' not running!")
  assert.match(guests.call('lxc-attach -n 901 -- true').stderr, /^lxc-attach: 901: .*Failed to get init pid/)
})

test('its network is that of its configuration; it shares the host’s kernel, and has no cloud-init', () => {
  const guests = started()
  assert.is(guests.in(lxc, 'systemctl is-system-running'), 'running\n')
  const [eth0] = JSON.parse(guests.in(lxc, 'ip -j address show'))
  assert.is(eth0.addr_info[0].local, '10.0.0.91')
  assert.is(guests.in(lxc, 'uname -r'), guests.run('uname -r'))
  assert.match(guests.in(lxc, 'cat /etc/resolv.conf'), 'nameserver')
  assert.is(guests.within(lxc, 'cloud-init status').exitCode, 127)
  assert.is(guests.within(lxc, 'pct list').exitCode, 127)
})

test('pct push and pct pull carry files', () => {
  const guests = started()
  guests.run('tee /root/local', 'pushed\n')
  guests.run('pct push 901 /root/local /srv/there --perms 0640 --group www-data')
  assert.is(guests.in(lxc, 'stat -L -c %a:%U:%G /srv/there'), '640:root:www-data\n')
  assert.is(guests.in(lxc, 'cat /srv/there'), 'pushed\n')
  guests.run('pct pull 901 /srv/there /root/back')
  assert.is(guests.run('cat /root/back'), 'pushed\n')
  assert.match(guests.call('pct push 901 /root/nope /srv/x').stderr, 'failed to open /root/nope for reading')
  assert.match(guests.call('pct pull 901 /srv/nope /root/x').stderr, 'No such file or directory')
})

test('mount points show the host’s files, with owners as an unprivileged container sees them', () => {
  const guests = new Guests()
  guests.createContainer('901', ' --unprivileged 1 --mp0 /tank/data,mp=/srv/data')
  guests.run('chown 100033:100033 /tank/data/hello')
  guests.run('pct start 901')
  assert.is(guests.in(lxc, 'stat -L -c %U /srv/data/hello'), 'www-data\n')
  guests.in(lxc, 'tee /srv/data/new', 'inside\n')
  assert.is(guests.run('stat -L -c %u /tank/data/new'), '100000\n')
  guests.run('tee /tank/data/roots', 'x\n')
  assert.is(guests.in(lxc, 'stat -L -c %U /srv/data/roots'), 'nobody\n')
})

test('a volume of a mount point is a dataset, of which the files outlive the container’s stop', () => {
  const guests = started(' --mp0 vm:1,mp=/srv/data')
  guests.in(lxc, 'tee /srv/data/x', 'kept\n')
  guests.run('pct reboot 901')
  assert.is(guests.in(lxc, 'cat /srv/data/x'), 'kept\n')
  assert.not.match(JSON.stringify(guests.state.guests), 'kept')
})

test('snapshot, rollback, clone and destroy take its system along', () => {
  const guests = started()
  const identity = guests.in(lxc, 'cat /etc/machine-id')
  guests.in(lxc, 'tee /etc/motd', 'one\n')
  guests.run('pct snapshot 901 good')
  guests.in(lxc, 'tee /etc/motd', 'two\n')
  guests.run('pct rollback 901 good --start 1')
  assert.is(guests.in(lxc, 'cat /etc/motd'), 'one\n')
  guests.run('pct stop 901')
  guests.run('pct clone 901 902 --hostname copy')
  guests.run('pct start 902')
  assert.is(guests.in('lxc:902', 'cat /etc/motd'), 'one\n')
  assert.is.not(guests.in('lxc:902', 'cat /etc/machine-id'), identity)
  guests.run('pct stop 902')
  guests.run('pct destroy 902')
  assert.equal(Object.keys(guests.state.guests ?? {}), ['901'])
})

test.run()

/** The system's tools of the simulated host: packages, units, locks, kernels. Texts are held to recordings by the conformance test. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { blankHost } from '../../lib/host/simulated/blank.ts'
import type { SimState } from '../../lib/host/simulated/model.ts'
import { callTool, hasTool } from '../../lib/host/simulated/tools.ts'

function call(state: SimState, line: string, exitCode = 0): string {
  const given = callTool(state, line.split(' '))
  assert.is(given.exitCode, exitCode, `${line}: ${given.stdout}${given.stderr}`)
  return given.stdout + given.stderr
}

test('an installed package has its tools, files and units; removed, only its configuration', () => {
  const state = blankHost([])
  assert.is(hasTool(state, 'exportfs'), false)
  assert.is(callTool(state, ['exportfs']).exitCode, 127)
  call(state, 'apt-get -y -q install nfs-kernel-server')
  assert.is(hasTool(state, 'exportfs'), true)
  assert.match(call(state, 'systemctl is-active nfs-server'), 'active')
  assert.match(call(state, 'systemctl is-enabled nfs-kernel-server'), 'alias')
  call(state, 'apt-get -y -q remove nfs-kernel-server')
  assert.is(hasTool(state, 'exportfs'), false)
  assert.match(call(state, 'systemctl is-active nfs-server', 4), 'inactive')
})

test('what depends on a package goes with it', () => {
  const state = blankHost([])
  assert.match(call(state, 'apt-get -s remove pve-manager'), 'Remv proxmox-ve')
})

test('without lists apt knows nothing that is not installed', () => {
  const state = blankHost([])
  for (const path of Object.keys(state.files)) if (path.startsWith('/var/lib/apt/lists/deb')) delete state.files[path]
  assert.match(call(state, 'apt-get -y install htop', 100), 'E: Unable to locate package htop')
  assert.match(call(state, 'apt-get -y install chrony'), 'already the newest version')
})

test('a held lock: at once, after waiting, and not for looking', () => {
  const state = blankHost([])
  call(state, 'sim hold-lock apt 4711 unattended-upgr')
  assert.match(call(state, 'apt-get -y install htop', 100), 'held by process 4711 (unattended-upgr)')
  call(state, 'apt-get -s install htop')
  assert.match(call(state, 'cat /proc/locks'), 'WRITE 4711 ')
  assert.is(call(state, 'cat /proc/4711/comm'), 'unattended-upgr\n')
  call(state, 'sim release-lock apt')
  call(state, 'apt-get -y install htop')
  assert.is(call(state, 'cat /proc/locks'), '')
})

test('the same repository in two files is warned about, an unreadable one stops everything', () => {
  const state = blankHost([])
  const line = 'deb http://deb.debian.org/debian trixie main\n'
  state.files['/etc/apt/sources.list'] = { type: 'file', content: line, mode: 0o644 }
  assert.match(call(state, 'apt-get update', 100), 'is configured multiple times in /etc/apt/sources.list:1 and ')
  state.files['/etc/apt/sources.list'] = { type: 'file', content: 'Enabled: no\n', mode: 0o644 }
  assert.match(call(state, 'apt-get -s install htop', 100), 'The list of sources could not be read')
})

test('units after a reboot: what is enabled runs, what was only started does not', () => {
  const state = blankHost([])
  call(state, 'apt-get -y install lldpd')
  call(state, 'systemctl disable lldpd')
  call(state, 'systemctl stop chrony')
  call(state, 'sim reboot')
  assert.is(call(state, 'systemctl is-active chrony'), 'active\n')
  assert.is(call(state, 'systemctl is-active lldpd', 3), 'inactive\n')
})

test('a new kernel runs after the reboot, with the options of its initial RAM disk', () => {
  const state = blankHost([])
  const before = call(state, 'cat /proc/sys/kernel/random/boot_id')
  call(state, 'sim publish proxmox-kernel-6.17 6.17.10-1')
  call(state, 'apt-get -y dist-upgrade')
  assert.is(call(state, 'uname -r'), '6.17.2-1-pve\n')
  state.files['/etc/modprobe.d/a.conf'] = { type: 'file', content: 'options zfs zfs_arc_max=5\n', mode: 0o644 }
  call(state, 'sim reboot')
  assert.is(call(state, 'uname -r'), '6.17.10-1-pve\n')
  assert.is(call(state, 'cat /sys/module/zfs/parameters/zfs_arc_max'), '0\n')
  call(state, 'update-initramfs -u -k all')
  call(state, 'sim reboot')
  assert.is(call(state, 'cat /sys/module/zfs/parameters/zfs_arc_max'), '5\n')
  assert.is.not(call(state, 'cat /proc/sys/kernel/random/boot_id'), before)
})

test('getent: hosts here, accounts elsewhere', () => {
  const state = blankHost([])
  assert.match(call(state, 'getent hosts pve'), '10.0.0.13')
  assert.match(call(state, 'getent passwd root'), 'root:x:0')
  assert.match(call(state, 'getent bogus', 127), 'not simulated')
})

test('what it does not know is refused', () => {
  const state = blankHost([])
  for (const line of ['apt-get source x', 'systemctl edit ssh', 'dpkg -i x.deb', 'sh -c reboot', 'uname -a'])
    assert.match(call(state, line, 127), 'not simulated')
})

test.run()

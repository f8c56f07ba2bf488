/** Scripts in a guest, started by systemd-run as features are. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Guests } from './guest-scene.ts'

const vm = 'vm:8101'
const path = '/var/lib/phx/features/docker'

function withScript(...lines: string[]): Guests {
  const guests = new Guests()
  guests.createVm()
  guests.startVm()
  guests.in(vm, 'mkdir -p /var/lib/phx/features')
  guests.in(vm, `install -o root -g root -m 0755 /dev/null ${path}`)
  guests.in(vm, `dd of=${path} oflag=append conv=notrunc,fsync status=none`, ['#!/bin/sh', ...lines, ''].join('\n'))
  return guests
}

const start = (guests: Guests, more: readonly string[] = []) =>
  guests.within(vm, [
    ...[
      'systemd-run',
      '--unit=phx-feature-docker',
      '--remain-after-exit',
      '--property=StandardOutput=append:/var/log/d',
    ],
    ...more,
    '--',
    path,
  ])

function shown(guests: Guests): Record<string, string> {
  const asked = 'ActiveState,SubState,Result,ExecMainCode,ExecMainStatus,LoadState'
  const text = guests.in(vm, `systemctl show --property=${asked} phx-feature-docker.service`)
  return Object.fromEntries(
    text
      .trim()
      .split('\n')
      .map((line) => line.split('=')),
  )
}

test('a script without comments succeeds at once, and its unit remains', () => {
  const guests = withScript('docker run hello-world')
  assert.match(start(guests).stderr, /^Running as unit: phx-feature-docker\.service; invocation ID: [0-9a-f]{32}\n$/)
  assert.equal(shown(guests), {
    LoadState: 'loaded',
    ActiveState: 'active',
    SubState: 'exited',
    Result: 'success',
    ExecMainCode: '1',
    ExecMainStatus: '0',
  })
  assert.match(start(guests).stderr, 'Unit phx-feature-docker.service was already loaded')
  guests.in(vm, 'systemctl stop phx-feature-docker.service')
  assert.is(shown(guests).LoadState, 'not-found')
})

test('it takes its time, writes its log and files as it goes, and tells how it ended', () => {
  const guests = withScript(
    '# sim: says begun',
    '# sim: takes 30',
    '# sim: writes /srv/made one two',
    '# sim: complains oh',
    '# sim: exit 3',
  )
  start(guests)
  assert.equal([shown(guests).ActiveState, shown(guests).SubState], ['active', 'running'])
  assert.is(guests.in(vm, 'cat /var/log/d'), 'begun\n')
  assert.is(guests.within(vm, 'test -e /srv/made').exitCode, 1)
  guests.run('sim wait 30')
  const { ActiveState, SubState, Result, ExecMainStatus } = shown(guests)
  assert.equal([ActiveState, SubState, Result, ExecMainStatus], ['failed', 'failed', 'exit-code', '3'])
  assert.is(guests.in(vm, 'cat /var/log/d'), 'begun\noh\n')
  assert.is(guests.in(vm, 'cat /srv/made'), 'one two\n')
  guests.in(vm, 'systemctl reset-failed phx-feature-docker.service')
  assert.is(shown(guests).LoadState, 'not-found')
})

test('a reboot of the guest ends it, and nothing is left of its unit', () => {
  const guests = withScript('# sim: takes 300')
  start(guests)
  guests.in(vm, 'systemctl reboot')
  guests.run('sim wait 10')
  assert.is(shown(guests).LoadState, 'not-found')
  assert.is(start(guests).exitCode, 0)
})

test('its time may be limited; without RemainAfterExit a unit that succeeded is gone', () => {
  const guests = withScript('# sim: takes 30')
  start(guests, ['--property=RuntimeMaxSec=10'])
  guests.run('sim wait 12')
  assert.equal([shown(guests).ActiveState, shown(guests).Result], ['failed', 'timeout'])
  guests.in(vm, ['systemd-run', '--unit=short', '--', path])
  guests.run('sim wait 31')
  assert.is(guests.within(vm, 'systemctl is-active short').exitCode, 4)
})

test('tools of the guest may be run by it, and what isn’t there or can’t be executed is refused', () => {
  const guests = withScript('# sim: runs apt-get update', '# sim: runs apt-get -y install jq')
  start(guests)
  assert.match(guests.in(vm, 'dpkg -s jq'), 'install ok installed')
  assert.match(guests.in(vm, 'cat /var/log/d'), 'Setting up jq')
  guests.in(vm, `chmod 0644 ${path}`)
  const other = (file: string): string => guests.within(vm, ['systemd-run', '--unit=other', '--', file]).stderr
  assert.is(other(path), `Failed to find executable ${path}: Permission denied\n`)
  assert.is(other('/nope'), 'Failed to find executable /nope: No such file or directory\n')
  assert.is(guests.within(vm, `bash ${path}`).exitCode, 0)
  assert.is(guests.within(vm, ['systemd-run', '--unit=x', '--property=Nice=5', '--', path]).exitCode, 127)
})

test('on the host, too, units go on as time passes', () => {
  const guests = new Guests()
  guests.run('tee /root/job', '# sim: takes 5\n# sim: runs hostname\n# sim: writes /root/done yes\n')
  guests.run('chmod 0755 /root/job')
  guests.run(['systemd-run', '--unit=job', '-r', '--property=StandardOutput=append:/root/log', '--', '/root/job'])
  assert.is(guests.call('test -e /root/done').exitCode, 1)
  guests.run('sim wait 5')
  assert.is(guests.run('cat /root/log'), 'pve\n')
  assert.is(guests.run('cat /root/done'), 'yes\n')
  guests.run('tee /root/other', 'no comments\n')
  assert.is(guests.call('sh /root/other').exitCode, 127)
})

test('by the agent it is a process that goes on', () => {
  const guests = withScript('# sim: says a', '# sim: takes 50', '# sim: says b', '# sim: exit 4')
  const { pid } = guests.exec('8101', path)
  guests.run('sim wait 50')
  const ended = JSON.parse(guests.run(`qm guest exec-status 8101 ${pid}`))
  assert.equal([ended.exitcode, ended['out-data']], [4, 'a\nb\n'])
})

test.run()

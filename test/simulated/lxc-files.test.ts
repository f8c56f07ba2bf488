/** What the lab's pct gives real LXC of a container; that LXC does it is the lab's to show (scenario pct-real). */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseContainer } from '../../lib/host/simulated/pve/pct/config.ts'
import { lxcConfig, preStart } from '../../lib/host/simulated/pve/pct/lxc-files.ts'

const net = 'name=eth0,bridge=vmbr0,gw=10.0.0.1,hwaddr=BC:24:11:00:00:01,ip=10.0.0.91/24,type=veth'
const container = (...more: string[]) =>
  parseContainer(['hostname: web', 'memory: 256', `net0: ${net}`, ...more].join('\n'), '901', {
    out: () => {},
    warn: (text) => assert.unreachable(text),
  })

const linesOf = (text: string, key: string): string[] =>
  text.split('\n').flatMap((line) => (line.startsWith(`${key} = `) ? line.slice(key.length + 3) : []))

test('an unprivileged container has the usual ids, unless its configuration says others; a privileged one has none', () => {
  const usual = lxcConfig('901', container('unprivileged: 1'), [])
  assert.equal(linesOf(usual, 'lxc.idmap'), ['u 0 100000 65536', 'g 0 100000 65536'])
  const told = ['u 0 100000 1000', 'u 1000 1000 1', 'g 0 100000 65536']
  const own = lxcConfig('901', container('unprivileged: 1', ...told.map((line) => `lxc.idmap: ${line}`)), [])
  assert.equal(linesOf(own, 'lxc.idmap'), told)
  const privileged = lxcConfig('901', container(), [])
  assert.equal(linesOf(privileged, 'lxc.idmap'), [])
  assert.not.match(privileged, /userns\.conf/)
})

test('a network card hangs on its bridge and has its address; raw lines come last, and so decide', () => {
  const text = lxcConfig('901', container('lxc.cgroup2.memory.max: 1G'), [])
  assert.equal(linesOf(text, 'lxc.net.0.link'), ['vmbr0'])
  assert.equal(linesOf(text, 'lxc.net.0.ipv4.address'), ['10.0.0.91/24'])
  assert.equal(linesOf(text, 'lxc.net.0.ipv4.gateway'), ['10.0.0.1'])
  assert.equal(linesOf(text, 'lxc.cgroup2.memory.max'), [String(2 ** 28), '1G'])
})

test('what is mounted comes in its order, each path as one word', () => {
  const mountings = [
    { source: '/tank/ct/subvol-901-disk-0', inside: '/', isReadOnly: false },
    { source: "/tank/it's", inside: '/srv/my data', isReadOnly: true },
  ]
  const script = preStart('901', container('unprivileged: 1'), mountings, [])
  const placed = script.split('\n').filter((line) => line.startsWith('place '))
  assert.equal(placed, ["place '/tank/ct/subvol-901-disk-0' '' rw", `place '/tank/it'\\''s' '/srv/my data' ro`])
  assert.match(script, / owner=100000:100000\n/)
})

test('a device is a node of its own, with the owner and mode that are declared as ids inside', () => {
  const device = { path: '/dev/nvidia0', kind: 'c', major: 195, minor: 0 } as const
  const given = container('unprivileged: 1', 'dev0: path=/dev/nvidia0,mode=0666,gid=44')
  assert.equal(linesOf(lxcConfig('901', given, [device]), 'lxc.cgroup2.devices.allow'), [])
  assert.equal(linesOf(lxcConfig('901', container(), [device]), 'lxc.cgroup2.devices.allow'), ['c 195:0 rw'])
  const script = preStart('901', given, [], [device])
  assert.match(script, /mknod '\S+\/dev\/nvidia0' c 195 0\n/)
  assert.match(script, /chmod 0666 '\S+'; chown 100000:100044 /)
})

test.run()

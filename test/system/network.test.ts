/** Changing an interface: what is tried, what takes it back, and what is left alone. */
import { setTimeout } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { PhxConfig } from '../../lib/config/generated/types.ts'
import { newLook } from '../../lib/engine/look.ts'
import { readerOf } from '../../lib/host/host.ts'
import { firewallOf } from '../../lib/host/simulated/firewall/state.ts'
import { changeable, readdressed } from '../../lib/resources/system/interface-stanza.ts'
import { Interfaces } from '../../lib/resources/system/interfaces.ts'
import { parseAddresses, wasHeard } from '../../lib/resources/system/reachable.ts'
import { dyingAt } from '../engine-scene.ts'
import { Scene } from './scene.ts'

const path = '/etc/network/interfaces'
const moved = { name: 'vmbr0', address: '10.0.0.20/24', gateway: '10.0.0.2' }
const declaring = (interfaces: NonNullable<PhxConfig['network']>['interfaces'] = moved): PhxConfig => ({
  network: { interfaces },
})

/** A host whose node has the new address in /etc/hosts already: that line is its admin's to change. */
async function renumbered(config: PhxConfig = declaring()): Promise<Scene> {
  const scene = new Scene(config)
  await scene.write('/etc/hosts', '127.0.0.1 localhost\n10.0.0.20 pve.example.internal pve\n')
  return scene
}

const inForce = (scene: Scene) => scene.host.state.network?.inForce.vmbr0
const installers = { addresses: ['10.0.0.13/24'], gateway: '10.0.0.1' }
const declared = { addresses: ['10.0.0.20/24'], gateway: '10.0.0.2' }

const connect = (scene: Scene, local: string, peer: string): Promise<void> =>
  scene.host.change((state) => {
    firewallOf(state).connections.push({ program: 'sshd-session', local, peer })
  })

test('address and gateway: tried first, kept once the gateway answers; every other byte stays', async () => {
  const scene = await renumbered()
  const before = scene.text(path) ?? ''
  const { changes } = await scene.task()
  assert.equal(
    changes.map(({ summary, risk }) => [summary, risk]),
    [
      [
        'give vmbr0 the address 10.0.0.20/24 and the gateway 10.0.0.2, taken back after 120 s unless the host can be reached',
        'disruptive',
      ],
    ],
  )
  const { commands } = await scene.converge()
  assert.equal(
    commands.map((line) => line.replace(/ --\S+/g, '')),
    ['systemd-run ifup vmbr0', 'ifup -i /run/phx-interfaces vmbr0', 'systemctl stop phx-network-rollback.timer'],
  )
  assert.is(scene.text(path), before.replace('10.0.0.13/24', '10.0.0.20/24').replace('10.0.0.1\n', '10.0.0.2\n'))
  assert.equal(inForce(scene), declared)
  assert.is(scene.text('/run/phx-interfaces'), undefined)
  await scene.sim('sim wait 600')
  assert.equal(inForce(scene), declared, 'nothing takes it back any more')
  await scene.sim('sim reboot')
  assert.equal(inForce(scene), declared)
  await scene.nothingToDo()
})

test('/etc/network/interfaces replaced with literal NIC names and reloaded; failure is logged, not undone', async () => {
  const scene = await renumbered()
  const before = scene.text(path)
  await scene.sim('sim answers 10.0.0.2 no')
  const [change] = (await new Interfaces([moved]).compare(newLook(readerOf(scene.host)))).changes
  for (const step of change?.steps ?? []) {
    if (step.kind === 'write') await scene.host.writeFile(step.file)
    if (step.kind === 'command') assert.is((await scene.host.mutate(step.argv)).exitCode, 0)
    const wrong = step.kind === 'verify' ? await step.check(readerOf(scene.host), () => {}) : undefined
    if (wrong === undefined) continue
    assert.is(wrong, 'gateway 10.0.0.2 answers neither ping nor ARP')
    break
  }
  assert.equal(inForce(scene), declared, 'it waits')
  await scene.sim('sim wait 100')
  assert.equal(inForce(scene), declared)
  await scene.sim('sim wait 30')
  assert.equal(inForce(scene), installers, 'the timer took it back')
  assert.is(scene.text(path), before)
})

test('killed at every change, before and after it took effect: the host comes back as it was, and the next run goes on', async () => {
  for (const after of [false, true]) {
    for (let nth = 1, died = true; died; nth++) {
      const scene = await renumbered()
      const before = scene.text(path)
      const { host, hasDied } = dyingAt(scene.host, nth, after)
      await scene.run(1, host).catch(() => undefined)
      died = hasDied()
      await scene.sim('sim wait 300')
      const isWritten = scene.text(path) !== before
      // Between the timer's end and the file's the address is proved, and not yet there after a reboot.
      if (!isWritten && inForce(scene)?.gateway !== installers.gateway)
        assert.is(scene.host.state.network?.timers?.['phx-network-rollback'], undefined)
      assert.ok(!isWritten || inForce(scene)?.gateway === declared.gateway, 'what stands in the file is in force')
      await scene.converge()
      assert.equal(inForce(scene), declared)
    }
  }
})

test('power cut at every change: the host starts with the file that was proved, or with the former one', async () => {
  for (let nth = 1, died = true; died; nth++) {
    const scene = await renumbered()
    const before = scene.text(path)
    const { host, hasDied } = dyingAt(scene.host, nth, true)
    await scene.run(1, host).catch(() => undefined)
    died = hasDied()
    await scene.sim('sim power-cut')
    assert.equal(inForce(scene), scene.text(path) === before ? installers : declared)
    assert.equal(scene.host.state.network?.timers ?? {}, {})
    await scene.converge()
  }
})

test('a run right after one that was killed waits until the change was taken back', async () => {
  const scene = await renumbered()
  const { host } = dyingAt(scene.host, 3, true)
  await scene.run(1, host).catch(() => undefined)
  assert.ok(scene.host.state.network?.timers?.['phx-network-rollback'])
  const running = scene.run()
  await setTimeout(300)
  assert.equal(inForce(scene), declared)
  await scene.sim('sim wait 200')
  assert.equal(inForce(scene), installers)
  await running
  assert.equal(inForce(scene), declared)
})

test('who is connected to the address that goes has to connect anew', async () => {
  const scene = await renumbered()
  await connect(scene, '10.0.0.13:22', '10.0.0.5:40000')
  await connect(scene, '10.0.0.20:22', '10.0.0.7:40000')
  assert.match(
    await scene.notes(),
    'changing vmbr0 may cut off 10.0.0.5, which is connected to 10.0.0.13:22 (sshd-session)',
  )
  assert.match((await scene.summaries())[0] ?? '', 'taken back after 240 s')
  const running = scene.run()
  await setTimeout(700)
  assert.is(inForce(scene)?.addresses[0], '10.0.0.20/24')
  assert.match(scene.text(path) ?? '', '10.0.0.13/24', 'an answering gateway is not enough')
  await connect(scene, '10.0.0.20:22', '10.0.0.5:40001')
  await running
  assert.match(scene.text(path) ?? '', '10.0.0.20/24')
})

test('another gateway: those behind it have to connect anew, neighbours do not', async () => {
  const config = declaring({ name: 'vmbr0', address: '10.0.0.13/24', gateway: '10.0.0.2' })
  const near = new Scene(config)
  await connect(near, '10.0.0.13:22', '10.0.0.5:40000')
  assert.is(await near.notes(), '')
  await near.converge()
  const far = new Scene(config)
  await connect(far, '10.0.0.13:22', '192.168.7.5:40000')
  assert.match(await far.notes(), 'cut off 192.168.7.5')
})

test('a gateway that answers no ping, but ARP', async () => {
  const scene = await renumbered()
  await scene.sim('sim answers 10.0.0.2 arp')
  await scene.converge()
})

test('two interfaces in one run, each proved by itself', async () => {
  const scene = await renumbered(declaring([moved, { name: 'vmbr1', address: '10.1.0.1/23' }]))
  const stanza =
    'auto vmbr1\niface vmbr1 inet static\n  netmask 255.255.255.0\n  address 10.1.0.1\n  bridge-ports none\n'
  await scene.write(path, `${scene.text(path)}\n${stanza}`)
  await scene.sim('ifreload -a')
  const { commands } = await scene.converge()
  assert.is(commands.filter((line) => line.startsWith('ifup ')).length, 2)
  assert.match(
    scene.text(path) ?? '',
    `auto vmbr1\niface vmbr1 inet static\n  netmask 255.255.254.0\n  address 10.1.0.1\n`,
  )
})

test('ifupdown2 reads something else in the candidate: nothing was begun', async () => {
  const scene = await renumbered()
  await scene.write(path, `nonsense here\n${scene.text(path)}`)
  const before = scene.text(path)
  const { summary, commands } = await scene.run(1)
  assert.match(summary.tasks[0]?.why ?? '', `line1: error processing line 'nonsense here'`)
  assert.equal(commands, [])
  assert.is(scene.text(path), before)
})

test('what is staged in Proxmox VE, and what the cluster goes by, is refused', async () => {
  const stagedOne = await renumbered()
  await stagedOne.write('/etc/network/interfaces.new', 'auto lo\n')
  assert.match(await stagedOne.refused(), "while changes wait in Proxmox VE's network view")
  const clustered = await renumbered()
  await clustered.write('/etc/pve/corosync.conf', 'nodelist {\n  node {\n    ring0_addr: 10.0.0.13\n  }\n}\n')
  assert.match(await clustered.refused(), 'at which the cluster knows this node')
})

const left: Readonly<Record<string, { by: (scene: Scene) => Promise<unknown>; why: string }>> = {
  'no ifupdown2': { by: (scene) => scene.sim('sim remove-tool ifreload'), why: 'the host has no ifupdown2' },
  'candidates forbidden': {
    by: (scene) => scene.write('/etc/network/ifupdown2/ifupdown2.conf', 'disable_cli_interfacesfile=1\n'),
    why: 'disable_cli_interfacesfile=1',
  },
  'in another file': {
    by: async (scene) => {
      await scene.write('/etc/network/interfaces.d/vmbr0', 'iface vmbr0 inet static\n  address 10.0.0.13/24\n')
      await scene.write(path, 'source /etc/network/interfaces.d/*\n')
    },
    why: 'it does not stand there itself',
  },
}

for (const [what, { by, why }] of Object.entries(left)) {
  test(`left alone, and said: ${what}`, async () => {
    const scene = await renumbered()
    await by(scene)
    assert.equal(await scene.summaries(), [])
    assert.match(await scene.notes(), `phx leaves it alone, since `)
    assert.match(await scene.notes(), why)
  })
}

const vmbr0 = (...lines: string[]): string =>
  ['iface vmbr0 inet static', ...lines.map((line) => `  ${line}`), ''].join('\n')
const usual = ['address 10.0.0.13/24', 'gateway 10.0.0.1']
const unsure: Readonly<Record<string, string>> = {
  'it says "inet dhcp" of it, and not static': 'iface vmbr0 inet dhcp\n',
  'it has 2 stanzas for the interface': vmbr0(...usual) + vmbr0('address 10.0.9.1/24'),
  'it gives vmbr0 more addresses': `${vmbr0(...usual)}iface vmbr0:1 inet static\n  address 10.0.9.1/24\n`,
  'the stanza has 2 addresses': vmbr0(...usual, 'address 10.0.9.1/24'),
  'the stanza has 0 addresses': vmbr0('bridge-ports eno1'),
  'the stanza inherits': 'iface vmbr0 inet static inherits base\n  address 10.0.0.13/24\n',
  'it is a template': `<% x = 1 %>\n${vmbr0(...usual)}`,
  'it has lines that go on in the next one': vmbr0('address \\', '10.0.0.13/24'),
  'the stanza has "broadcast"': vmbr0(...usual, 'broadcast 10.0.0.255'),
  'its "post-up" line deals with addresses or routes': vmbr0(...usual, 'post-up ip route add 10.9.0.0/16 via 10.0.0.3'),
  'its "up" line deals with addresses': vmbr0(...usual, 'up /usr/local/bin/announce 10.0.0.13'),
  'none of IPv4': vmbr0('address fd00::1/64'),
}

for (const [why, text] of Object.entries(unsure)) {
  test(`a stanza that can't be changed surely: ${why}`, () => {
    const found = changeable(text, 'vmbr0')
    assert.match('left' in found ? found.left : 'changeable', why)
  })
}

test('lines in the form that they have: a mask, a missing gateway, a comment', () => {
  const text = vmbr0('# main', 'address\t10.0.0.13', 'netmask 255.255.255.0', 'bridge-ports eno1', 'post-up echo up')
  const stanza = changeable(text, 'vmbr0')
  if ('left' in stanza) return assert.unreachable(stanza.left)
  assert.is(
    readdressed(text, stanza, { name: 'vmbr0', address: '10.4.0.1/22', gateway: '10.4.0.2' }),
    vmbr0(
      '# main',
      'address\t10.4.0.1',
      'netmask 255.255.252.0',
      'gateway 10.4.0.2',
      'bridge-ports eno1',
      'post-up echo up',
    ),
  )
})

test('ip(8) as a real one answered, with ifupdown2 3.3 in a network namespace', () => {
  const address =
    '[{"ifindex":4,"ifname":"vmbr0","flags":["BROADCAST","MULTICAST","UP","LOWER_UP"],"mtu":1500,"qdisc":"noqueue","operstate":"UP","group":"default","txqlen":1000,"link_type":"ether","address":"2a:af:3e:a4:11:ba","broadcast":"ff:ff:ff:ff:ff:ff","addr_info":[{"family":"inet","local":"10.0.0.13","prefixlen":24,"scope":"global","label":"vmbr0","valid_life_time":4294967295,"preferred_life_time":4294967295},{"family":"inet6","local":"fe80::28af:3eff:fea4:11ba","prefixlen":64,"scope":"link","tentative":true,"valid_life_time":4294967295,"preferred_life_time":4294967295}]}]\n'
  assert.equal([...parseAddresses(address)], [['vmbr0', ['10.0.0.13/24', 'fe80::28af:3eff:fea4:11ba/64']]])
  assert.ok(
    wasHeard(
      '[{"dst":"10.0.0.2","lladdr":"4e:28:85:54:e5:89","refcnt":1,"used":1,"confirmed":1,"updated":1,"probes":4,"state":["REACHABLE"]}]\n',
    ),
  )
  assert.not(
    wasHeard('[{"dst":"10.9.0.1","refcnt":1,"used":1,"confirmed":61,"updated":1,"probes":5,"state":["INCOMPLETE"]}]\n'),
  )
  assert.not(wasHeard('[{"dst":"10.9.0.1","used":4,"confirmed":64,"updated":1,"probes":6,"state":["FAILED"]}]\n'))
  assert.not(wasHeard('[]\n'))
})

test.run()

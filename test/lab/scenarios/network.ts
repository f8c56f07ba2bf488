import assert from 'node:assert/strict'
import type { ChangeShown } from '../../../lib/engine/events.ts'
import { configFile, nothingToDo, plan, run, type Scenario, says } from '../scenario.ts'
import type { Started } from '../shell.ts'
import type { Vm } from '../vm.ts'

interface Place {
  readonly address: string
  readonly gateway: string
}

const first: Place = { address: '10.9.0.13/24', gateway: '10.9.0.1' }
const second: Place = { address: '10.9.0.20/24', gateway: '10.9.0.2' }
/** Its gateway is not there before `third` is connected. */
const third: Place = { address: '10.9.0.30/24', gateway: '10.9.0.3' }
const fourth: Place = { address: '10.9.0.40/24', gateway: '10.9.0.3' }
const nowhere: Place = { address: '10.9.0.50/24', gateway: '10.9.0.77' }

/** As Proxmox VE's installer writes it; the last lines are an admin's, with a blank at an end and no line break. */
const interfaces = ({ address, gateway }: Place): string => `auto lo
iface lo inet loopback

iface nic0 inet manual

auto vmbr9
iface vmbr9 inet static
\taddress ${address}
\tgateway ${gateway}
\tbridge-ports nic0
\tbridge-stp off
\tbridge-fd 0

source /etc/network/interfaces.d/*
# mine \n\t# no gateway 10.9.0.1 here`

/** The cable from nic0 to the gateways, which are in a network of their own. Plugged in anew when the guest starts. */
const cable = `#!/bin/sh -e
ip netns add router
ip link add nic0 type veth peer name eth0 netns router
ip -n router addr add ${first.gateway}/24 dev eth0
ip -n router addr add ${second.gateway}/24 dev eth0
ip -n router link set eth0 up
`
const cableUnit = `[Unit]
DefaultDependencies=no
Before=networking.service
[Service]
Type=oneshot
ExecStart=/usr/local/sbin/cable
RemainAfterExit=yes
[Install]
RequiredBy=networking.service
`

/** The only default route is the bridge's, as on Proxmox VE: the lab's own connection comes from a neighbour. */
async function bridgeWithIfupdown2(vm: Vm): Promise<void> {
  await vm.run('sed -i /^Gateway/d /etc/systemd/network/lab.network && ip route del default')
  await vm.write('/etc/network/interfaces', interfaces(first))
  await vm.write('/usr/local/sbin/cable', cable, '755')
  await vm.write('/etc/systemd/system/cable.service', cableUnit)
  await vm.run('apt-get -q update && apt-get -q -y --no-install-recommends install ifupdown2', { timeoutSeconds: 240 })
  // Its own start makes the folder of ifup's lock: without it every ifup says "Another instance of this program is already running".
  await vm.run('systemctl daemon-reload && systemctl -q enable cable && systemctl start networking')
}

const declare = (vm: Vm, place: Place): Promise<void> =>
  vm.write(configFile, JSON.stringify({ network: { interfaces: { name: 'vmbr9', ...place } } }))

/** What is in force by the kernel, what stands in the file, and that no change is about to be taken back. */
async function assertAt(vm: Vm, place: Place): Promise<void> {
  assert.equal(await inForce(vm), shown(place))
  assert.equal(
    await vm.run('cat /etc/network/interfaces; echo; stat -c "%a %U" /etc/network/interfaces'),
    inFile(place),
  )
  assert.equal(await vm.run('ls /sys/class/net/vmbr9/brif'), 'nic0')
  assert.equal(
    await vm.run(`systemctl list-units --all --no-legend 'phx-*'; ls /run/systemd/transient | grep phx; true`),
    '',
  )
}

const inForce = (vm: Vm): Promise<string> =>
  vm.run(`ip -j -4 address show dev vmbr9 | grep -o '"local":"[^"]*","prefixlen":[0-9]*'; ip route show default`)
const shown = ({ address, gateway }: Place): string => {
  const [local, length] = address.split('/')
  return `"local":"${local}","prefixlen":${length}\ndefault via ${gateway} dev vmbr9 proto kernel onlink `
}
const inFile = (place: Place): string => `${interfaces(place)}\n644 root`

async function planned(vm: Vm, exitCode: number): Promise<readonly ChangeShown[]> {
  const { tasks } = await plan(vm, exitCode)
  return tasks.flatMap(({ changes }) => changes).filter(({ resource }) => resource === 'network-interfaces')
}

/** Resolves once the new address is in force and phx looks whether the host can be reached. */
async function startUntilApplied(vm: Vm): Promise<Started> {
  const phx = `sh -c 'echo $$ >/run/phx.pid; exec phx run setup -c ${configFile} --json'; exit $?`
  const running = vm.start(phx, { timeoutSeconds: 400 })
  await running.saw('"type":"command-end","task":"initial-setup","argv":["ifup","-i"')
  return running
}

/** Waits for the timer, which nobody stops any more. */
async function takenBack(vm: Vm, former: Place): Promise<void> {
  const units = 'phx-network-rollback.timer phx-network-rollback.service'
  await vm.run(`for i in $(seq 150); do systemctl -q is-active ${units} || exit 0; sleep 1; done; exit 1`, {
    timeoutSeconds: 240,
  })
  await assertAt(vm, former)
}

/** A connection to sshd from the other end of the cable, which stays. */
const connect = (vm: Vm, unit: string, { address }: Place): Promise<string> =>
  vm.run(`systemd-run -q --collect --unit=${unit} -p NetworkNamespacePath=/run/netns/router python3 -c "
import socket, time
s = socket.create_connection(('${address.replace(/\/.*/, '')}', 22)); s.recv(99); open('/run/${unit}', 'w'); time.sleep(900)"
    until [ -e /run/${unit} ]; do sleep 0.2; done`)

export const scenario: Scenario = {
  shows:
    "an interface's address changed by real ifupdown2, and taken back by the timer: no such gateway, a kill, a power cut; who is connected",
  async run(vm) {
    await bridgeWithIfupdown2(vm)

    // What is as declared is left alone.
    await declare(vm, first)
    assert.deepEqual(await planned(vm, 2), [])
    await run(vm, 0)
    await assertAt(vm, first)
    await nothingToDo(vm)

    await declare(vm, second)
    const [change] = await planned(vm, 2)
    assert.equal(change?.risk, 'disruptive')
    assert.deepEqual(change.fields, [
      { field: 'vmbr9.address', from: first.address, to: second.address },
      { field: 'vmbr9.gateway', from: first.gateway, to: second.gateway },
    ])
    await assertAt(vm, first)
    await run(vm, 0)
    await assertAt(vm, second)
    await vm.run(
      `ping -n -c 1 -W 2 ${second.gateway} && grep '^10.9.0.20 lab$' /etc/hosts && test ! -e /run/phx-interfaces`,
    )
    await nothingToDo(vm)

    await declare(vm, nowhere)
    const failed = await run(vm, 1, [], { timeoutSeconds: 240 })
    says(failed, `gateway ${nowhere.gateway} answers neither ping nor ARP`, 'phx-network-rollback.timer takes')
    assert.equal(await inForce(vm), shown(nowhere), 'it waits for the timer')
    await takenBack(vm, second)
    assert.equal((await planned(vm, 2)).length, 1)

    // What was tried is in force, and no timer stands ready any more.
    await declare(vm, second)
    await vm.run('ifup -i /run/phx-interfaces vmbr9')
    assert.deepEqual(
      (await planned(vm, 2)).map(({ fields: [field] }) => field?.field),
      ['vmbr9 in force'],
    )
    await run(vm, 0)
    await assertAt(vm, second)

    await declare(vm, third)
    const killed = await startUntilApplied(vm)
    await vm.run('kill -9 "$(cat /run/phx.pid)"')
    assert.notEqual((await killed.ended).exitCode, 0)
    assert.equal(await inForce(vm), shown(third))
    const { tasks } = await plan(vm, 2)
    assert.match(JSON.stringify(tasks), /only being tried: phx-network-rollback\.timer takes it back in \d+ s/)
    await takenBack(vm, second)

    await vm.run('sync')
    const cut = await startUntilApplied(vm)
    await vm.powerCut()
    await cut.ended
    await vm.reboot()
    await assertAt(vm, second)
    await declare(vm, third)
    await vm.run(`ip -n router addr add ${third.gateway}/24 dev eth0`)
    await run(vm, 0)
    await assertAt(vm, third)
    await nothingToDo(vm)

    // Who is connected to the address that goes has to connect to the new one.
    await connect(vm, 'before', third)
    await declare(vm, fourth)
    says(
      await vm.phx(['plan', 'setup', '-c', configFile, '--json']),
      'vmbr9 may cut off 10.9.0.1, which is connected to',
    )
    const waiting = await startUntilApplied(vm)
    await vm.run(`sleep 10; kill -0 "$(cat /run/phx.pid)" && systemctl is-active phx-network-rollback.timer`)
    await connect(vm, 'after', fourth)
    assert.equal((await waiting.ended).exitCode, 0)
    await vm.run('systemctl stop before after')
    await assertAt(vm, fourth)
    await nothingToDo(vm)
  },
}

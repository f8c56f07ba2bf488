/** The firewall of a guest: its rules in Proxmox VE's file, its cards behind it, and what of others stays. */
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Lxc, PhxConfig, Vm } from '../../lib/config/generated/types.ts'
import { assertProblems } from '../config/problems.ts'
import { dyingAt } from '../engine-scene.ts'
import { scene as lxcScene } from './lxc-scene.ts'
import { Scene, scene } from './scene.ts'

const rule = (port: string, comment: string) =>
  ({ type: 'in', action: 'ACCEPT', proto: 'tcp', port, source: '10.0.0.0/24', comment }) as const
const ssh = rule('22', 'ssh')
const web = rule('443,80', 'web')
const sshLine = 'IN ACCEPT -source 10.0.0.0/24 -p tcp -dport 22 # phx:ssh'
const webLine = 'IN ACCEPT -source 10.0.0.0/24 -p tcp -dport 80,443 # phx:web'
const on = { enabled: true, rules: [ssh, web] }
const file = '/etc/pve/firewall/8101.fw'
const cardOf = (one: Pick<Scene, 'text'>): string | undefined =>
  /^net0: (.*)$/m.exec(one.text('/etc/pve/qemu-server/8101.conf') ?? '')?.[1]

/** The datacenter's firewall is on, by hand. */
const datacenter = (one: Pick<Scene, 'write'>) => one.write('/etc/pve/firewall/cluster.fw', '[OPTIONS]\n\nenable: 1\n')

async function converged(more: Partial<Vm>): Promise<Scene> {
  const one = await scene(more)
  await datacenter(one)
  await one.converge()
  return one
}

/** The template lets SSH in, and its clone the web. */
async function templateToo(): Promise<Scene> {
  const one = await scene({ firewall: { enabled: true, rules: [web] } })
  const { vms = [], ...guests } = one.config.guests ?? {}
  const declared = vms.map((vm) => (vm.is_template ? { ...vm, firewall: { enabled: true, rules: [ssh] } } : vm))
  one.config = { ...one.config, guests: { ...guests, vms: declared } }
  return one
}

test("a machine's rules and its card are there before it first runs; then nothing", async () => {
  const one = await scene({ firewall: on })
  await datacenter(one)
  const { events } = await one.run()
  assert.is(one.text(file), `[OPTIONS]\n\nenable: 1\n\n[RULES]\n\n${sshLine}\n${webLine}\n`)
  assert.is(one.state.files[file]?.mode, 0o640)
  assert.match(cardOf(one) ?? '', 'firewall=1')
  const changed = events.flatMap((event) => (event.type === 'change-start' ? [event.resource] : []))
  assert.ok(changed.indexOf('vm:8101/firewall') < changed.indexOf('vm:8101/power'), changed.join(' '))
  assert.not.match(JSON.stringify(events), "the datacenter's firewall is off")
  await one.nothingToDo()
})

test("who declares a firewall and has the datacenter's off is told that nothing is filtered", async () => {
  const off = "the datacenter's firewall is off, so nothing of VM 8101 is filtered yet"
  const notes = async (one: Scene): Promise<string> => JSON.stringify((await one.plan()).tasks)
  const one = await scene({ firewall: on })
  assert.match(await notes(one), off)
  const config: PhxConfig = one.config
  one.config = { ...config, firewall: { backend: 'pve-firewall', enabled: true } }
  assert.not.match(await notes(one), off)
  one.config = { ...config, firewall: { backend: 'pve-firewall' } }
  assert.match(await notes(one), off)
})

test('other rules and options of the file stay, byte for byte, and come first', async () => {
  const one = await scene({ firewall: { enabled: true, rules: [ssh] } })
  await datacenter(one)
  const [head, own] = [
    '[OPTIONS]\n\nipfilter: 1\n',
    '[RULES]\n\n|IN ACCEPT -p tcp -dport 1 # off\nIN Ping(ACCEPT) # mine\n',
  ]
  await one.converge()
  await one.write(file, `${head}\n${own}`)
  await one.converge()
  assert.is(one.text(file), `${head}enable: 1\n\n${own}${sshLine}\n`)
  one.declare({ firewall: { enabled: true, rules: [web] } })
  await one.converge()
  assert.is(one.text(file), `${head}enable: 1\n\n${own}${webLine}\n`)
})

test('a rule that is changed, removed or moved behind its back is put back', async () => {
  const one = await converged({ firewall: on })
  const text = one.text(file) ?? ''
  for (const drifted of [
    text.replace('-dport 22', '-dport 23'),
    text.replace(`${webLine}\n`, ''),
    text.replace(`${sshLine}\n${webLine}`, `${webLine}\n${sshLine}`),
    text.replace('enable: 1', 'enable: 0'),
  ]) {
    assert.is.not(drifted, text)
    await one.write(file, drifted)
    const [change] = await one.changes()
    assert.is(change?.resource, 'vm:8101/firewall')
    assert.is(change?.risk, drifted.includes(webLine) ? 'disruptive' : 'safe', drifted)
    await one.converge()
    assert.is(one.text(file), text)
  }
  await one.sim(`qm set 8101 --net0 ${cardOf(one)?.replace(',firewall=1', '')}`)
  await one.converge()
  assert.match(cardOf(one) ?? '', 'firewall=1')
})

test('switched off, its rules stay prepared; declared no more, what phx put there goes', async () => {
  const one = await converged({ firewall: on })
  one.declare({ firewall: { ...on, enabled: false } })
  await one.converge()
  assert.is(one.text(file), `[OPTIONS]\n\nenable: 0\n\n[RULES]\n\n${sshLine}\n${webLine}\n`)
  one.declare({ firewall: on })
  await one.converge()
  one.declare()
  await one.converge()
  assert.is(one.text(file), undefined)
  await one.nothingToDo()
})

test("declared no more, another's rules stay in force", async () => {
  const one = await converged({ firewall: { enabled: true, rules: [ssh] } })
  await one.write(file, `${one.text(file)}IN Ping(ACCEPT) # mine\n`)
  one.declare()
  assert.match(JSON.stringify((await one.plan()).tasks), `${file} has rules of others, so the firewall of VM 8101`)
  await one.converge()
  assert.is(one.text(file), '[OPTIONS]\n\nenable: 1\n\n[RULES]\n\nIN Ping(ACCEPT) # mine\n')
  await one.nothingToDo()
})

test('declared no more, nothing of it keeps a guest shut: not after a run that failed, and not for an alias or a note', async () => {
  const bad = { ...ssh, source: 'dc/office' }
  for (const before of [undefined, { enabled: false, rules: [ssh] }]) {
    const one = await converged(before ? { firewall: before } : {})
    one.declare({ firewall: { enabled: true, rules: [bad] } })
    await one.run(1)
    one.declare()
    await one.converge()
    assert.is(one.text(file), undefined)
  }
  const one = await converged({})
  const alias = '[ALIASES]\n\noffice 10.0.0.0/24 # mine\n'
  await one.write(file, alias)
  one.declare({ firewall: { enabled: true, rules: [bad] } })
  await one.converge()
  one.declare()
  await one.converge()
  assert.match(one.text(file) ?? '', alias)
  assert.not.match(one.text(file) ?? '', 'enable: 1')
  // What somebody switches on afterwards is theirs.
  await one.write(file, '[OPTIONS]\n\nenable: 1\n')
  await one.nothingToDo()
})

test('a file with line ends that Proxmox VE does not read is not taken for one in force', async () => {
  const one = await converged({ firewall: on })
  await one.write(file, (one.text(file) ?? '').replaceAll('\n', '\r\n'))
  const { events } = await one.run(1)
  assert.match(JSON.stringify(events), `${file} has line ends of Windows`)
})

test('the plan of a template and its clone is what the run does', async () => {
  const one = await templateToo()
  const planned = (await one.plan()).tasks.find(({ task }) => task === 'vm:8101:firewall')
  assert.match(JSON.stringify(planned), `"from":"${sshLine}","to":null`)
})

test('other rules alone make no new final form', async () => {
  const one = await converged({ firewall: { enabled: true, rules: [ssh] } })
  one.declare({ firewall: on })
  assert.equal(
    (await one.changes()).map(({ resource }) => resource),
    ['vm:8101/firewall'],
  )
})

test('a clone has the rules of its template until it has its own', async () => {
  const one = await templateToo()
  await one.converge()
  assert.match(one.text('/etc/pve/firewall/9000.fw') ?? '', sshLine)
  assert.match(one.text(file) ?? '', webLine)
  assert.not.match(one.text(file) ?? '', sshLine)
})

test('a rule that Proxmox VE leaves out fails the run, until what it names is there', async () => {
  const one = await scene({ firewall: { enabled: true, rules: [{ ...ssh, source: 'dc/office' }] } })
  const { events } = await one.run(1)
  assert.match(JSON.stringify(events), `${file} (line 7) - errors in rule parameters: IN ACCEPT -source dc/office`)
  await one.write('/etc/pve/firewall/cluster.fw', '[ALIASES]\n\noffice 10.0.0.0/24\n')
  await one.converge()
})

test('killed at any command, before it or after it, the next run ends as declared', async () => {
  const before = await converged({})
  for (const after of [false, true]) {
    for (let nth = 1; ; nth += 1) {
      const one = new Scene({ firewall: on }, structuredClone(before.state))
      cpSync(join(before.folder, 'state'), join(one.folder, 'state'), { recursive: true })
      const { host, hasDied } = dyingAt(one.host, nth, after)
      await one.run(1, host).catch(() => undefined)
      if (!hasDied()) {
        assert.ok(nth > 3, `${nth} changes are fewer than a firewall takes`)
        break
      }
      await one.converge()
      assert.match(cardOf(one) ?? '', 'firewall=1')
      assert.match(one.text(file) ?? '', webLine)
    }
  }
})

const container: Partial<Lxc> = { firewall: { enabled: true, rules: [ssh] } }

test('a container: every card is behind it, and with the container go its rules', async () => {
  const one = await lxcScene(container)
  await datacenter(one)
  await one.converge()
  assert.match(one.text('/etc/pve/firewall/901.fw') ?? '', sshLine)
  assert.match(one.conf, /^net0: .*firewall=1/m)
  await one.sim('pct set 901 --net3 name=eth3,bridge=vmbr0,ip=10.0.1.91/24')
  await one.converge()
  assert.match(one.conf, /^net3: .*firewall=1/m)
  await one.order({ order: 'destroy', targets: ['lxc:901'], allow: ['lxc:901'] })
  assert.is(one.text('/etc/pve/firewall/901.fw'), undefined)
})

test('a container of which only volumes and a firewall are declared is not passed over', async () => {
  const one = await lxcScene()
  await one.sim('zpool create tank /dev/disk/by-id/virtio-A')
  await one.sim('zfs create tank/ct')
  await one.sim('pvesm add zfspool tank-ct --pool tank/ct --content rootdir')
  await one.sim(`pct create 901 ${one.archive} --storage tank-ct --hostname models`)
  const declare = (more: Partial<Lxc>): void => {
    const volumes = [{ name: 'models', pool: 'tank-ct', size_gb: 1, mount_point: '/srv/models' }]
    const declared = { name: 'models', zfs_volumes: volumes, ...container, ...more }
    one.config = { ...one.config, guests: { lxc_configs: { '901': declared } } }
  }
  declare({})
  const { events } = await one.run(3)
  assert.match(JSON.stringify(events), '"adopt\\": true')
  assert.is(one.text('/etc/pve/firewall/901.fw'), undefined)
  declare({ adopt: true })
  await one.converge()
  assert.match(one.text('/etc/pve/firewall/901.fw') ?? '', sshLine)
})

test("a guest's rule that Proxmox VE would leave out is refused, such as one with no card of the guest", () => {
  const firewall = {
    enabled: true,
    rules: [
      { ...ssh, iface: 'net0' },
      { ...web, iface: 'vmbr0' },
      rule('90:80', 'odd'),
      rule(Array.from({ length: 16 }, (_, index) => index + 1).join(','), 'many'),
      { ...ssh, source: '10.0.0.9-10.0.0.2' },
    ],
  }
  assertProblems({ guests: { lxc_configs: { '901': { name: 'models', adopt: true, firewall } } } }, [
    {
      path: "$.guests.lxc_configs['901'].firewall.rules[1].iface",
      ...{ message: 'vmbr0 is no network card of a guest', mend: 'name its card: net0', meant: 'net0' },
    },
    ...[
      ['port', '90:80 is no range of ports', 'the lower one comes first'] as const,
      ['port', 'more than 15 ports', 'several rules'] as const,
      ['source', '10.0.0.9-10.0.0.2 is no range of addresses', 'the lower one comes first'] as const,
    ].map(([field, message, mend], index) => {
      return { path: `$.guests.lxc_configs['901'].firewall.rules[${index + 2}].${field}`, message, mend }
    }),
  ])
})

test.run()

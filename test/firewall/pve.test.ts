/** The firewall step with Proxmox VE's own firewall: its files, edited line by line, and switching between the two. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { PhxConfig } from '../../lib/config/generated/types.ts'
import { newLook } from '../../lib/engine/look.ts'
import { compareTask, ForeseenSet } from '../../lib/engine/plan.ts'
import { readerOf } from '../../lib/host/host.ts'
import { openSimulated } from '../../lib/host/simulated/host.ts'
import { firewall } from '../../tasks/firewall.ts'
import { connect, home, type Scene, scene } from './scene.ts'

const clusterFile = '/etc/pve/firewall/cluster.fw'
const hostFile = '/etc/pve/nodes/pve/host.fw'
const pve: PhxConfig = { ...home, firewall: { ...home.firewall, backend: 'pve-firewall' } }

const rules = `IN ACCEPT -p tcp -dport 22 # phx:ssh
IN ACCEPT -p tcp -dport 8006 # phx:proxmox web
IN ACCEPT -source 10.0.0.0/24 -p tcp -dport 2049 # phx:nfs
IN ACCEPT -source 10.0.1.7 -p tcp -dport 2049 # phx:nfs
IN ACCEPT -source 10.0.0.0/24 -p tcp -dport 445 # phx:smb
IN ACCEPT -source 10.0.0.0/24 -p tcp -dport 80,443 # phx:web from home
`

async function converged(config: PhxConfig = pve): Promise<Scene> {
  const host = scene(config)
  await host.run(0)
  return host
}

/** What was written, in its order. */
async function written(host: Scene): Promise<string[]> {
  const { said } = await host.run(0)
  return said.split('\n').flatMap((line) => /"change-start".*"resource":"([^"]+)"/.exec(line)?.[1] ?? [])
}

test('the rules are there before the firewall is on; then nothing', async () => {
  const host = scene(pve)
  assert.equal(await written(host), ['pve-firewall-rules', 'pve-firewall'])
  assert.is(host.text(hostFile), `[RULES]\n\n${rules}`)
  assert.is(host.text(clusterFile), '[OPTIONS]\n\nenable: 1\n')
  assert.is(await host.sim('pve-firewall status'), 'Status: enabled/running\n')
  await host.nothingToDo()
})

test("incident: the firewall step deleted every .fw file of the cluster; phx's lines go and come, all else stays", async () => {
  const own = `[OPTIONS]

nftables: 0

[RULES]

IN Ping(ACCEPT) -log nolog # mine
|IN ACCEPT -p tcp -dport 1 # off

`
  const group = '[RULES]\n\nGROUP web # all nodes\n\n[group web] # servers\n\nIN HTTPS(ACCEPT)\n\n'
  const guest = '[OPTIONS]\n\nenable: 1\n'
  const host = scene(pve)
  await host.sim('mkdir -p /etc/pve/firewall')
  await host.write(hostFile, own)
  await host.write(clusterFile, group)
  await host.write('/etc/pve/firewall/901.fw', guest)
  await host.run(0)
  assert.is(host.text(hostFile), own.replace('# off\n\n', `# off\n${rules}`))
  assert.is(host.text(clusterFile), `[OPTIONS]\n\nenable: 1\n\n${group}`)
  await host.nothingToDo()

  await host.sim('pve-firewall compile')
  host.declare({})
  await host.run(0)
  assert.is(host.text(hostFile), own.replace('# off\n\n', '# off\n'))
  assert.is(host.text('/etc/pve/firewall/901.fw'), guest)
  assert.is(await host.sim('pve-firewall status'), 'Status: enabled/running\n', 'switching it off is not asked for')
})

test('what the web interface makes of the file is no difference', async () => {
  const host = await converged()
  const written = host.text(hostFile) ?? ''
  const saved = written.replaceAll(/ # phx/g, ' -log nolog # phx').replace('IN ACCEPT -source', 'IN ACCEPT  -source')
  await host.write(hostFile, saved)
  await host.nothingToDo()
})

test('drift: a rule deleted, switched off, in another order, the policy, the node taken out', async () => {
  const host = await converged()
  const text = host.text(hostFile) ?? ''
  const [first = '', second = ''] = rules.split('\n')
  const drift = [
    [hostFile, text.replace(`${first}\n`, '')],
    [hostFile, text.replace(first, `|${first}`)],
    [hostFile, text.replace(`${first}\n${second}`, `${second}\n${first}`)],
    [hostFile, `[OPTIONS]\n\nenable: 0\n\n${text}`],
    [clusterFile, '[OPTIONS]\n\nenable: 1\npolicy_in: ACCEPT\n'],
    [clusterFile, '[OPTIONS]\n\nenable: 0\n'],
  ] as const
  for (const [path, changed] of drift) {
    await host.write(path, changed)
    assert.is(await host.standing(), 'drifted', changed)
    assert.is((await written(host)).length, 1)
    await host.nothingToDo()
  }
  assert.match(host.text(hostFile) ?? '', rules)
  assert.match(host.text(hostFile) ?? '', 'enable: 1')
})

test('the service is started and enabled', async () => {
  const host = await converged()
  await host.sim('systemctl disable --now pve-firewall')
  assert.equal((await host.run(0)).commands, [
    'systemctl enable pve-firewall.service',
    'systemctl start pve-firewall.service',
  ])
})

test('incident: two firewalls at once; switching is refused, with the way', async () => {
  const host = await converged(home)
  host.declare(pve)
  const refused = await host.run(3)
  assert.match(refused.said, 'pve-firewall is to be switched on while ufw is active')
  assert.match(refused.said, 'ufw disable')
  await host.sim('ufw disable')
  await host.run(0)
  assert.match(await host.sim('ufw show added'), '(None)')
  await host.nothingToDo()

  host.declare(home)
  const back = await host.run(3)
  assert.match(back.said, 'ufw is to be switched on while pve-firewall is active')
  await host.write(clusterFile, '[OPTIONS]\n\nenable: 0\n')
  await host.run(0)
  assert.is(host.text(hostFile), undefined, 'nothing but phx wrote it, so nothing is left of it')
  await host.nothingToDo()
})

test('enabling that would shut out who is connected is refused; macros for management are read', async () => {
  const drop = { type: 'in', action: 'DROP', proto: 'tcp', port: '22', source: '10.0.0.5' } as const
  const host = scene({ firewall: { backend: 'pve-firewall', enabled: true, global_firewall_rules: [drop] } })
  await connect(host, 'sshd-session', '10.0.0.13:22', '10.0.0.5:51000')
  await host.write(hostFile, '[RULES]\n\nIN DROP -source 10.0.0.0/28\n')
  assert.match((await host.run(3)).said, 'the rule \\"IN DROP -source 10.0.0.0/28\\" stops it')
  await host.write(hostFile, '[RULES]\n\nIN SSH(ACCEPT) -source 10.0.0.5\nIN DROP -source 10.0.0.0/28\n')
  await host.run(0)
})

test('backend none: the rules go, and nothing else happens', async () => {
  const host = await converged()
  const before = host.text(clusterFile)
  host.declare({ firewall: { backend: 'none' } })
  await host.run(0)
  assert.is(host.text(hostFile), undefined)
  assert.is(host.text(clusterFile), before)
  await host.nothingToDo()
})

test('a host that is no Proxmox VE is told so', async () => {
  const host = await openSimulated(null, [])
  await host.change((state) => {
    for (const path of Object.keys(state.files)) if (path.startsWith('/etc/pve')) delete state.files[path]
  })
  const [task] = firewall.expand(pve, [])
  const planned = task && (await compareTask(task, undefined, newLook(readerOf(host)), new ForeseenSet()))
  assert.match(planned?.unreadable ?? '', 'there is no /etc/pve')
})

test.run()

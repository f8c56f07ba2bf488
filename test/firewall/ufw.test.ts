/** The firewall step with ufw on the simulated host: converging, drift, what others made, and what is refused. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { PhxConfig } from '../../lib/config/generated/types.ts'
import { newLook } from '../../lib/engine/look.ts'
import { compareTask, ForeseenSet } from '../../lib/engine/plan.ts'
import { readerOf } from '../../lib/host/host.ts'
import { openSimulated } from '../../lib/host/simulated/host.ts'
import { answer } from '../../lib/host/simulated/tool.ts'
import { firewall } from '../../tasks/firewall.ts'
import { connect, home, type Scene, scene } from './scene.ts'

const added = (commands: readonly string[]): string[] =>
  commands.filter((line) => /^ufw (allow|deny|reject)/.test(line))
const withRules = (rules: NonNullable<PhxConfig['firewall']>['global_firewall_rules'] & object): PhxConfig => ({
  ...home,
  firewall: { ...home.firewall, global_firewall_rules: rules },
})

/** A host on which the step has converged. */
async function converged(config?: PhxConfig): Promise<Scene> {
  const host = scene(config)
  await host.run(0)
  return host
}

test('from nothing: the package, the rules one by one, the policies, and only then the switch; then nothing', async () => {
  const host = scene()
  const { commands } = await host.run(0)
  assert.match(commands[0] ?? '', /apt-get .* install .*ufw$/)
  assert.is(commands[1], 'ufw allow from any to any port 22 proto tcp comment phx:ssh')
  assert.is(commands[2], 'ufw allow from any to any port 8006 proto tcp comment phx:proxmox web')
  assert.equal(commands.slice(-2), ['ufw default allow routed', 'ufw --force enable'])
  assert.match(await host.sim('ufw status'), /^2049\/tcp +ALLOW +10\.0\.1\.7 +# phx:nfs$/m)
  assert.match(await host.sim('ufw status'), /^80,443\/tcp +ALLOW +10\.0\.0\.0\/24 +# phx:web from home$/m)
  await host.nothingToDo()
  await host.sim('sim reboot')
  assert.match(await host.sim('ufw status'), /^Status: active/)
  await host.nothingToDo()
})

test('every call is read back: a ufw that says yes and does nothing stops the run there', async () => {
  const host = await openSimulated(null, [])
  await host.mutate(['apt-get', 'install', '-y', 'ufw'])
  const [task] = firewall.expand(home, [])
  const planned = task && (await compareTask(task, undefined, newLook(readerOf(host)), new ForeseenSet()))
  assert.is(planned?.changes.length, 11)
  for (const change of planned?.changes ?? []) {
    const said: unknown[] = []
    for (const step of change.steps) {
      if (step.kind === 'command') {
        host.orders.add(['ufw'], { kind: 'fail', answer: answer(0, 'Rules updated\n') })
        assert.is((await host.mutate(step.argv)).exitCode, 0)
      }
      if (step.kind === 'verify') said.push(await step.check(host, () => {}))
    }
    assert.ok(typeof said[0] === 'string', change.summary)
  }
})

test("an admin's own rules stay, and one that says the same does as well as phx's", async () => {
  const host = await converged()
  await host.sim('ufw allow 9999/tcp comment mine')
  await host.sim('ufw delete allow 22/tcp comment phx:ssh')
  await host.sim('ufw allow 22/tcp')
  await host.nothingToDo()
  host.declare({})
  await host.run(0)
  assert.is(
    await host.sim('ufw show added'),
    "Added user rules (see 'ufw status' for running firewall):\nufw allow 9999/tcp comment 'mine'\nufw allow 22/tcp\n",
  )
  assert.match(await host.sim('ufw status'), /^Status: active/, 'switching it off is not asked for')
})

test('drift: a rule deleted, in one family only, a comment changed, ufw off, a policy, a unit', async () => {
  const host = await converged()
  const drift: readonly (readonly [string, RegExp])[] = [
    ['ufw delete allow from 10.0.0.0/24 to any port 2049 proto tcp', /^ufw allow from 10\.0\.0\.0\/24 .*2049/],
    ['ufw --force delete 1', /^ufw allow from any to any port 22 proto tcp comment phx:ssh$/],
    ['ufw disable', /^ufw --force enable$/],
    ['ufw default allow incoming', /^ufw default deny incoming$/],
    ['ufw default deny routed', /^ufw default allow routed$/],
    ['systemctl disable ufw', /^systemctl enable ufw\.service$/],
  ]
  for (const [by, mended] of drift) {
    await host.sim(by)
    assert.is(await host.standing(), 'drifted', by)
    const { commands } = await host.run(0)
    assert.is(commands.length, 1, `${by}: ${commands.join('; ')}`)
    assert.match(commands[0] ?? '', mended)
    await host.nothingToDo()
  }
})

test('live rules that someone flushed are found, and loaded anew: also hung in again, which ufw does not', async () => {
  const host = await converged()
  await host.sim('iptables -F ufw-user-input')
  assert.match((await host.task()).changes[0]?.fields[0]?.from as string, 'ufw-user-input has 0 of 9 rules')
  assert.equal((await host.run(0)).commands, ['ufw reload'])
  await host.sim('iptables -P INPUT ACCEPT')
  assert.equal((await host.run(0)).commands, ['ufw reload'])
  await host.sim('iptables -F')
  const { commands } = await host.run(0)
  assert.is(commands[0], 'ufw reload')
  assert.is(commands.length, 19)
  assert.match(await host.sim('iptables -S'), '-A INPUT -j ufw-before-input\n')
  await host.nothingToDo()
  // The same while it is off, as a run leaves it that was killed in the middle of the reload.
  await host.sim('ufw disable')
  await host.sim('iptables -F')
  await host.run(0)
  await host.nothingToDo()
})

test('a rule that is no longer declared goes, by its whole text; nothing else does', async () => {
  const host = await converged()
  host.declare(withRules([]))
  const { commands } = await host.run(0)
  assert.equal(commands, ['ufw delete allow from 10.0.0.0/24 to any port 80,443 proto tcp comment phx:web from home'])
  await host.nothingToDo()
})

test('a rule with another comment or another action is replaced in its place', async () => {
  const rule = { type: 'in', proto: 'tcp', port: '9000' } as const
  const host = await converged(withRules([{ ...rule, action: 'ACCEPT', comment: 'one' }]))
  host.declare(withRules([{ ...rule, action: 'ACCEPT', comment: 'two' }]))
  assert.equal((await host.run(0)).commands, ['ufw allow from any to any port 9000 proto tcp comment phx:two'])
  host.declare(withRules([{ ...rule, action: 'REJECT', comment: 'two' }]))
  assert.equal((await host.run(0)).commands, ['ufw reject from any to any port 9000 proto tcp comment phx:two'])
  await host.nothingToDo()
})

test('where order matters it is kept: what comes too early is put behind', async () => {
  const open = { type: 'in', action: 'ACCEPT', proto: 'tcp', port: '9000' } as const
  const shut = { type: 'in', action: 'DROP', proto: 'tcp', port: '9000', source: '10.0.0.66' } as const
  const host = await converged(withRules([open]))
  host.declare(withRules([shut, open]))
  const { commands } = await host.run(0)
  assert.equal(commands, [
    'ufw deny from 10.0.0.66 to any port 9000 proto tcp comment phx:declared rule',
    'ufw delete allow from any to any port 9000 proto tcp comment phx:declared rule',
    'ufw allow from any to any port 9000 proto tcp comment phx:declared rule',
  ])
  await host.nothingToDo()
})

test('IPv4 and IPv6 each have an order of their own: a rule for one stands before one for both', async () => {
  const open = { type: 'in', action: 'ACCEPT', proto: 'tcp', port: '9000', source: 'fd00::/64' } as const
  const shut = { type: 'in', action: 'DROP', proto: 'tcp', port: '9000' } as const
  const host = await converged(withRules([open, shut]))
  await host.nothingToDo()
  host.declare(withRules([shut, open]))
  assert.match((await host.run(0)).commands.join('\n'), 'ufw delete allow from fd00::/64')
  await host.nothingToDo()
})

test('enabled: false switches it off and keeps the rules prepared; not said, it stays as it is', async () => {
  const host = await converged()
  host.declare({ ...home, firewall: { ...home.firewall, enabled: false } })
  assert.equal((await host.run(0)).commands, ['ufw disable'])
  assert.match(await host.sim('ufw show added'), 'phx:ssh')
  await host.nothingToDo()
  host.declare({ ...home, firewall: { backend: 'ufw' } })
  await host.run(0)
  assert.match(await host.sim('ufw status'), 'inactive')
  await host.sim('ufw --force enable')
  await host.nothingToDo()
})

test('incident: enabling ufw locked out the web interface and SSH', async () => {
  const host = scene({ firewall: { backend: 'ufw', enabled: true } })
  await connect(host, 'sshd-session', '10.0.0.13:2222', '10.0.0.5:51000')
  const refused = await host.run(3)
  assert.match(refused.said, 'switching ufw on would shut out 10.0.0.5, which is connected to port 2222')
  assert.equal(refused.commands, [])
  host.declare({
    firewall: {
      backend: 'ufw',
      enabled: true,
      global_firewall_rules: [{ type: 'in', action: 'ACCEPT', proto: 'tcp', port: '2222' }],
    },
  })
  await host.run(0)
  await host.nothingToDo()
})

test('sshd listens on another port, and nobody is connected at the moment', async () => {
  const host = scene({ firewall: { backend: 'ufw', enabled: true } })
  await host.sim('mkdir -p /etc/ssh')
  await host.write('/etc/ssh/sshd_config', 'Port 2222\n')
  const refused = await host.run(3)
  assert.match(refused.said, 'sshd listens on port 2222, and no rule lets anybody in there')
  assert.equal(refused.commands, [])
  await host.write('/etc/ssh/sshd_config', 'Port 2222\nPort 22\n')
  await host.run(0)
})

test("an admin's own rule that would cut the connection is seen, and phx's usual rules keep it alive", async () => {
  const host = scene()
  await connect(host, 'sshd-session', '[::ffff:10.0.0.13]:22', '[::ffff:10.0.0.5]:51000')
  await connect(host, 'pveproxy worker', '[2001:db8::13]:8006', '[2001:db8::5]:40000')
  await connect(host, 'smbd', '10.0.0.13:445', '192.168.7.7:40000')
  await host.sim('apt-get install -y ufw')
  await host.sim('ufw deny from 10.0.0.5')
  const refused = await host.run(3)
  assert.match(refused.said, 'the rule \\"deny in everything from 10.0.0.5\\" stops it')
  await host.sim('ufw delete deny from 10.0.0.5')
  await host.run(0)
})

test('taking the rules away is refused while it would shut out someone who is connected', async () => {
  const host = await converged()
  await connect(host, 'sshd-session', '10.0.0.13:22', '10.0.0.5:51000')
  host.declare({})
  const refused = await host.run(3)
  assert.match(refused.said, 'no rule lets it in, and the policy is DROP')
  assert.match(refused.said, 'ufw disable')
  await host.sim('ufw allow 22/tcp') // takes phx's rule over: the same rule with another comment is one rule
  await host.run(0)
  assert.not.match(await host.sim('ufw show added'), 'phx:')
  assert.match(await host.sim('ufw show added'), 'ufw allow 22/tcp\n')
})

test('a rule of someone else that says the opposite is refused, with the command to remove it', async () => {
  const host = scene()
  await host.sim('apt-get install -y ufw')
  await host.sim('ufw deny 8006/tcp comment no-web')
  const refused = await host.run(3)
  assert.match(refused.said, "ufw has a rule that is not phx's, deny in 8006/tcp")
  assert.match(refused.said, 'ufw delete deny from any to any port 8006 proto tcp')
  await host.sim('ufw delete deny from any to any port 8006 proto tcp')
  await host.run(0)
})

test('a rules file that is none is refused: ufw takes it for empty', async () => {
  const host = await converged()
  await host.write('/etc/ufw/user.rules', 'garbage\n')
  assert.match((await host.run(3)).said, '/etc/ufw/user.rules is no file of rules')
})

test('what ufw has no words for, and NFS clients without an address, are said', async () => {
  const host = scene({
    nfs: { exports: [{ path: '/tank/a', clients: ['@trusted', 'vm1.example.internal'] }] },
    samba: { shares: [{ name: 'a', path: '/tank/a' }] },
    firewall: { backend: 'ufw' },
  })
  const notes = (await host.task()).notes.map((note) => note.text)
  assert.equal(
    notes.map((text) => text.split(',')[0]),
    [
      'NFS client @trusted is no address',
      'NFS client vm1.example.internal is no address',
      'no rule lets SMB clients in',
    ],
  )
})

test("in a cluster the nodes' own traffic is let in, from the nodes", async () => {
  const host = scene({ firewall: { backend: 'ufw' } })
  await host.write('/etc/pve/corosync.conf', 'nodelist {\n  node {\n    ring0_addr: 10.0.9.1\n  }\n}\n')
  const { commands } = await host.run(0)
  assert.ok(added(commands).includes('ufw allow from 10.0.9.1 to any port 5404:5412 proto udp comment phx:cluster'))
})

test('IPV6=no: rules for both families are looked for in one', async () => {
  const host = scene()
  await host.sim('apt-get install -y ufw')
  const defaults = host.text('/etc/default/ufw') ?? ''
  await host.write('/etc/default/ufw', defaults.replace('IPV6=yes', 'IPV6=no'))
  await host.run(0)
  await host.nothingToDo()
})

test('the section at its old place inside shared_volumes is read too', async () => {
  const host = scene({ shared_volumes: { firewall: { backend: 'ufw', enabled: true } } })
  await host.run(0)
  assert.match(await host.sim('ufw status'), /^8006\/tcp/m)
})

test('a run that was killed between two rules goes on from there', async () => {
  const host = await converged()
  await host.sim('ufw disable')
  for (const port of ['445', '2049']) await host.sim(`ufw delete allow from 10.0.0.0/24 to any port ${port} proto tcp`)
  const { commands } = await host.run(0)
  assert.equal(
    commands.map((line) => /port (\d+)|enable/.exec(line)?.[0]),
    ['port 2049', 'port 445', 'enable'],
  )
  await host.nothingToDo()
})

test.run()

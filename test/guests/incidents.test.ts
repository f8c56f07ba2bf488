/**
 * What went wrong with virtual machines in the shell scripts that phx replaces, one test an incident, each bearing its
 * name; the numbers are those by which the incidents of lost data go.
 */
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { scriptOf } from '../../lib/config/feature-scripts.ts'
import type { Vm } from '../../lib/config/generated/types.ts'
import { parseConfig } from '../../lib/config/load.ts'
import { type Host, readerOf } from '../../lib/host/host.ts'
import { answer } from '../../lib/host/simulated/tool.ts'
import { withSecret } from '../engine-scene.ts'
import { key, Scene, scene } from './scene.ts'

/** A machine as declared, made once: each test goes on from there by itself. */
const made = await scene()
const creation = await made.converge()

function converged(): Scene {
  const one = new Scene({}, structuredClone(made.state))
  cpSync(join(made.folder, 'state'), join(one.folder, 'state'), { recursive: true })
  return one
}

const conf = (one: Scene): string => one.text('/etc/pve/qemu-server/8101.conf') ?? ''
const why = ({ summary }: Awaited<ReturnType<Scene['run']>>): string =>
  summary.tasks.map((task) => task.why ?? '').join('\n')
const app: Vm = { vmid: 8102, name: 'app', clone_from_vmid: 9000, memory_mb: 1024 }
const alone = { nfs_shares: [], file_injections: [] }

test('14: chmod -R 777 and chown -R nobody on persistent volumes at each create', async () => {
  const one = converged()
  await one.write('/tank/data/ledger', 'mine\n', 0o600)
  await one.sim('chown 1000:1000 /tank/data/ledger')
  const before = JSON.stringify(Object.entries(one.state.files).filter(([path]) => path.startsWith('/tank/')))
  one.declare({ nfs_shares: [{ host_path: '/tank/data', guest_path: '/mnt/persistent' }] })
  const { commands } = await one.converge()
  assert.match(await one.inside('cat /mnt/persistent/ledger'), 'mine')
  assert.is(JSON.stringify(Object.entries(one.state.files).filter(([path]) => path.startsWith('/tank/'))), before)
  assert.not.ok([...creation.commands, ...commands].some((line) => /\bch(mod|own)\b/.test(line)))
})

test('15: each create ran the firewall and the certificates of all guests anew', async () => {
  const one = converged()
  await one.write('/etc/pve/firewall/cluster.fw', '[OPTIONS]\nenable: 1\n')
  await one.write('/etc/pve/firewall/777.fw', '[RULES]\nIN ACCEPT\n')
  const firewall = () => JSON.stringify(Object.entries(one.state.files).filter(([path]) => path.includes('/firewall')))
  const before = firewall()
  one.declare(undefined, [app])
  one.targets = ['vm:8102']
  const { commands } = await one.converge()
  assert.ok(commands.length > 3)
  assert.equal(
    commands.filter((line) => !line.includes('8102')),
    [],
  )
  assert.is(firewall(), before)
})

test('17: disks got a relative +10G at cloning, and the declared disk_size_gb was never applied', async () => {
  const one = converged()
  assert.match(conf(one), /^scsi0: .*size=8G$/m)
  assert.equal(
    creation.commands.filter((line) => line.includes('resize')),
    ['qm disk resize 8101 scsi0 8G'],
  )
  one.declare({ disk_size_gb: 12 })
  const { commands } = await one.converge()
  assert.equal(
    commands.filter((line) => line.includes('resize')),
    ['qm disk resize 8101 scsi0 12G'],
  )
  one.declare({ disk_size_gb: 10 })
  assert.match(await one.refused(), 'shrinking it would cut off what lies at its end')
})

test('12: the snapshot was deleted and retaken at every create: a failed run overwrote the way back', async () => {
  const one = converged()
  one.declare({ cores: 3, features: ['tools'] })
  one.scripts = [scriptOf('tools', '#!/bin/sh\n# sim: exit 1\n')]
  const { commands } = await one.run(1)
  assert.match(conf(one), /^\[final-form-1\]$/m)
  assert.not.ok(commands.some((line) => /snapshot/.test(line)))
  one.scripts = [scriptOf('tools', '#!/bin/sh\n# sim: writes /srv/done yes\n')]
  await one.converge()
  assert.match(conf(one), /^\[final-form-2\]$/m)
})

test('the snapshots before and after the features changed places twice, so that a rollback lost what was set up', async () => {
  const one = await scene({ features: ['tools'] })
  one.scripts = [scriptOf('tools', '#!/bin/sh\n# sim: writes /srv/done yes\n')]
  const { commands } = await one.converge()
  assert.match(commands.at(-1) ?? '', /^qm snapshot 8101 final-form-1/)
  await one.sim('qm stop 8101')
  await one.sim('qm rollback 8101 final-form-1')
  await one.sim('qm start 8101')
  const after = await one.run()
  // Whatever starts has to come up first; nothing is made up for.
  assert.equal(after.commands, [])
  assert.is(await one.inside('cat /srv/done'), 'yes\n')
})

test('the guest agent: five minutes on fresh machines, two waits, and both silent about the reason', async () => {
  const one = converged()
  one.declare({ agent_timeout_seconds: 1 })
  await one.sim('sim guest 8101 agent off')
  const silent = await one.run(1)
  assert.match(why(silent), /within 1 s that the guest agent of VM 8101 answers/)
  const failed = silent.summary.tasks.find(({ task }) => task === 'vm:8101:agent')
  const mend = (failed?.failure?.mend ?? []).join('\n')
  for (const way of ['qm agent 8101 ping', 'qm terminal 8101', 'cloud-init status --long']) assert.match(mend, way)

  const without = converged()
  await without.sim('qm set 8101 --agent 0')
  await without.sim('qm reboot 8101')
  const told = await without.run(1)
  assert.match(why(told), 'VM 8101 was started before its guest agent was configured')
  assert.ok(told.summary.durationMs < 5000, 'what can not come is not waited for')

  const gone = converged()
  await gone.sim('qm stop 8101')
  const crashing: Host = {
    ...readerOf(gone.host),
    mutate: async (argv, options) => {
      const result = await gone.host.mutate(argv, options)
      if (argv.join(' ') === 'qm start 8101') await gone.sim('sim guest 8101 crash')
      return result
    },
    writeFile: (file) => gone.host.writeFile(file),
    removeFile: (path) => gone.host.removeFile(path),
    close: () => gone.host.close(),
  }
  const crashed = await gone.run(1, crashing)
  assert.match(why(crashed), 'VM 8101 does not run any more: it stopped, or crashed')
  assert.ok(crashed.summary.durationMs < 5000)
})

test('cloud-init: rc 2 was taken for fine, then answered with a reboot and a second pass', async () => {
  const one = converged()
  await one.sim('sim guest 8101 cloud-init recoverable')
  assert.match(await one.notes(), 'cloud-init: WARNING')
  await one.nothingToDo()
  await one.sim('sim guest 8101 cloud-init error')
  const { summary, commands } = await one.run(1)
  const failed = summary.tasks.find(({ task }) => task === 'vm:8101:cloud-init')
  assert.match(failed?.why ?? '', /cloud-init failed: .*its last words:\n./s)
  assert.equal(commands, [], 'neither rebooted nor cleaned')
})

test('qm guest exec came back after 30 s with rc 0 and only a pid, and a missing exit code was read as 0', async () => {
  const one = converged()
  await one.inside('install -m 0640 /dev/null /etc/motd')
  one.host.orders.add(['qm', 'guest', 'exec', '8101'], { kind: 'fail', answer: answer(0, '{\n   "pid" : 4711\n}\n') })
  const { summary } = await one.run(1)
  const failed = summary.tasks.find(({ task }) => task === 'vm:8101:files')
  assert.match(failed?.why ?? '', 'install still runs in VM 8101')
  assert.is(await one.inside('cat /etc/motd'), '', 'nothing that comes after it was done')
  await one.converge()
  assert.is(await one.inside('cat /etc/motd'), 'welcome\n')
})

test('three waits of 300 s in a row for one service, and some without an end', async () => {
  const one = converged()
  one.declare({ ...alone, agent_timeout_seconds: 1 }, [{ ...app, dependencies: ['8101'] }])
  await one.sim('sim guest 8101 agent off')
  const { summary } = await one.run(1)
  const outcome = (task: string) => summary.tasks.find((found) => found.task === task)
  assert.is(outcome('vm:8102:agent')?.outcome, 'skipped')
  assert.match(outcome('vm:8102:agent')?.why ?? '', /needs vm:8101:\S+, which/)
  assert.ok(summary.durationMs < 10_000, `one wait, by one task: ${summary.durationMs} ms`)

  const endless = converged()
  endless.declare({ features: ['tools'], feature_timeout_seconds: 2 })
  endless.scripts = [scriptOf('tools', '#!/bin/sh\n# sim: says waiting for ca.ready\n# sim: takes 100000\n')]
  assert.match(why(await endless.run(1)), /feature tools took longer than 2 s; its last words:\nwaiting for ca.ready/)
})

test('apt: pkill -f apt whenever its lock was held, and questions that nobody answered', async () => {
  const one = await scene()
  const plain = { ...alone, nfs_shares: [] }
  one.declare(plain)
  await one.converge()
  one.declare()
  await one.sim('sim in vm:8101 -- sim hold-lock apt 4711 unattended-upgr')
  const running = one.run()
  await new Promise((resolve) => setTimeout(resolve, 400))
  assert.not.match(await one.inside('dpkg-query -W'), 'nfs-common')
  await one.sim('sim in vm:8101 -- sim release-lock apt')
  const { commands } = await running
  const installing = commands.filter((line) => line.includes('apt-get'))
  assert.ok(installing.length > 0)
  for (const line of installing) {
    assert.match(line, 'DEBIAN_FRONTEND=noninteractive')
    if (line.includes('install')) assert.match(line, '--force-confold')
  }
  assert.not.ok(commands.some((line) => /kill|rm .*(apt|dpkg|lock)/.test(line)))
})

test('network ready was a ping of public addresses, 33 sleeps, and four tries of any command through bash -c', async () => {
  for (const line of creation.commands) {
    const [, inside = ''] = /^qm guest exec .*? -- (.*)$/.exec(line) ?? []
    for (const part of [line, inside]) assert.not.match(part, /^(ping|sleep|bash|sh|timeout|curl)\b/)
  }
  const one = converged()
  one.declare(alone, [app])
  one.host.orders.add(['qm', 'clone'], { kind: 'fail', answer: answer(255, '', 'clone failed: no space\n') })
  const { commands, summary } = await one.run(1)
  assert.is(commands.filter((line) => line.startsWith('qm clone')).length, 1)
  assert.match(summary.tasks.map((task) => task.failure?.stderr ?? '').join(), 'no space')
})

test('VM network: the clone’s snippet and apply_network overwrote each other', async () => {
  const setting = creation.commands.filter((line) => /^qm \S+ 8101\b.*--(ipconfig0|net0)/.test(line))
  assert.is(setting.length, 1, setting.join('\n'))
  const one = converged()
  assert.match(conf(one), /^ipconfig0: ip=10\.0\.0\.101\/24,gw=10\.0\.0\.1$/m)
  await one.sim('qm set 8101 --ipconfig0 ip=10.0.0.66/24')
  await one.converge()
  assert.match(conf(one), /^ipconfig0: .*ip=10\.0\.0\.101\/24/m)
})

test('boot disk: create used scsi0, core config set virtio0', async () => {
  const one = await scene()
  const { guests } = one.config
  one.config = { ...one.config, guests: { ...guests, vms: (guests?.vms ?? []).filter(({ vmid }) => vmid === 8101) } }
  one.declare()
  one.targets = ['storage']
  await one.run()
  await one.sim(
    'qm create 9000 --name by-hand --memory 2048 --net0 virtio,bridge=vmbr0 --agent 1 --virtio0 tank-vm:0,import-from=/srv/cloud.qcow2 --boot order=virtio0 --tags phx',
  )
  await one.sim('qm template 9000')
  one.targets = ['vm:8101']
  one.declare({ clone_from_vmid: 9000 })
  one.config = {
    ...one.config,
    guests: { ...one.config.guests, vms: (one.config.guests?.vms ?? []).filter(({ vmid }) => vmid === 8101) },
  }
  const { commands } = await one.converge()
  assert.ok(commands.includes('qm disk resize 8101 virtio0 8G'), commands.join('\n'))
  assert.match(conf(one), /^virtio0: .*size=8G$/m)
  assert.not.match(conf(one), /^scsi0:/m)
})

test('certificate modes: renewal, post command, permissions and create each set its own, 600 → 644 → 777', async () => {
  const one = converged()
  await one.inside('chmod 0777 /etc/motd')
  const { commands } = await one.converge()
  assert.is((await one.inside('stat -L -c %a:%U /etc/motd')).trim(), '640:root')
  assert.ok(commands.every((line) => !/-R\b/.test(line)))
})

test('the renewal hook came before the volume that it needs', () => {
  const at = (part: string) => creation.commands.findIndex((line) => line.includes(part))
  assert.ok(at('mount /mnt/data') >= 0)
  assert.ok(at('qm start 8101') < at('mount /mnt/data'))
  assert.ok(at('mount /mnt/data') < at('.motd.phx-new'), 'what may lie on a share comes after it')
})

test('fstab lines were appended and never replaced', async () => {
  const one = converged()
  const lines = async () => (await one.inside('cat /etc/fstab')).split('\n').filter((line) => line.includes('nfs'))
  await one.sim(
    ['sim', 'in', 'vm:8101', '--', 'tee', '-a', '/etc/fstab'],
    '10.0.0.9:/old /mnt/data nfs defaults,auto,nofail 0 0\n10.0.0.9:/theirs /mnt/theirs nfs noauto 0 0\n',
  )
  await one.converge()
  assert.is((await lines()).filter((line) => line.includes('/mnt/data')).length, 1)
  assert.match((await lines()).join(), '10.0.0.13:/tank/data /mnt/data')
  one.declare({ nfs_shares: [{ host_path: '/tank/other', guest_path: '/mnt/data' }] })
  await one.converge()
  assert.equal((await lines()).map((line) => line.split(' ')[0]).sort(), ['10.0.0.13:/tank/other', '10.0.0.9:/theirs'])
})

test('dependants: ids as texts were compared with numbers', async () => {
  const one = converged()
  for (const written of ['8101', 8101, 'vm:8101']) {
    one.declare({}, [{ ...app, dependencies: [written] as string[] }])
    const { tasks } = await one.plan()
    assert.ok(tasks.find(({ task }) => task === 'vm:8102:agent')?.needs.some((need) => need.startsWith('vm:8101')))
  }
})

test('complete configs in every guest and on a share of mode 777, keys in arguments of qm guest exec', async () => {
  const secret = 'a$$b"c\'d`e\\f'
  const one = await scene()
  await one.host.change((state) => withSecret(state, '/etc/phx/secrets/token', secret))
  const source = { file: '/etc/phx/secrets/token' }
  one.declare({ file_injections: [{ source, destination: '/etc/token', mode: '0600' }] }, [
    { ...app, name: 'other-machine' },
  ])
  one.targets = ['vm:8101']
  const { commands, events } = await one.converge()
  assert.match(await one.inside('cat /etc/token'), secret)
  assert.is((await one.inside('stat -L -c %a /etc/token')).trim(), '600')
  for (const text of [commands.join('\n'), JSON.stringify(events), one.stateTexts()]) {
    assert.not.match(text, secret)
    assert.not.match(text, JSON.stringify(secret).slice(1, -1))
  }
  const share = Object.entries(one.state.files).filter(([path]) => path.startsWith('/tank/'))
  for (const told of ['other-machine', 'raid_level', key.split(' ')[1] ?? '']) {
    assert.not.match(JSON.stringify(share), told)
  }
  assert.not.match(JSON.stringify(one.state.guests ?? {}), 'other-machine')
})

test('a generated password with $$ between double quotes became the shell’s process id', async () => {
  const secret = '$$-$HOME-`id`-"x"-\'y\'-\\z'
  const one = await scene()
  await one.host.change((state) => withSecret(state, '/etc/phx/secrets/token', secret))
  one.declare({
    file_injections: [{ source: { file: '/etc/phx/secrets/token' }, destination: '/etc/token', mode: '0600' }],
  })
  await one.converge()
  assert.is((await one.inside('cat /etc/token')).trimEnd(), secret)
})

test('a password prompt in the middle of an unattended run: a secret that is missing is found before the first change', async () => {
  const source = { file: '/etc/phx/secrets/nowhere' }
  const needs: readonly Partial<Vm>[] = [
    { file_injections: [{ source, destination: '/etc/token' }] },
    { user_config: { username: 'ops', password: source } },
  ]
  for (const more of needs) {
    assert.match(await (await scene(more)).refused(), '/etc/phx/secrets/nowhere')
    const one = converged()
    one.declare(more)
    assert.match(await one.refused(), '/etc/phx/secrets/nowhere')
  }
})

test('an address pointing at the gateway, and two guests with one name: found only at the end of a long run', () => {
  const { config } = made
  const [template, vm] = config.guests?.vms ?? []
  const said = (others: readonly object[]): string => {
    const wrong = { ...config, guests: { ...config.guests, vms: [template, ...others] } }
    return parseConfig(JSON.stringify(wrong), 'test.json')
      .problems.filter(({ severity }) => severity === 'error')
      .map(({ message }) => message)
      .join('\n')
  }
  assert.is(said([vm ?? {}]), '')
  assert.match(said([{ ...vm, network_config: { ip: '10.0.0.1/24', gw: '10.0.0.1' } }]), /10\.0\.0\.1/)
  assert.match(said([vm ?? {}, { ...app, network_config: { ip: '10.0.0.101/24' } }]), /10\.0\.0\.101/)
  assert.match(said([vm ?? {}, { ...app, name: 'docker-host' }]), /docker-host/)
  assert.match(
    said([{ ...vm, nfs_shares: [{ host_path: '/mnt/pve/tank/data', guest_path: '/mnt/data' }] }]),
    /\/mnt\/pve/,
  )
})

test.run()

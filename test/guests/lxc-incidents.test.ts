/**
 * What went wrong with containers in the shell scripts that phx replaces, one test an incident, each bearing its name; the
 * numbers are those by which the incidents of lost data go. Those of volumes alone are in test/resources/lxc-incidents.test.ts.
 */
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { scriptOf } from '../../lib/config/feature-scripts.ts'
import type { Lxc } from '../../lib/config/generated/types.ts'
import { parseConfig } from '../../lib/config/load.ts'
import { LxcScene, models, scene } from './lxc-scene.ts'

/** A container as declared, made once: each test goes on from there by itself. */
const made = await scene()
const creation = await made.converge()

function converged(): LxcScene {
  const one = new LxcScene({}, structuredClone(made.state))
  cpSync(join(made.folder, 'state'), join(one.folder, 'state'), { recursive: true })
  return one
}

const why = ({ summary }: Awaited<ReturnType<LxcScene['run']>>): string =>
  summary.tasks.map((task) => task.why ?? '').join('\n')
/** Of its configuration, without what snapshots have of it. */
const live = (one: LxcScene): string => one.conf.split('\n[final-form')[0] ?? ''
const lines = (one: LxcScene, key: RegExp): string[] =>
  live(one)
    .split('\n')
    .filter((line) => key.test(line))
const folder = { host_path: '/tank/data/models', container_path: '/models', owner_uid: 33, owner_gid: 33 }
const devices = ['nvidiactl', 'nvidia-uvm', 'nvidia-uvm-tools', 'nvidia0', 'nvidia1']

async function withGpus(one: LxcScene): Promise<LxcScene> {
  for (const name of devices) await one.write(`/dev/${name}`, '')
  return one
}

test('9: the pattern for what is there already lost a blank, so that each create added the bind mounts again', async () => {
  const one = await scene({ mount_points: [folder] })
  await one.converge()
  const spellings = [
    'mp0:  /tank/data/models,mp=/models',
    'mp0: volume=/tank/data/models,mp=/models/',
    'mp0: /tank/data/models,mp=models',
  ]
  for (const line of spellings) {
    await one.write('/etc/pve/lxc/901.conf', one.conf.replace(/^mp0:.*$/m, line))
    await one.nothingToDo()
  }
  assert.is(lines(one, /^mp\d/).length, 1)
})

test('10: volumes began at mp0 and took the place of what was there, with folders of the host beside them', async () => {
  const one = await scene({ zfs_volumes: [models] })
  await one.converge()
  const before = lines(one, /^mp\d/)
  one.declare({
    zfs_volumes: [models, { ...models, name: 'logs', mount_point: '/var/log/own' }],
    mount_points: [folder],
  })
  await one.converge()
  const slots = lines(one, /^mp\d/).map((line) => line.split(':')[0])
  assert.equal(before, ['mp0: tank-ct:subvol-901-disk-1,mp=/srv/models,size=10G'])
  assert.ok(lines(one, /^mp\d/).includes(before[0] ?? ''))
  assert.is(new Set(slots).size, 3)
})

test('11: delete and rebuild took the container’s persistent volumes along', async () => {
  const one = await scene({ zfs_volumes: [models] })
  await one.converge()
  const path = '/tank/ct/subvol-901-disk-1/weights'
  await one.write(path, 'a week of training')
  await one.order({ order: 'destroy', targets: ['lxc:901'], allow: ['lxc:901'] })
  assert.is(one.text('/etc/pve/lxc/901.conf'), undefined)
  await one.converge()
  assert.is(await one.inside('cat /srv/models/weights'), 'a week of training')
})

test('12: pre-configured and final-form were deleted and retaken at every create: a failed one overwrote the way back', async () => {
  const one = converged()
  one.declare({ cores: 4, features: ['tools'] })
  one.scripts = [scriptOf('tools', '#!/bin/sh\n# sim: exit 1\n')]
  const { commands } = await one.run(1)
  assert.match(one.conf, /^\[final-form-1\]$/m)
  assert.not.ok(commands.some((line) => line.includes('snapshot')))
})

test('13: folders under /mnt/pve, which are on the root disk and not on the dataset', () => {
  const said = (path: string): string => {
    const container = { ...made.config.guests?.lxc_configs?.['901'], mount_points: [{ ...folder, host_path: path }] }
    const { guests } = made.config
    const config = { ...made.config, guests: { ...guests, lxc_configs: { ...guests?.lxc_configs, '901': container } } }
    return parseConfig(JSON.stringify(config), 'test.json')
      .problems.filter(({ severity }) => severity === 'error')
      .map(({ message }) => message)
      .join('\n')
  }
  assert.is(said('/tank/data/models'), '')
  assert.match(said('/mnt/pve/tank/data/models'), '/mnt/pve/tank/data/models')
})

test('13: a folder is only ever made on its mounted dataset', async () => {
  const one = await scene({ mount_points: [folder] })
  one.targets = ['zfs:tank']
  await one.run()
  await one.sim('zfs unmount tank/data')
  one.targets = ['guests']
  await one.converge()
  assert.match(await one.sim('zfs get -H -o value mounted tank/data'), 'yes')
  await one.sim('zfs unmount tank/data')
  assert.is(one.text('/tank/data/models'), undefined, 'nothing lies underneath')
})

test('15: the firewall of all guests was generated anew at each create', async () => {
  const one = converged()
  await one.write('/etc/pve/firewall/cluster.fw', '[OPTIONS]\nenable: 1\n')
  await one.write('/etc/pve/firewall/777.fw', '[RULES]\nIN ACCEPT\n')
  const firewall = () => JSON.stringify(Object.entries(one.state.files).filter(([path]) => path.includes('/firewall')))
  const before = firewall()
  one.declare({ cores: 4 }, { '902': { name: 'other', clone_from_ctid: '900', storage_pool: 'tank-ct' } })
  await one.converge()
  assert.is(firewall(), before)
})

test('GPU lines had two writers, so that the restart was skipped; then the failure was made a warning', async () => {
  const one = await withGpus(converged())
  one.declare({ gpu_assignment: '0' })
  const { commands } = await one.converge()
  assert.is(commands.filter((line) => line.includes('/dev/nvidia')).length, 1, 'one call for all of them')
  assert.is(lines(one, /^(dev|lxc).*nvidia/).length, 4)
  assert.equal(lines(one, /^lxc/), [])
  one.declare({ gpu_assignment: '1', lxc_options: ['lxc.apparmor.profile: unconfined'], restart: 'allowed' })
  const next = await one.converge()
  assert.is(next.commands.filter((line) => line.startsWith('pct reboot 901')).length, 1, 'the difference asks for it')
  assert.not.match(live(one), /PENDING|nvidia0/)
  assert.match(live(one), '/dev/nvidia1')
  const without = converged()
  without.declare({ gpu_assignment: '0' })
  const refused = await without.run(1)
  assert.match(why(refused), 'its driver is not loaded')
  assert.not.match(without.conf, 'nvidia')
})

test('the driver’s version stood in two files: a health check was fatal, and nothing repaired what nvidia-smi was there for', () => {
  const config = { ...made.config, nvidia_driver: { install: true, version: '580.76.05' } }
  const wrong = JSON.stringify({ ...config, guests: { ...config.guests, nvidia_driver_version: '580.76.06' } })
  const problems = parseConfig(wrong, 'test.json').problems.filter(({ severity }) => severity === 'error')
  assert.ok(
    problems.some(({ path }) => path.includes('nvidia_driver_version')),
    'there is one place for it',
  )
})

test('snapshots before and after the features changed places twice: a rollback lost the GPU lines', async () => {
  const one = await withGpus(await scene({ gpu_assignment: '0', features: ['tools'] }))
  one.scripts = [scriptOf('tools', '#!/bin/sh\n# sim: writes /srv/done yes\n')]
  const { commands } = await one.converge()
  assert.match(commands.at(-1) ?? '', /^pct snapshot 901 final-form-1/)
  await one.sim('pct stop 901')
  await one.sim('pct rollback 901 final-form-1')
  assert.is(lines(one, /^dev\d.*nvidia/).length >= 4, true)
  await one.sim('pct start 901')
  await one.sim('sim wait 10')
  await one.nothingToDo()
})

test('lxc_options were split at blanks: lxc.apparmor.profile: and unconfined became two lines', async () => {
  const one = await scene({
    lxc_options: ['lxc.apparmor.profile: unconfined', 'lxc.cgroup2.devices.allow=c 10:200 rwm'],
  })
  await one.converge()
  assert.equal(lines(one, /^lxc\./), ['lxc.apparmor.profile: unconfined', 'lxc.cgroup2.devices.allow: c 10:200 rwm'])
})

test('AppArmor: in the end every container was unconfined', () => {
  assert.equal(lines(made, /^lxc\./), [])
  assert.match(made.conf, /^unprivileged: 1$/m)
})

test('idmap was read before it existed, with a start and a stop to provoke it; unprivileged was set where it is read-only', async () => {
  assert.not.ok(creation.commands.some((line) => /^pct set .*unprivileged/.test(line)))
  assert.is(creation.commands.filter((line) => line.startsWith('pct start 901')).length, 1)
  assert.not.ok(creation.commands.some((line) => line.startsWith('pct stop')))
  const one = converged()
  one.declare({ unprivileged: false })
  assert.match(await one.refused(), 'that is fixed once it exists')
})

test('id_maps were ignored, whatever they said, and in the end all was shifted by 100000', async () => {
  const map = (type: 'uid' | 'gid', host_id: number) => ({ type, host_id, container_id: 33, size: 1 })
  const one = await scene({ mount_points: [folder], id_maps: [map('uid', 5033), map('gid', 6033)] })
  await one.converge()
  assert.match((await one.sim('stat -c %u:%g /tank/data/models')).trim(), '5033:6033')
  const plain = await scene({ mount_points: [folder] })
  await plain.converge()
  assert.match((await plain.sim('stat -c %u:%g /tank/data/models')).trim(), '100033:100033')
})

test('14: chmod -R 700 and chown of what is in the folder, at each create', async () => {
  const one = await scene({ mount_points: [folder] })
  await one.converge()
  await one.write('/tank/data/models/weights', 'theirs', 0o644)
  await one.sim('chown 101001:101001 /tank/data/models/weights')
  await one.sim('chown 0:0 /tank/data/models')
  const { commands } = await one.converge()
  assert.equal(commands, ['chown -- 100033:100033 /tank/data/models'])
  assert.match((await one.sim('stat -c %u:%a /tank/data/models/weights')).trim(), '101001:644')
})

test('each create stopped the container first, and a stop was always hard', async () => {
  const one = converged()
  one.declare({ cores: 4, memory_mb: 4096 })
  const { commands } = await one.converge()
  assert.not.ok(commands.some((line) => /^pct (stop|shutdown|reboot)/.test(line)))
  const stopped = await one.order({ order: 'stop', targets: ['lxc:901'] })
  assert.equal(stopped.commands, ['pct shutdown 901 --timeout 120 --forceStop 1'])
})

test('dependants: ids as texts were compared with numbers, and pct restart is no verb', async () => {
  const one = converged()
  const other: Lxc = { name: 'other', clone_from_ctid: '900', storage_pool: 'tank-ct' }
  for (const written of ['901', 901, 'lxc:901']) {
    one.declare({}, { '902': { ...other, dependencies: [written] as string[] } })
    const { tasks } = await one.plan()
    const start = tasks.find(({ task }) => task === 'lxc:902:start')
    assert.ok(start?.needs.some((need) => need.startsWith('lxc:901')))
  }
  const { commands } = await one.order({ order: 'restart', targets: ['lxc:901'] })
  assert.match(commands.join(), /^pct reboot 901/)
})

test('how a container is made was said three times: template, template file and clone', () => {
  const problems = (more: object): string => {
    const container = { ...made.config.guests?.lxc_configs?.['901'], ...more }
    const config = { ...made.config, guests: { ...made.config.guests, lxc_configs: { '901': container } } }
    return parseConfig(JSON.stringify(config), 'test.json')
      .problems.filter(({ severity }) => severity === 'error')
      .map(({ path, message }) => `${path} ${message}`)
      .join('\n')
  }
  assert.match(problems({ template: '/srv/a.tar.zst' }), /template/)
  assert.match(problems({ template_file: 'a.tar.zst' }), /template_file/)
})

test('all three configs, with a password among them, lay in each container', async () => {
  const one = await scene()
  writeFileSync(one.application, '#!/bin/sh\n# sim: writes /srv/app yes\n')
  one.declare({ application_script: one.application }, { '902': { name: 'somebody-else', clone_from_ctid: '900' } })
  one.targets = ['lxc:901']
  await one.converge()
  assert.is(await one.inside('cat /srv/app'), 'yes\n')
  assert.not.match(JSON.stringify(one.state.guests), 'somebody-else')
  assert.not.match(JSON.stringify(one.state.guests), 'raid_level')
})

test('health checks went stale, and then kept a container from being made', async () => {
  const one = await scene({ health_check: { command: ['cat', '/srv/nowhere'], retries: 0, interval: 1 } })
  const { summary } = await one.run(1)
  const outcome = (task: string) => summary.tasks.find((found) => found.task === task)
  assert.is(outcome('lxc:901:start')?.outcome, 'changed')
  assert.match(outcome('lxc:901:health')?.why ?? '', '/srv/nowhere')
  one.declare({ health_check: { command: ['cat', '/etc/hostname'], retries: 0, interval: 1 } })
  await one.converge()
})

test('sleep 10 and three tries of each start', () => {
  for (const line of creation.commands) {
    const [, inside = ''] = /^pct exec \d+ -- (.*)$/.exec(line) ?? []
    for (const part of [line, inside]) assert.not.match(part, /^(ping|sleep|bash|sh|timeout|curl)\b/)
  }
})

test.run()

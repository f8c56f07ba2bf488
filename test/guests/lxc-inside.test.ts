/** What is in a container and around it: features, its application, its health, folders of the host, GPUs, mapped ids. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { scriptOf } from '../../lib/config/feature-scripts.ts'
import { type LxcScene, models, scene } from './lxc-scene.ts'

const tools = scriptOf(
  'tools',
  ['#!/bin/sh', '# sim: says hello from the script', '# sim: writes /srv/done yes', ''].join('\n'),
)

const starts = (commands: readonly string[], unit: string) =>
  commands.filter((line) => line.includes(`systemd-run --unit=phx-feature-${unit}`)).length

const failureOf = ({ summary }: Awaited<ReturnType<LxcScene['run']>>, task: string) =>
  summary.tasks.find((one) => one.task === task)

test('a feature runs once in the container, and again only when it changed', async () => {
  const one = await scene({ features: ['tools'] })
  one.scripts = [tools]
  const { commands } = await one.converge()
  assert.is(starts(commands, 'tools'), 1)
  assert.is(await one.inside('cat /srv/done'), 'yes\n')
  assert.match(one.stateTexts(), 'hello from the script')
  one.scripts = [scriptOf('tools', '#!/bin/sh\n# sim: writes /srv/done again\n')]
  assert.is(starts((await one.converge()).commands, 'tools'), 1)
  assert.is(await one.inside('cat /srv/done'), 'again\n')
})

test('a template has its features run, and its clones have what they did', async () => {
  const one = await scene()
  one.declare(
    {},
    { '900': { name: 'base', template: one.archive, is_template: true, storage_pool: 'tank-ct', features: ['tools'] } },
  )
  one.scripts = [tools]
  const { commands } = await one.converge()
  assert.equal(
    commands.filter((line) => /^pct (start|shutdown|template) 900/.test(line)),
    ['pct start 900', 'pct shutdown 900 --timeout 120', 'pct template 900'],
  )
  assert.is(await one.inside('cat /srv/done'), 'yes\n')
})

test('an application that fails is told with its last words, and runs again once its script is mended', async () => {
  const one = await scene({ features: ['tools'] })
  one.scripts = [tools]
  one.script('# sim: says no such model', '# sim: exit 3')
  one.declare({ features: ['tools'], application_script: one.application })
  const failed = failureOf(await one.run(1), 'lxc:901:application')
  assert.match(failed?.why ?? '', /feature application\.script ended with exit code 3; its last words:\nno such model/)
  one.script('# sim: writes /srv/app ready')
  const { commands } = await one.converge()
  assert.is(starts(commands, 'application.script'), 1)
  assert.is(starts(commands, 'tools'), 0)
  assert.is(await one.inside('cat /srv/app'), 'ready\n')
})

test('a health check is tried as often as declared, its last words are told, and it passes once the application works', async () => {
  const health_check = { command: ['cat', '/srv/app'], retries: 2, interval: 1 }
  const one = await scene({ health_check })
  const first = await one.run(1)
  const failed = failureOf(first, 'lxc:901:health')
  assert.match(
    failed?.why ?? '',
    /cat ended with exit code 1: cat: \/srv\/app: No such file or directory, also at the last of 3 tries/,
  )
  assert.is(first.commands.filter((line) => line === 'pct exec 901 -- cat /srv/app').length, 3)
  assert.ok(failed?.failure?.mend.some((line) => line.includes('systemctl --failed')))
  assert.is(failureOf(first, 'lxc:901:final-form')?.outcome, 'skipped')
  one.script('# sim: writes /srv/app ready')
  one.declare({ health_check, application_script: one.application })
  const { commands } = await one.converge()
  assert.is(commands.filter((line) => line === 'pct exec 901 -- cat /srv/app').length, 1)
})

test('its health is looked at again when something was changed, also by a mend', async () => {
  const one = await scene({ health_check: { command: ['cat', '/etc/hostname'], retries: 0 } })
  await one.converge()
  await one.sim('pct set 901 --cores 1')
  const { commands } = await one.converge()
  assert.ok(commands.includes('pct exec 901 -- cat /etc/hostname'))
})

const folder = { host_path: '/tank/data/models', container_path: '/models', owner_uid: 1000, owner_gid: 1000 }

test('a folder of the host has the owner that the container sees, and is there once', async () => {
  const one = await scene({ mount_points: [folder] })
  const { commands } = await one.converge()
  assert.ok(commands.includes('chown -- 101000:101000 /tank/data/models'))
  assert.match(one.conf, /^mp0: \/tank\/data\/models,mp=\/models$/m)
  assert.match(await one.notes(), 'no snapshot is taken of container 901')
  await one.sim('pct set 901 --mp0 /tank/data,mp=/models')
  await one.converge()
  await one.sim('chown 0:0 /tank/data/models')
  assert.equal((await one.converge()).commands, ['chown -- 101000:101000 /tank/data/models'])
})

test('a folder that is no longer declared is taken away, and others’ stay', async () => {
  const one = await scene({ mount_points: [folder] })
  await one.converge()
  await one.sim('pct set 901 --mp1 /srv,mp=/mnt/srv')
  one.declare()
  const { commands } = await one.converge()
  assert.ok(commands.includes('pct set 901 --delete mp0'))
  await one.sim('pct reboot 901')
  assert.not.match(one.conf, '/tank/data/models')
  assert.match(one.conf, /^mp1: \/srv,mp=\/mnt\/srv$/m)
  await one.nothingToDo()
})

test('volumes and folders are numbered by one rule, and neither covers the other', async () => {
  const one = await scene({ zfs_volumes: [models], mount_points: [{ ...folder, container_path: '/srv/models/data' }] })
  await one.converge()
  assert.match(
    one.conf,
    /^mp0: tank-ct:subvol-901-disk-1,mp=\/srv\/models,size=10G\nmp1: \/tank\/data\/models,mp=\/srv\/models\/data$/m,
  )
  const other = await scene({ zfs_volumes: [models], mount_points: [{ ...folder, container_path: '/srv' }] })
  assert.match(
    await other.refused(),
    "/tank/data/models can't be put on /srv of container 901: /srv (mp1) would cover /srv/models (mp0)",
  )
})

test('a protected container is made whole first, and then takes no other mounts', async () => {
  const one = await scene({ protected: true, zfs_volumes: [models], mount_points: [folder] })
  const { commands } = await one.converge()
  assert.ok(commands.indexOf('pct set 901 --protection 1') > commands.findIndex((line) => line.includes('-mp1')))
  one.declare({ protected: true, zfs_volumes: [models], mount_points: [{ ...folder, container_path: '/other' }] })
  assert.match(await one.refused(), 'container 901 is protected, and what it sees of the host would have to be changed')
})

const id_maps = [
  { type: 'uid', host_id: 1000, container_id: 1000, size: 1 },
  { type: 'gid', host_id: 1000, container_id: 1000, size: 1 },
] as const

test('mapped ids: lines for LXC, what root is allowed, and owners by the map', async () => {
  const one = await scene({ id_maps: [...id_maps], mount_points: [folder] })
  await one.write('/etc/subuid', 'root:100000:65536\n')
  const { commands } = await one.converge()
  assert.ok(commands.includes('chown -- 1000:1000 /tank/data/models'))
  const maps = one.conf.split('\n').filter((line) => line.startsWith('lxc.idmap'))
  assert.equal(maps, [
    ...['lxc.idmap: u 0 100000 1000', 'lxc.idmap: u 1000 1000 1', 'lxc.idmap: u 1001 101001 64535'],
    ...['lxc.idmap: g 0 100000 1000', 'lxc.idmap: g 1000 1000 1', 'lxc.idmap: g 1001 101001 64535'],
  ])
  assert.is(one.text('/etc/subuid'), 'root:100000:65536\nroot:1000:1\n')
  assert.match(one.text('/etc/subgid') ?? '', /^root:1000:1$/m)
  one.declare({ mount_points: [folder] })
  const next = await one.converge()
  assert.ok(next.commands.includes('chown -- 101000:101000 /tank/data/models'))
  assert.not.match(one.conf, 'lxc.idmap')
})

test('a GPU is given only where its device is, and taken away again by who gave it', async () => {
  const one = await scene({ gpu_assignment: '0' })
  const { summary } = await one.run(1)
  assert.match(
    failureOf({ summary, events: [], commands: [] }, 'lxc:901:config')?.why ?? '',
    /\/dev\/nvidiactl, .*which the host does not have: its driver is not loaded/,
  )
  for (const name of ['nvidiactl', 'nvidia-uvm', 'nvidia-uvm-tools', 'nvidia0']) await one.write(`/dev/${name}`, '')
  const { commands } = await one.converge()
  assert.ok(
    commands.includes(
      'pct set 901 --dev0 path=/dev/nvidiactl,mode=0666 --dev1 path=/dev/nvidia-uvm,mode=0666 --dev2 path=/dev/nvidia-uvm-tools,mode=0666 --dev3 path=/dev/nvidia0,mode=0666',
    ),
  )
  one.declare()
  assert.ok((await one.converge()).commands.includes('pct set 901 --delete dev0,dev1,dev2,dev3'))
})

test('what phx did not make, and what is half made, is left alone', async () => {
  const one = await scene()
  one.targets = ['lxc:900']
  await one.run()
  one.targets = ['guests']
  await one.sim('pct clone 900 901 --hostname models --full 1')
  await one.sim('pct set 901 --delete tags')
  assert.match(await one.refused(), /was not made by phx.*"adopt": true/s)
  one.declare({ adopt: true })
  await one.converge()
  assert.match(one.conf, /^tags: phx$/m)
  await one.write('/etc/pve/lxc/901.conf', `lock: create\n${one.conf}`)
  assert.match(await one.refused(), /half made.*pgrep -af 'pct \(clone\|create\)'/s)
})

test('what a clone could not be is refused before anything is copied', async () => {
  const one = await scene()
  one.targets = ['lxc:900']
  await one.run()
  one.targets = ['lxc:901']
  one.declare({ unprivileged: false })
  assert.match(await one.refused(), 'container 901 is declared as privileged, and 900 is unprivileged')
  one.declare({ clone_from_ctid: '950' })
  assert.match(await one.refused(), 'is to be cloned from 950, which is neither declared nor on this host')
  one.declare({ clone_from_ctid: '900' })
  await one.converge()
  one.declare({ unprivileged: false })
  assert.match(await one.refused(), 'that is fixed once it exists')
})

test('a template that is not there is told before anything is made', async () => {
  const one = await scene()
  one.declare({ clone_from_ctid: undefined, template: 'local:vztmpl/none.tar.zst' } as object)
  one.targets = ['lxc:901']
  assert.match(await one.refused(), 'is to be made from local:vztmpl/none.tar.zst, which is not there')
})

test.run()

/** Container 901 on the simulated host: from a template to its final form, and what becomes of it afterwards. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { dyingAt } from '../engine-scene.ts'
import { LxcScene, models, scene } from './lxc-scene.ts'

test('from a template to its final form, and the second run changes nothing', async () => {
  const one = await scene({ zfs_volumes: [models] })
  const { tasks } = await one.plan()
  assert.equal(
    tasks.flatMap(({ unreadable }) => unreadable ?? []),
    [],
    'a plan for a host that has none of it can be read',
  )
  const { commands } = await one.converge()
  assert.not.ok(commands.includes('pct start 900'), 'nothing of the template has to run')
  assert.match(one.text('/etc/pve/lxc/900.conf') ?? '', /^template: 1$/m)
  assert.match(one.conf, /^mp0: tank-ct:subvol-901-disk-1,mp=\/srv\/models,size=10G$/m)
  assert.match(one.conf, /^rootfs: tank-ct:subvol-901-disk-0,size=8G$/m)
  assert.match(one.conf, /^\[final-form-1\]$/m)
  assert.is((await one.inside('cat /etc/hostname')).trim(), 'models')
})

test('a run for the host alone makes no container', async () => {
  const one = await scene({ zfs_volumes: [models] })
  one.targets = ['setup']
  await one.converge()
  assert.is(one.text('/etc/pve/lxc/901.conf'), undefined)
})

test('what was set by hand is set right, by one call', async () => {
  const one = await scene()
  await one.converge()
  await one.sim('pct set 901 --cores 1 --memory 512 --hostname other --onboot 1')
  await one.sim('pct set 901 --net0 name=eth0,bridge=vmbr1,ip=dhcp')
  const { commands } = await one.converge()
  const [set] = commands
  assert.match(
    set ?? '',
    /^pct set 901 --hostname models --cores 2 --memory 2048 --onboot 0 --net0 name=eth0,bridge=vmbr0/,
  )
  assert.match(one.conf, /^net0: name=eth0,bridge=vmbr0,gw=10.0.0.1,hwaddr=[0-9A-F:]+,ip=10.0.0.91\/24,type=veth$/m)
  assert.is(commands.filter((line) => line.startsWith('pct set')).length, 1)
})

test('another declaration follows, also of the root file system; it does not shrink', async () => {
  const one = await scene()
  await one.converge()
  one.declare({
    ...{ cores: 4, swap_mb: 0, storage_size_gb: 12, start_at_boot: true, boot_delay: 10, protected: true },
    pct_options: ['nesting=1', 'keyctl=1'],
    network_config: { name: 'eth0', bridge: 'vmbr0', ip: 'dhcp', nameservers: ['9.9.9.9'] },
  })
  await one.converge()
  assert.match(one.conf, /^features: (nesting=1,keyctl=1|keyctl=1,nesting=1)$/m)
  assert.match(
    one.conf,
    /^net0: name=eth0,bridge=vmbr0,hwaddr=[0-9A-F:]+,ip=dhcp,type=veth$/m,
    'the gateway goes with its address',
  )
  assert.match(one.conf, /^rootfs: .*size=12G$/m)
  assert.match(one.conf, /^startup: up=10$/m)
  assert.match(one.conf, /^protection: 1$/m)
  one.declare({ storage_size_gb: 6 })
  assert.match(await one.refused(), 'it is not shrunk')
})

test('raw lines are written whole, follow their declaration, and others’ stay', async () => {
  const lines = ['lxc.apparmor.profile: unconfined', 'lxc.mount.entry = /dev/fuse dev/fuse none bind,create=file 0 0']
  const one = await scene({ lxc_options: lines })
  await one.converge()
  assert.match(
    one.conf.split('\n[')[0] ?? '',
    /^lxc\.apparmor\.profile: unconfined\nlxc\.mount\.entry: \/dev\/fuse dev\/fuse none bind,create=file 0 0$/m,
  )
  await one.write('/etc/pve/lxc/901.conf', one.conf.replace('\n[', 'lxc.cap.drop: sys_rawio\n\n['))
  await one.nothingToDo()
  one.declare({ lxc_options: ['lxc.apparmor.profile: generated'] })
  await one.converge()
  const [live = ''] = one.conf.split('\n[')
  assert.match(live, 'lxc.apparmor.profile: generated')
  assert.match(live, 'lxc.cap.drop: sys_rawio')
  assert.not.match(live, 'lxc.mount.entry')
  one.declare()
  await one.converge()
  assert.not.match(one.conf.split('\n[')[0] ?? '', 'apparmor')
})

test('what a running container can not take waits for its next start, and brings one about only where that is agreed to', async () => {
  const one = await scene({ zfs_volumes: [models] })
  await one.converge()
  one.declare({ zfs_volumes: [{ ...models, mount_point: '/srv/other' }] })
  await one.converge()
  assert.match(await one.notes(), 'mp0 of container 901 take effect when it is restarted: pct reboot 901')
  one.declare({ zfs_volumes: [{ ...models, mount_point: '/srv/other' }], restart: 'allowed' })
  const { commands } = await one.converge()
  assert.ok(commands.includes('pct reboot 901 --timeout 120'))
  assert.not.match(one.conf, 'pve:pending')
  one.declare({
    zfs_volumes: [{ ...models, mount_point: '/srv/other' }],
    restart: 'allowed',
    lxc_options: ['lxc.a: b'],
  })
  assert.ok(
    (await one.converge()).commands.includes('pct reboot 901 --timeout 120'),
    'raw lines say nowhere that they wait',
  )
})

test('a container that was stopped is started, and one that was rebooted is as declared', async () => {
  const one = await scene()
  await one.converge()
  await one.sim('pct reboot 901')
  await one.nothingToDo()
  await one.sim('pct stop 901')
  assert.equal((await one.converge()).commands, ['pct start 901'])
})

test('a container that was destroyed by hand is made anew, with new volumes', async () => {
  const one = await scene({ zfs_volumes: [models] })
  await one.converge()
  await one.sim('pct stop 901')
  await one.sim('pct destroy 901')
  const { host } = dyingAt(one.host, 1, true)
  await one.run(1, host).catch(() => undefined)
  await one.converge()
  assert.match(one.conf, /^mp0: .*mp=\/srv\/models/m)
})

test('killed at any command, before it or after it, the next run goes on to the same end', async () => {
  const before = await scene()
  before.targets = ['lxc:900']
  await before.run()
  const more = { zfs_volumes: [models], lxc_options: ['lxc.apparmor.profile: unconfined'] }
  for (const after of [false, true]) {
    for (let nth = 1; ; nth += 1) {
      const one = new LxcScene(more, structuredClone(before.state))
      const { host, hasDied } = dyingAt(one.host, nth, after)
      await one.run(1, host).catch(() => undefined)
      if (!hasDied()) {
        assert.ok(nth > 7, `${nth} commands are fewer than a container takes`)
        break
      }
      await one.converge()
      assert.match(one.conf, /^\[final-form-1\]$/m, `killed at ${nth}`)
      assert.is(
        (await one.datasets()).match(/subvol-901/g)?.length,
        2,
        `killed at ${nth}: one volume is allocated once`,
      )
    }
  }
})

test.run()

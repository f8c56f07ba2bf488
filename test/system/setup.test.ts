/** The step initial-setup as a whole, on a simulated Proxmox VE 9: from the installer's state, drift, what goes. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { everything, Scene } from './scene.ts'

test('from what the installer leaves to what is declared, then nothing to do', async () => {
  const scene = new Scene()
  await scene.sim('sim publish pve-manager 9.1.4')
  const { commands } = await scene.converge()
  assert.is(commands.filter((line) => line.includes(' install ')).length, 1, 'one transaction')
  assert.match(scene.text('/etc/apt/sources.list.d/pve-enterprise.sources') ?? '', /^Enabled: no\nTypes: deb\n/)
  assert.match(scene.text('/etc/apt/sources.list.d/phx.sources') ?? '', 'Components: pve-no-subscription')
  assert.is(scene.host.state.packages?.['pve-manager']?.version, '9.1.4')
  assert.is(scene.host.state.symlinks?.['/etc/localtime'], '/usr/share/zoneinfo/Europe/Berlin')
  assert.is(scene.text('/etc/locale.conf'), 'LANG=de_DE.UTF-8\n')
  assert.is(scene.text('/etc/resolv.conf'), 'search example.internal\nnameserver 10.0.0.1\nnameserver 9.9.9.9\n')
  assert.is(scene.host.state.system?.parameters?.['/sys/module/zfs/parameters/zfs_arc_max'], String(8 * 2 ** 30))
  assert.match(scene.text('/boot/initrd.img-6.17.2-1-pve') ?? '', `zfs_arc_max=${8 * 2 ** 30}`)
  assert.match(scene.text('/etc/chrony/sources.d/phx.sources') ?? '', 'server ntp.example.internal iburst')
})

test('after a reboot everything holds, and there is nothing to do', async () => {
  const scene = new Scene()
  await scene.converge()
  await scene.sim('sim reboot')
  assert.is(scene.host.state.system?.parameters?.['/sys/module/zfs/parameters/zfs_arc_max'], String(8 * 2 ** 30))
  assert.is(scene.host.state.system?.parameters?.['/proc/sys/vm/swappiness'], '10')
  await scene.nothingToDo()
})

const drifts: Readonly<Record<string, { by: (scene: Scene) => Promise<unknown>; found: RegExp; mended: RegExp }>> = {
  'a package was removed': {
    by: (scene) => scene.sim('apt-get -y -q remove htop'),
    found: /^install htop$/,
    mended: /apt-get .* install --no-install-recommends htop$/,
  },
  'the enterprise repository was switched on again': {
    by: async (scene) => {
      const path = '/etc/apt/sources.list.d/pve-enterprise.sources'
      await scene.write(path, (scene.text(path) ?? '').replace('Enabled: no', 'Enabled: yes'))
    },
    found: /^switch off .*pve-enterprise in /,
    mended: /^$/,
  },
  'a setting of the kernel was changed': {
    by: (scene) => scene.sim('sysctl -w vm.swappiness=60'),
    found: /^set vm.swappiness$/,
    mended: /^sysctl -w vm.swappiness=10$/,
  },
  'the settings file was edited': {
    by: async (scene) => {
      const path = '/etc/sysctl.d/99-phx.conf'
      await scene.write(path, (scene.text(path) ?? '').replace('vm.swappiness = 10', 'vm.swappiness = 90'))
    },
    found: /^bring \/etc\/sysctl\.d\/99-phx\.conf up to date$/,
    mended: /^$/,
  },
  "ZFS's limit was lifted": {
    by: (scene) => setArc(scene, '0'),
    found: /^limit ZFS's cache in memory: 8 GiB$/,
    mended: /^sh -c echo "\$1" >"\$2" sh 8589934592 /,
  },
  'the time zone was changed': {
    by: (scene) => scene.sim('timedatectl set-timezone Asia/Tokyo'),
    found: /^set the time zone Europe\/Berlin$/,
    mended: /^timedatectl set-timezone Europe\/Berlin$/,
  },
  'the name was changed': {
    by: (scene) => scene.sim('hostnamectl set-hostname other'),
    found: /^name the host pve$/,
    mended: /^hostnamectl set-hostname pve$/,
  },
  'chrony was stopped': {
    by: (scene) => scene.sim('systemctl stop chrony'),
    found: /^start chrony\.service$/,
    mended: /^systemctl start chrony\.service$/,
  },
  'the locale was changed': {
    by: (scene) => scene.write('/etc/locale.conf', 'LANG=C.UTF-8\nLC_TIME=en_GB.UTF-8\n'),
    found: /^set the locale de_DE\.UTF-8$/,
    mended: /^$/,
  },
  'the generated locale is gone': {
    by: (scene) => scene.write('/usr/lib/locale/locale-archive', 'en_US.UTF-8\n'),
    found: /^generate the locale de_DE\.UTF-8$/,
    mended: /^locale-gen$/,
  },
  'name servers were changed': {
    by: (scene) => scene.write('/etc/resolv.conf', '# mine\noptions timeout:1\nnameserver 8.8.8.8\n'),
    found: /^ask 10\.0\.0\.1, 9\.9\.9\.9 for names$/,
    mended: /^$/,
  },
  'the name went back to loopback': {
    by: (scene) => scene.write('/etc/hosts', '127.0.0.1 localhost\n127.0.1.1 pve\n'),
    found: /^name pve at 10\.0\.0\.13 in \/etc\/hosts$/,
    mended: /^$/,
  },
}

const setArc = (scene: Scene, bytes: string): Promise<void> =>
  scene.host.change((state) => {
    if (state.system?.parameters) state.system.parameters['/sys/module/zfs/parameters/zfs_arc_max'] = bytes
  })

for (const [what, { by, found, mended }] of Object.entries(drifts)) {
  test(`drift: ${what}`, async () => {
    const scene = new Scene()
    await scene.converge()
    await by(scene)
    const planned = await scene.task()
    assert.is(planned.reason.standing, 'drifted')
    assert.is(planned.changes.length, 1, planned.changes.map(({ summary }) => summary).join('; '))
    assert.match(planned.changes[0]?.summary ?? '', found)
    const { commands } = await scene.converge()
    assert.is(commands.length <= 2, true)
    assert.match(commands.at(-1) ?? '', mended)
  })
}

test('the lines of others stay, byte for byte', async () => {
  const scene = new Scene()
  const hosts =
    '# my hosts\n127.0.0.1\tlocalhost\n127.0.1.1  pve pve.example.internal  nas\n10.9.9.9 nas.lan\n::1 ip6-localhost\n'
  await scene.write('/etc/hosts', hosts)
  await scene.write('/etc/resolv.conf', '# mine\noptions timeout:1\nnameserver 8.8.8.8\nsortlist 10.0.0.0\n')
  await scene.write('/etc/locale.conf', 'LC_TIME=en_GB.UTF-8\nLANG=C.UTF-8\n')
  await scene.write('/etc/sysctl.d/50-mine.conf', 'vm.dirty_ratio = 5\n')
  await scene.converge()
  assert.is(
    scene.text('/etc/hosts'),
    '# my hosts\n127.0.0.1\tlocalhost\n127.0.1.1 nas\n10.9.9.9 nas.lan\n::1 ip6-localhost\n# phx begin initial-setup\n10.0.0.13 pve.example.internal pve\n# phx end initial-setup\n',
  )
  assert.is(
    scene.text('/etc/resolv.conf'),
    '# mine\noptions timeout:1\nsearch example.internal\nnameserver 10.0.0.1\nnameserver 9.9.9.9\nsortlist 10.0.0.0\n',
  )
  assert.is(scene.text('/etc/locale.conf'), 'LC_TIME=en_GB.UTF-8\nLANG=de_DE.UTF-8\n')
  assert.is(scene.text('/etc/sysctl.d/50-mine.conf'), 'vm.dirty_ratio = 5\n')
})

test("phx's own files go with their declaration, what they set stays sound", async () => {
  const scene = new Scene()
  await scene.converge()
  scene.config = { domain_name: 'example.internal' }
  await scene.converge()
  for (const path of [
    '/etc/apt/sources.list.d/phx.sources',
    '/etc/apt/apt.conf.d/99phx-force-ipv4',
    '/etc/chrony/sources.d/phx.sources',
    '/etc/modprobe.d/zz-phx-zfs.conf',
    '/etc/sysctl.d/99-phx.conf',
  ])
    assert.is(scene.text(path), undefined, path)
  assert.is(scene.host.state.system?.parameters?.['/sys/module/zfs/parameters/zfs_arc_max'], '0')
  assert.not.match(scene.text('/boot/initrd.img-6.17.2-1-pve') ?? '', 'zfs_arc_max')
  assert.is(scene.host.state.packages?.htop?.status, 'installed', 'packages stay')
})

test('cut off between the file and the initial RAM disk, the next run goes on', async () => {
  const scene = new Scene({ zfs: { arc_max_gb: 8 } })
  scene.host.orders.add(['update-initramfs'], { kind: 'fail', answer: { exitCode: 1, stdout: '', stderr: 'no space' } })
  await scene.run(1)
  assert.not.match(scene.text('/boot/initrd.img-6.17.2-1-pve') ?? '', 'zfs_arc_max')
  assert.ok((await scene.converge()).commands.some((line) => line.startsWith('update-initramfs')))
  assert.match(scene.text('/boot/initrd.img-6.17.2-1-pve') ?? '', 'zfs_arc_max')
})

test('a renamed node waits for the reboot, after which Proxmox VE has the new name', async () => {
  const scene = new Scene({ ...everything, network: { ...everything.network, hostname: 'phoenix' } })
  const { summary } = await scene.run()
  assert.match(summary.rebootRequired.join(), 'it takes the name phoenix when the host starts')
  assert.is(scene.host.state.hostname, 'phoenix')
  assert.match(scene.text('/etc/hosts') ?? '', '10.0.0.13 phoenix.example.internal phoenix')
  assert.match(scene.text('/etc/hosts') ?? '', '10.0.0.13 pve.example.internal pve', "the installer's line stays")
  await scene.sim('sim reboot')
  assert.equal((await scene.run()).summary.rebootRequired, [])
  await scene.nothingToDo()
})

test('a node with guests is not renamed, and neither is one of a cluster', async () => {
  const guests = new Scene({ network: { hostname: 'other' } })
  await guests.write('/etc/pve/lxc/101.conf', 'arch: amd64\n')
  assert.match(await guests.refused(), 'not renamed while it has guests or is in a cluster: container 101')
  const cluster = new Scene({ network: { hostname: 'other' } })
  await cluster.write('/etc/pve/corosync.conf', 'nodelist {}\n')
  assert.match(await cluster.refused(), 'it is in a cluster')
  const same = new Scene({ network: { hostname: 'pve' } })
  await same.write('/etc/pve/lxc/101.conf', 'arch: amd64\n')
  await same.nothingToDo()
})

test('what can be known to fail is refused before anything is touched', async () => {
  const wrong: Readonly<Record<string, [typeof everything, string]>> = {
    zone: [{ timezone: 'Europe/Nowhere' }, 'has no zone Europe/Nowhere'],
    package: [{ host: { packages: ['nosuch', 'htop'] } }, 'no repository of this host has a package nosuch'],
    sysctl: [{ host: { sysctl: { 'vm.swapiness': 1 } } }, 'has no setting vm.swapiness'],
    arc: [{ zfs: { arc_max_gb: 4096 } }, "more than the host's memory"],
    'small arc': [{ zfs: { arc_max_gb: 0.01 } }, 'less than 64 MiB'],
  }
  for (const [what, [config, why]] of Object.entries(wrong)) {
    const scene = new Scene(config)
    const before = JSON.stringify(scene.host.state)
    assert.match(await scene.refused(), why, what)
    await scene.run(3)
    assert.is(JSON.stringify(scene.host.state), before)
  }
})

test("a limit below ZFS's lower one takes that along, or ZFS ignores it", async () => {
  const scene = new Scene({ zfs: { arc_max_gb: 2 } })
  await scene.converge()
  const effective = async (): Promise<string> =>
    /^c_max .* (\d+)$/m.exec(await scene.sim('cat /proc/spl/kstat/zfs/arcstats'))?.[1] ?? ''
  assert.is(await effective(), String(2 * 2 ** 30))
  await scene.sim('sim reboot')
  assert.is(await effective(), String(2 * 2 ** 30))
  await scene.nothingToDo()
})

test('a limit of the installer is told, and the one of phx holds', async () => {
  const scene = new Scene({ zfs: { arc_max_gb: 8 } })
  await scene.write('/etc/modprobe.d/zfs.conf', 'options zfs zfs_arc_max=4294967296\n')
  assert.match(await scene.notes(), 'zfs.conf limits it to 4 GiB')
  await scene.converge()
  await scene.sim('sim reboot')
  assert.is(scene.host.state.system?.parameters?.['/sys/module/zfs/parameters/zfs_arc_max'], String(8 * 2 ** 30))
  scene.config = { zfs: { arc_max_gb: 0 } }
  await scene.converge()
  assert.is(scene.host.state.system?.parameters?.['/sys/module/zfs/parameters/zfs_arc_max'], String(4 * 2 ** 30))
})

test.run()

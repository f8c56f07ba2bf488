/** The nvidia step on the simulated host, from bare GPU to nothing left to do. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { pending } from '../../lib/resources/file/initramfs.ts'
import { nouveauFile } from '../../lib/resources/nvidia/nouveau.ts'
import { driver, gpu, runfileOf, runfilePath, type Scene, scene, sha256 } from './scene.ts'

test('nouveau has the GPU: blacklisted, reboot required, and the run after the reboot goes on', async () => {
  const host = scene(driver('580.76.05'))
  await host.plug('580.76.05')
  const first = await host.run(0)
  assert.match(first.commands.join('\n'), 'update-initramfs -u -k all')
  assert.not.match(first.commands.join('\n'), 'sh /root/NVIDIA.run')
  assert.match(first.summary.rebootRequired.join(), `nouveau drives the GPU at ${gpu}`)
  assert.is(await host.standing(), 'reboot required')
  assert.equal((await host.run(0)).commands, [])

  await host.sim('sim reboot')
  const second = await host.run(0)
  assert.equal(second.commands, [
    `sh ${runfilePath} --silent --dkms --no-x-check --kernel-module-type=open`,
    'systemctl daemon-reload',
    'systemctl enable phx-nvidia.service',
    'systemctl start phx-nvidia.service',
  ])
  assert.match(await host.sim('nvidia-smi -L'), gpu)
  assert.is(await host.standing(), 'up to date')
  assert.equal((await host.run(0)).commands, [])
  await host.sim('sim reboot')
  assert.equal((await host.run(0)).commands, [])
  assert.match(await host.sim('systemctl is-active phx-nvidia.service'), 'active')
})

test('a run cut off before the initramfs was made anew: the next one makes it', async () => {
  const host = scene(driver('580.76.05'))
  await host.plug('580.76.05')
  await host.run(0)
  const text = await host.sim(`cat ${nouveauFile}`)
  await host.sim(`sim write ${nouveauFile}`, text.replace('\n', `\n${pending}\n`))
  assert.equal((await host.run(0)).commands, ['update-initramfs -u -k all'])
  assert.equal((await host.run(0)).commands, [])
})

test('--reboot: phx reboots at the end of the run, once, and the next one goes on', async () => {
  const host = scene(driver('580.76.05'))
  await host.plug('580.76.05')
  const first = await host.run(0, '--reboot')
  assert.is(first.summary.rebooting, true)
  const second = await host.run(0, '--reboot')
  assert.is(second.summary.rebooting, false)
  assert.match(second.commands.join('\n'), `sh ${runfilePath}`)
  assert.equal((await host.run(0)).commands, [])
})

/** A host on which the driver is installed and loaded. */
async function installed(version = '580.76.05'): Promise<Scene> {
  const host = scene(driver(version))
  await host.plug(version, 'none')
  await host.run(0)
  assert.is(await host.standing(), 'up to date')
  return host
}

test('a new kernel without its module is found by the plan, before it boots', async () => {
  const host = await installed()
  await host.upgradeKernel()
  const { changes, reason } = await host.task()
  assert.is(reason.standing, 'drifted')
  assert.match(changes[0]?.summary ?? '', 'build NVIDIA driver 580.76.05 for kernel 6.17.4-1-pve, which boots next')
  const { commands } = await host.run(0)
  assert.equal(commands, ['dkms install -m nvidia -v 580.76.05 -k 6.17.4-1-pve'])
  await host.sim('sim reboot')
  assert.is(await host.standing(), 'up to date')
  assert.equal((await host.run(0)).commands, [])
})

test('a kernel whose headers are missing gets them first', async () => {
  const host = await installed()
  await host.sim('sim write /boot/vmlinuz-6.14.11-4-pve')
  const { commands } = await host.run(0)
  assert.match(commands[0] ?? '', 'apt-get', 'the headers first')
  assert.match(commands[0] ?? '', / proxmox-headers-6\.14\.11-4-pve$/)
  assert.is(commands.at(-1), 'dkms install -m nvidia -v 580.76.05 -k 6.14.11-4-pve')
  assert.equal((await host.run(0)).commands, [])
})

test('a build that fails is told with the place of its log, and goes on where it stopped', async () => {
  const host = await installed()
  await host.sim('sim break-build 580.76.05 6.17.4-1-pve')
  await host.upgradeKernel()
  const { said } = await host.run(1)
  assert.match(said, 'dkms ended with exit code 10')
  assert.match(said, '/var/lib/dkms/nvidia/580.76.05/build/make.log')
})

test('a module that is not what was built is put there again', async () => {
  const host = await installed()
  await host.sim('sim write /lib/modules/6.17.2-1-pve/updates/dkms/nvidia.ko', 'version: 580.76.05\nof someone else\n')
  const { commands } = await host.run(0)
  assert.equal(commands, ['dkms install -m nvidia -v 580.76.05 -k 6.17.2-1-pve --force'])
})

test('another version: disruptive, installed over the loaded one, which the reboot replaces', async () => {
  const host = await installed('570.133.07')
  await host.sim(`sim write ${runfilePath}`, runfileOf('580.76.05'))
  host.declare(driver('580.76.05'))
  const { changes } = await host.task()
  assert.is(changes[0]?.risk, 'disruptive')
  const { commands, summary } = await host.run(0)
  assert.match(commands[0] ?? '', '--allow-installation-with-running-driver')
  assert.equal(summary.rebootRequired, ['driver 570.133.07 is loaded, 580.76.05 is installed: the reboot loads it'])
  await host.sim('sim reboot')
  assert.equal((await host.run(0)).commands, [])
  assert.is(await host.standing(), 'up to date')
})

test('a driver that nobody loaded is loaded', async () => {
  const host = await installed()
  await host.sim('modprobe -r nvidia')
  assert.equal((await host.run(0)).commands, ['modprobe nvidia'])
})

test('from a URL: asked for in the plan, fetched beside its place, checked, renamed', async () => {
  const url = 'https://downloads.example.com/NVIDIA-Linux-x86_64-580.76.05.run'
  const declared = {
    install: true,
    version: '580.76.05',
    runfile_url: url,
    runfile_sha256: sha256(runfileOf('580.76.05')),
  }
  const host = scene(declared)
  await host.sim(`sim plug-gpu ${gpu} none`)
  const unreachable = await host.task()
  assert.match(unreachable.refusals[0]?.why ?? '', `the runfile can't be fetched from ${url}: curl: (6)`)

  await host.sim(`sim serve ${url}`, 'an error page')
  const { said, commands } = await host.run(1)
  assert.match(said, `its SHA-256 is ${sha256('an error page')}, declared is ${declared.runfile_sha256}`)
  assert.not.match(commands.join('\n'), /^(sh|mv) /m)

  await host.sim(`sim serve ${url}`, runfileOf('580.76.05'))
  const second = await host.run(0)
  const cached = '/var/cache/phx/NVIDIA-Linux-580.76.05.run'
  assert.match(second.commands.join('\n'), `mv ${cached}.part ${cached}\nsh ${cached} --silent`)
  assert.equal((await host.run(0)).commands, [])
  await host.sim(`rm ${cached}`)
  assert.equal((await host.run(0)).commands, [], 'nobody needs it once the driver is installed')
})

test("Debian's packages, on a kernel that they build for", async () => {
  const host = scene({ install: true, version: '550.163.01', source: 'apt' })
  await host.sim(`sim plug-gpu ${gpu} none`)
  await host.sim('sim write /boot/vmlinuz-6.14.11-4-pve')
  await host.sim('proxmox-boot-tool kernel pin 6.14.11-4-pve')
  const first = await host.run(0)
  assert.match(
    first.summary.rebootRequired.join(),
    'does not build for kernel 6.17.2-1-pve, which runs, but for 6.14.11-4-pve',
  )
  await host.sim('sim reboot')
  const { commands } = await host.run(0)
  assert.match(commands[0] ?? '', / nvidia-open-kernel-dkms nvidia-smi nvidia-modprobe$/)
  assert.equal((await host.run(0)).commands, [])

  host.declare({ install: true, version: '580.76.05', source: 'apt' })
  assert.match((await host.task()).refusals[0]?.why ?? '', 'apt offers nvidia-open-kernel-dkms 550.163.01')
})

test('without a GPU, or with none for the host, there is nothing to do', async () => {
  const host = scene(driver('580.76.05', { passthrough: [gpu] }))
  assert.match((await host.task()).notes.map(({ text }) => text).join(), 'the host has no NVIDIA GPU')
  await host.sim(`sim plug-gpu ${gpu} vfio-pci`)
  const { changes, refusals, notes } = await host.task()
  assert.equal([...changes, ...refusals], [])
  assert.match(notes.map(({ text }) => text).join(), 'every NVIDIA GPU of the host is for passthrough')
  await host.sim(`sim plug-gpu ${gpu} nvidia`)
  const held = (await host.task()).notes
  assert.match(
    held.map(({ text }) => text).join(),
    `the GPU at ${gpu} is for passthrough, and the host's driver has it now`,
  )
})

test('no longer declared: nothing is uninstalled, and that is said', async () => {
  const host = await installed()
  for (const declared of [undefined, { install: false }]) {
    host.declare(declared)
    const { changes, notes } = await host.task()
    assert.equal(changes, [])
    assert.match(notes[0]?.text ?? '', "driver 580.76.05 of NVIDIA's runfile stays")
  }
})

test.run()

/** What the nvidia step refuses, with nothing touched; and the incidents of the scripts that phx replaces, by name. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { NvidiaDriver } from '../../lib/config/generated/types.ts'
import { driver, gpu, runfileOf, runfilePath, Scene, sha256 } from './scene.ts'

async function refused(declared: NvidiaDriver, set: (host: Scene) => Promise<unknown>): Promise<string> {
  const host = new Scene(declared)
  try {
    await host.plug('580.76.05', 'none')
    await set(host)
    const { commands, said } = await host.run(3)
    assert.equal(commands, [])
    const { refusals } = await host.task()
    assert.ok(refusals.every(({ mend }) => mend.length > 0))
    return `${refusals.map(({ why, mend }) => [why, ...mend].join('\n')).join('\n')}\n${said}`
  } finally {
  }
}

test('a GPU that vfio has, or will have from the next boot on', async () => {
  const bound = await refused(driver('580.76.05'), (host) => host.sim(`sim plug-gpu ${gpu} vfio-pci`))
  assert.match(bound, `the GPU at ${gpu} (10de:2204) is bound to vfio-pci`)
  assert.match(bound, `"passthrough": ["${gpu}"]`)
  const claimed = await refused(driver('580.76.05'), (host) =>
    host.sim('sim write /etc/modprobe.d/vfio.conf', 'options vfio-pci ids=10de:2204,10de:1aef disable_vga=1\n'),
  )
  assert.match(claimed, '/etc/modprobe.d/vfio.conf gives every 10de:2204 to vfio-pci')
})

test('incident: the vfio step blacklisted nvidia before the nvidia step installed it', async () => {
  const said = await refused(driver('580.76.05'), (host) =>
    host.sim('sim write /etc/modprobe.d/blacklist.conf', 'blacklist nouveau\nblacklist nvidia\n'),
  )
  assert.match(said, '/etc/modprobe.d/blacklist.conf says "blacklist nvidia"')
})

test('a driver and a kernel known not to build, before anything is purged', async () => {
  const text = runfileOf('550.163.01')
  const said = await refused(driver('550.163.01'), (host) => host.sim(`sim write ${runfilePath}`, text))
  assert.match(said, 'driver 550.163.01 is known not to build for kernel 6.17.2-1-pve')
  assert.match(said, 'NVIDIA/open-gpu-kernel-modules#1143')
})

test('the runfile is not there, or is another one', async () => {
  assert.match(
    await refused(driver('580.76.05'), (host) => host.sim(`rm ${runfilePath}`)),
    `the runfile ${runfilePath} is not on the host`,
  )
  const cut = await refused(driver('580.76.05'), (host) => host.sim(`sim write ${runfilePath}`, 'cut off'))
  assert.match(cut, `its SHA-256 is ${sha256('cut off')}`)
})

test('a runfile with the declared checksum, and of another version than the declared one', async () => {
  const declared = driver('590.48.01', { runfile_sha256: sha256(runfileOf('580.76.05')) })
  const said = await refused(declared, async () => {})
  assert.match(said, `${runfilePath} is the runfile of driver 580.76.05, and 590.48.01 is declared`)
})

test('incident: an apt driver on the host and a runfile over it, so that versions clashed', async () => {
  const packages = await refused(driver('580.76.05'), (host) => host.sim('apt-get install -y nvidia-open-kernel-dkms'))
  assert.match(packages, 'nvidia-open-kernel-dkms 550.163.01 is installed, while "runfile" is declared')
  assert.match(packages, 'apt-get purge nvidia-open-kernel-dkms')
  const runfile = await refused({ install: true, version: '550.163.01', source: 'apt' }, async (host) => {
    host.declare(driver('580.76.05'))
    await host.run(0)
    host.declare({ install: true, version: '550.163.01', source: 'apt' })
  })
  assert.match(runfile, "driver 580.76.05 was installed by NVIDIA's runfile")
})

test('incident: the nvidia step rebooted in the middle of setup, and nothing resumed', async () => {
  const host = new Scene(driver('580.76.05'))
  await host.plug('580.76.05')
  const { commands, summary } = await host.run(0)
  assert.not.match(commands.join('\n'), 'reboot')
  assert.is(summary.rebooting, false)
  assert.is(summary.rebootRequired.length, 1)
  await host.sim('sim reboot')
  assert.match((await host.run(0)).commands.join('\n'), `sh ${runfilePath}`)
})

test('incident: built for the running kernel alone, then rebooted into the new one: driver gone', async () => {
  const host = new Scene(driver('580.76.05'))
  await host.plug('580.76.05', 'none')
  await host.upgradeKernel()
  const { commands } = await host.run(0)
  assert.match(commands.join('\n'), 'dkms install -m nvidia -v 580.76.05 -k 6.17.4-1-pve')
  await host.sim('sim reboot')
  assert.match(await host.sim('nvidia-smi -L'), gpu)
  assert.equal((await host.run(0)).commands, [])
})

test('incident: no repair of a wrong version, because nvidia-smi was there', async () => {
  const host = new Scene(driver('570.133.07'))
  await host.plug('570.133.07', 'none')
  await host.run(0)
  await host.sim(`sim write ${runfilePath}`, runfileOf('580.76.05'))
  host.declare(driver('580.76.05'))
  assert.match(await host.sim('nvidia-smi -L'), gpu, 'it answers, with the old driver')
  const [change] = (await host.task()).changes
  assert.match(change?.summary ?? '', 'install NVIDIA driver 580.76.05 over 570.133.07')
})

test('incident: the unit for the GPUs was never compared once it was there', async () => {
  const host = new Scene(driver('580.76.05'))
  await host.plug('580.76.05', 'none')
  await host.run(0)
  const file = '/etc/systemd/system/phx-nvidia.service'
  const text = await host.sim(`cat ${file}`)
  await host.sim(`sim write ${file}`, text.replace('Before=pve-guests.service', 'After=pve-guests.service'))
  assert.equal((await host.run(0)).commands, ['systemctl daemon-reload'])
  assert.is(await host.sim(`cat ${file}`), text)
})

test('Secure Boot is told, with what the console is needed for', async () => {
  const host = new Scene(driver('580.76.05'))
  await host.plug('580.76.05', 'none')
  const variable = '/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c'
  await host.sim('mkdir -p /sys/firmware/efi/efivars')
  await host.sim(`sim write ${variable}`, '\u0006\0\0\0\0')
  assert.equal((await host.task()).notes, [])
  await host.sim(`sim write ${variable}`, '\u0006\0\0\0\u0001')
  assert.match((await host.task()).notes.map(({ text }) => text).join(), 'mokutil --import /var/lib/dkms/mok.pub')
})

test.run()

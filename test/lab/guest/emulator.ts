/**
 * What QEMU is on Proxmox VE: `lab-emulator VMID` boots the Debian on the machine's first disk with systemd-nspawn, with
 * cards of its own on the host's bridges, the cloud-init drive as a block device, and the agent's channel. It ends when
 * the guest has shut down. SIGTERM is the power button, SIGHUP the reset button.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, realpathSync, renameSync, writeFileSync } from 'node:fs'
import { openChannel } from './channel.ts'
import type { Hardware } from './hardware.ts'

const vmid = process.argv[2] ?? ''
const folder = `/run/lab-qm/${vmid}`
const [root, agent] = [`${folder}/root`, `${folder}/agent`]
const net = `vm-${vmid}`

function call(...[tool = '', ...args]: readonly string[]): void {
  execFileSync(tool, args, { stdio: ['ignore', 'inherit', 'inherit'] })
}

function plugIn({ disk, cards }: Hardware): void {
  for (const path of [root, agent, '/run/qemu-server']) mkdirSync(path, { recursive: true })
  call('mount', disk, root)
  // What cloud-init's growpart and resizefs do inside of a real machine; in a container they leave disks alone.
  call('resize2fs', disk)
  call('ip', 'netns', 'add', net)
  for (const { name, tap, address, bridge } of cards) {
    call('ip', 'link', 'add', tap, 'type', 'veth', 'peer', 'name', name, 'address', address, 'netns', net)
    call('ip', 'link', 'set', tap, 'master', bridge, 'up')
  }
}

/**
 * CAP_SYS_ADMIN it has by itself: for mounts. `--keep-unit`: whoever kills the unit kills the guest. Not `--network-namespace-path`: the
 * guest's /sys would show the cards of the host, and cloud-init not find its own (seen: systemd 257).
 */
const boot = ({ others }: Hardware): ChildProcess =>
  spawn(
    'nsenter',
    [
      ...[`--net=/run/netns/${net}`, 'systemd-nspawn', '--quiet', '--boot', `--directory=${root}`],
      ...[
        `--machine=vm-${vmid}`,
        '--console=read-only',
        '--keep-unit',
        '--capability=CAP_NET_ADMIN',
        `--bind=${agent}:/run/phx-ga`,
      ],
      // Without /dev/autofs systemd knows no automount units.
      ...[...others, '/dev/autofs'].map((device) => `--bind=${realpathSync(device)}`),
      ...['--resolv-conf=off', '--timezone=off', '--link-journal=no'],
    ],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  )

const hardware: Hardware = JSON.parse(readFileSync(`${folder}/hardware.json`, 'utf8'))
plugIn(hardware)
await openChannel(`/run/qemu-server/${vmid}.qga`, `${agent}/agent`)
/** What systemd-nspawn ends with when the guest rebooted. */
const rebooted = 133
let isReset = false
let guest = boot(hardware)
process.on('SIGTERM', () => guest.kill('SIGTERM'))
process.on('SIGHUP', () => {
  isReset = true
  guest.kill('SIGKILL')
})
writeFileSync(`${folder}/pid`, `${process.pid}\n`)
renameSync(`${folder}/pid`, `/run/qemu-server/${vmid}.pid`)
for (;;) {
  const [code] = await once(guest, 'exit')
  if (!isReset && code !== rebooted) process.exit(code ?? 1)
  isReset = false
  guest = boot(hardware)
}

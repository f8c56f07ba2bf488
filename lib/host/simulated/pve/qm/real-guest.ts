/**
 * The power of a machine in the lab: its emulator is a unit of systemd's, lab-vm-VMID, which runs test/lab/guest/emulator.ts.
 * As QEMU's, its pid file stands in /run/qemu-server as long as the machine runs.
 */
import { statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Hardware } from '../../../../../test/lab/guest/hardware.ts'
import { splitId, volumeNamed } from '../guest-volumes.ts'
import { parseKeys } from '../property-string.ts'
import { realMachine } from '../real-machine.ts'
import { Refusal, type Voice } from '../surroundings.ts'
import { loadMachine } from './config.ts'
import { netKeys } from './device-keys.ts'
import { drivesOf, fileOf, isCdrom } from './drives.ts'
import type { Emulator } from './machine.ts'
import { pathOf } from './volumes.ts'

const pidFile = (vmid: string): string => `/run/qemu-server/${vmid}.pid`
const folderOf = (vmid: string): string => `/run/lab-qm/${vmid}`
const unitOf = (vmid: string): string => `lab-vm-${vmid}.service`

/** Built beside this program. */
const program = (): string => fileURLToPath(new URL('lab-emulator.mjs', import.meta.url))

const silent: Voice = { out: () => undefined, warn: () => undefined }

export const pause = (ms: number): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

export function emulatorOf(vmid: string): Emulator | null {
  const text = realMachine.readFile(pidFile(vmid))
  const stat = statSync(pidFile(vmid), { throwIfNoEntry: false })
  if (text === null || stat === undefined) return null
  return { pid: Number(text), since: Math.trunc(stat.mtimeMs / 1000) }
}

/** Returns once the machine runs, as qm does; its system is far from being up then. */
export function start(vmid: string): void {
  const folder = folderOf(vmid)
  realMachine.writeFile(`${folder}/hardware.json`, JSON.stringify(hardwareOf(vmid)), 0o600)
  realMachine.writeFile(`${folder}/unplug`, unplug(vmid), 0o700)
  const properties = [`ExecStopPost=/bin/sh ${folder}/unplug`, 'TimeoutStopSec=20', 'Delegate=yes']
  const { exitCode, stderr } = realMachine.run([
    ...['systemd-run', '--quiet', '--collect', `--unit=${unitOf(vmid)}`],
    ...properties.map((property) => `--property=${property}`),
    ...[process.execPath, program(), vmid],
  ])
  if (exitCode !== 0) throw new Refusal(`start failed: ${stderr}`)
  while (!realMachine.exists(pidFile(vmid))) {
    const state = realMachine.run(['systemctl', 'is-active', unitOf(vmid)]).stdout.trim()
    if (state !== 'active') throw new Refusal(`start failed: ${lastWords(vmid)}\n`)
    pause(100)
  }
}

function hardwareOf(vmid: string): Hardware {
  const { values } = loadMachine(realMachine, silent, vmid)
  const drives = drivesOf(values).flatMap(([, drive]) => {
    if (splitId(fileOf(drive)) === null) return []
    return [{ path: pathOf(volumeNamed(realMachine, silent, fileOf(drive))), isCdrom: isCdrom(drive) }]
  })
  const disk = drives.find((drive) => !drive.isCdrom)
  if (disk === undefined)
    throw new Refusal('start failed: the lab boots a machine from its first disk, and it has none\n')
  const cards = [...values].flatMap(([key, text]) => {
    const number = /^net(\d+)$/.exec(key)?.[1]
    const card = number === undefined ? '' : parseKeys('', netKeys, text)
    if (number === undefined || typeof card === 'string') return []
    const bridge = card.get('bridge') ?? ''
    if (!realMachine.exists(`/sys/class/net/${bridge}/bridge`)) throw new Refusal(`bridge '${bridge}' does not exist\n`)
    return [{ name: `eth${number}`, tap: `tap${vmid}i${number}`, address: card.get('macaddr') ?? '', bridge }]
  })
  return { disk: disk.path, others: drives.filter((drive) => drive !== disk).map(({ path }) => path), cards }
}

/** Whatever way the emulator ended; its pid file goes last. */
const unplug = (vmid: string): string => `cd /
for i in $(seq 100); do
  mountpoint -q ${folderOf(vmid)}/root || break
  umount ${folderOf(vmid)}/root 2>/dev/null || sleep 0.1
done
ip netns del vm-${vmid}
# What a systemd-nspawn that was killed leaves, and refuses to start over.
umount /run/systemd/nspawn/unix-export/vm-${vmid} 2>/dev/null
rmdir /run/systemd/nspawn/unix-export/vm-${vmid} 2>/dev/null
rm -rf --one-file-system ${folderOf(vmid)}
rm -f /run/qemu-server/${vmid}.qga ${pidFile(vmid)}
`

const lastWords = (vmid: string): string =>
  realMachine.run(['journalctl', '-u', unitOf(vmid), '-o', 'cat', '-n', '5', '--no-pager']).stdout.trim()

const signal = (vmid: string, name: string, whom: string): void => {
  realMachine.run(['systemctl', 'kill', `--signal=${name}`, `--kill-whom=${whom}`, unitOf(vmid)])
}

/** Returns once it stands. */
export function stop(vmid: string): void {
  if (emulatorOf(vmid) === null) return
  signal(vmid, 'KILL', 'all')
  for (let waited = 0; waited < 300 && emulatorOf(vmid) !== null; waited++) pause(100)
  if (emulatorOf(vmid) !== null) throw new Refusal(`VM ${vmid} still runs 30 s after it was killed\n`)
}

export const pressPowerButton = (vmid: string): void => signal(vmid, 'TERM', 'main')
export const reset = (vmid: string): void => signal(vmid, 'HUP', 'main')

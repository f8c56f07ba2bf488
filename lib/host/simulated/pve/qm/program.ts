/**
 * qm as a program, for the lab's VM: its volumes are real, and a machine that runs is a real Debian on them, with a card
 * on a real bridge and a real guest agent (real-guest.ts).
 */
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { answerWith, realMachine } from '../real-machine.ts'
import type { Ran } from '../surroundings.ts'
import { qmCall } from './command.ts'
import type { CloudInitImage, VmMachine } from './machine.ts'
import { askRealAgent } from './real-agent.ts'
import * as guest from './real-guest.ts'

/** The links to a new zvol come a moment after it, and udev still looks at one that is to go: real PVE waits for both, too. */
function run(argv: readonly string[]): Ran {
  const isLooked = argv.some((word) => word.startsWith('/dev/zvol/'))
  if (isLooked || (argv[0] === 'zfs' && /^(destroy|rename)$/.test(argv[1] ?? '')))
    realMachine.run(['udevadm', 'settle'])
  return realMachine.run(argv)
}

/** As qm does it: genisoimage of a folder, copied by qemu-img. */
function writeCloudInit(vmid: string, { path, format, label, files }: CloudInitImage): void {
  const folder = `/run/lab-qm/cloudinit-${vmid}`
  for (const [name, text] of Object.entries(files)) realMachine.writeFile(`${folder}${name}`, text, 0o600)
  const iso = `${folder}.iso`
  execFileSync('genisoimage', ['-quiet', '-iso-level', '3', '-J', '-R', '-V', label, '-o', iso, folder])
  const { exitCode, stderr } = run(['qemu-img', 'convert', '-n', '-f', 'raw', '-O', format, iso, path])
  execFileSync('rm', ['-r', folder, iso])
  if (exitCode !== 0) throw new Error(stderr)
}

const machine: VmMachine = {
  ...realMachine,
  run,
  guests: { agent: (vmid, command, args) => (guest.emulatorOf(vmid) ? askRealAgent(vmid, command, args) : null) },
  processors: availableParallelism(),
  isRunning: (vmid) => guest.emulatorOf(vmid) !== null,
  emulatorOf: guest.emulatorOf,
  start: guest.start,
  stop: guest.stop,
  pressPowerButton: guest.pressPowerButton,
  reset: guest.reset,
  writeCloudInit,
  forget: () => undefined,
  encrypt: (password) =>
    execFileSync('openssl', ['passwd', '-5', '-stdin'], { input: password, encoding: 'utf8' }).trim(),
  wait: (seconds) => guest.pause(seconds * 1000),
  chance: (digits) => randomBytes(digits / 2).toString('hex'),
  now: () => Math.trunc(Date.now() / 1000),
}

const readers = new Set(['agent', 'config', 'guest', 'list', 'listsnapshot', 'pending', 'status', 'wait'])

const args = process.argv.slice(2)
await answerWith(() => qmCall(machine, args, () => readFileSync(0)), readers.has(args[0] ?? '') ? null : 'qm')

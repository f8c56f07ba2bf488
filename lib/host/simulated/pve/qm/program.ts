/**
 * qm as a program, for the lab's VM: its volumes are real, its machines are files of configuration with a mark for those
 * that run, and nobody lives in there.
 */
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { answerWith, realMachine } from '../real-machine.ts'
import { qmCall } from './command.ts'
import type { CloudInitImage, Emulator, VmMachine } from './machine.ts'

const mark = (vmid: string): string => `/run/lab-qm/${vmid}`
const now = (): number => Math.trunc(Date.now() / 1000)

function emulatorOf(vmid: string): Emulator | null {
  const text = realMachine.readFile(mark(vmid))
  return text === null ? null : JSON.parse(text)
}

/** As qm does it: genisoimage of a folder, copied by qemu-img. */
function writeCloudInit(vmid: string, { path, format, label, files }: CloudInitImage): void {
  const folder = `/run/lab-qm/cloudinit-${vmid}`
  for (const [name, text] of Object.entries(files)) realMachine.writeFile(`${folder}${name}`, text, 0o600)
  const iso = `${folder}.iso`
  execFileSync('genisoimage', ['-quiet', '-iso-level', '3', '-J', '-R', '-V', label, '-o', iso, folder])
  execFileSync('qemu-img', ['convert', '-n', '-f', 'raw', '-O', format, iso, path])
  execFileSync('rm', ['-r', folder, iso])
}

const machine: VmMachine = {
  ...realMachine,
  guests: { agent: () => null },
  processors: availableParallelism(),
  isRunning: (vmid) => emulatorOf(vmid) !== null,
  emulatorOf,
  start: (vmid) => realMachine.writeFile(mark(vmid), JSON.stringify({ pid: process.pid, since: now() }), 0o644),
  stop: (vmid) => realMachine.remove(mark(vmid)),
  pressPowerButton: (vmid) => realMachine.remove(mark(vmid)),
  reset: () => undefined,
  writeCloudInit,
  forget: () => undefined,
  encrypt: (password) =>
    execFileSync('openssl', ['passwd', '-5', '-stdin'], { input: password, encoding: 'utf8' }).trim(),
  wait: (seconds) => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, seconds * 1000)
  },
  chance: (digits) => randomBytes(digits / 2).toString('hex'),
  now,
}

const args = process.argv.slice(2)
const readers = new Set(['agent', 'config', 'guest', 'list', 'listsnapshot', 'pending', 'status', 'wait'])
await answerWith(() => qmCall(machine, args, () => readFileSync(0, 'utf8')), readers.has(args[0] ?? '') ? null : 'qm')

/** pct as a program, for the lab's VM: its datasets are real, its containers are files of configuration and never start anything. */
import { randomBytes } from 'node:crypto'
import { answerWith, realMachine } from '../real-machine.ts'
import { pctCall } from './command.ts'
import type { ContainerMachine } from './machine.ts'

const running = (vmid: string): string => `/run/lab-pct/${vmid}`

const machine: ContainerMachine = {
  ...realMachine,
  isRunning: (vmid) => realMachine.exists(running(vmid)),
  setRunning: (vmid, isRunning) => {
    if (isRunning) realMachine.writeFile(running(vmid), '', 0o644)
    else realMachine.remove(running(vmid))
  },
  chance: (digits) => randomBytes(digits / 2).toString('hex'),
  now: () => Math.trunc(Date.now() / 1000),
}

const args = process.argv.slice(2)
const readers = new Set(['config', 'list', 'listsnapshot', 'pending', 'status'])
await answerWith(() => pctCall(machine, args), readers.has(args[0] ?? '') ? null : 'pct')

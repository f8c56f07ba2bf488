/** pct as a program, for the lab's VM: its configurations are files, its datasets and its containers are real. */
import { randomBytes } from 'node:crypto'
import { answerWith, realMachine } from '../real-machine.ts'
import { pctCall } from './command.ts'
import { lxcContainers } from './lxc.ts'
import type { ContainerMachine } from './machine.ts'

const machine: ContainerMachine = {
  ...realMachine,
  ...lxcContainers(realMachine),
  chance: (digits) => randomBytes(digits / 2).toString('hex'),
  now: () => Math.trunc(Date.now() / 1000),
}

const args = process.argv.slice(2)
const [verb = '', vmid] = args
/** A command in a container may take long, and waits for nobody. */
const free = new Set(['config', 'exec', 'list', 'listsnapshot', 'pending', 'pull', 'push', 'status'])
await answerWith(() => pctCall(machine, args), free.has(verb) ? null : `pct ${vmid}`)

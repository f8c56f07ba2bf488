/** pvesm as a program, for the lab's VM: `node pvesm.js ARGS…`, standard input for a password. */
import { readFileSync } from 'node:fs'
import { pvesmCall } from './command.ts'
import { answerWith, realMachine } from './real-machine.ts'

const writers = new Set(['add', 'set', 'remove', 'alloc', 'free'])

const args = process.argv.slice(2)
await answerWith(
  () => pvesmCall(realMachine, args, () => readFileSync(0, 'utf8')),
  writers.has(args[0] ?? '') ? 'file-storage_cfg' : null,
)

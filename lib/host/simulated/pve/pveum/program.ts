/** pveum as a program, for the lab's VM: `node pveum.js ARGS…`, standard input for a password. */
import { readFileSync } from 'node:fs'
import { answerWith, realMachine } from '../real-machine.ts'
import { pveumCall } from './command.ts'

const args = process.argv.slice(2)
const isReader = args.includes('list')
await answerWith(() => pveumCall(realMachine, args, () => readFileSync(0, 'utf8')), isReader ? null : 'file-user_cfg')

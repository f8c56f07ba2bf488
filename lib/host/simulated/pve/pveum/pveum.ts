/** pveum of the simulated host. */
import type { Tool } from '../../tool.ts'
import { simulatedMachine } from '../machine.ts'
import { pveumCall } from './command.ts'

/** It calls no other tool. */
export const pveum: Tool = (state, { args, stdin }) => pveumCall(simulatedMachine(state, {}), args, () => stdin)

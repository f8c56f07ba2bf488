/** What pct needs of the machine: containers that can be started and stopped. */
import type { ToolAnswer } from '../../tool.ts'
import type { GuestMachine } from '../guest-machine.ts'

export interface ContainerMachine extends GuestMachine {
  setRunning(vmid: string, running: boolean): void
  /** lxc-attach(1): a command in one that runs. Absent where none can run. */
  attach?(vmid: string, argv: readonly string[], stdin: string): ToolAnswer
}

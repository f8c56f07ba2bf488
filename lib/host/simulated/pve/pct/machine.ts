/** What pct needs of the machine: containers that start and stop, and a way into those that run. */
import type { ToolAnswer } from '../../tool.ts'
import type { GuestMachine } from '../guest-machine.ts'

export interface ContainerMachine extends GuestMachine {
  /** As its configuration says it. */
  start(vmid: string): void
  /** As pulling the plug. */
  stop(vmid: string): void
  /** Its system is asked to go down, and is stopped when it doesn't within those seconds, if it may be. */
  shutDown(vmid: string, seconds: number, mayStop: boolean): void
  /** lxc-attach(1): a command in one that runs. A file becomes its standard input; unless told, it is pct's own. */
  attach(vmid: string, argv: readonly string[], file?: string): ToolAnswer
  /** Onto the new root file system of a container whose configuration is written. Absent where disks hold nothing. */
  unpack?(vmid: string, archive: string): void
  /** All files of one volume to another, with their owners. Absent where disks hold nothing. */
  copy?(from: string, to: string): void
  /** Puts an `mpN` into a container that runs. Absent where that sees its configuration as it is at any time. */
  plug?(vmid: string, mount: string): void
}

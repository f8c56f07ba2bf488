/** What pct needs of the machine beyond what pvesm does: containers that run, chance and the time. */
import type { Surroundings } from '../surroundings.ts'

export interface GuestMachine extends Surroundings {
  isRunning(vmid: string): boolean
  setRunning(vmid: string, running: boolean): void
  /** Six hexadecimal digits for a hardware address. */
  chance(): string
  /** Seconds since 1970. */
  now(): number
}

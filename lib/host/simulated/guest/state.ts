/** What a host knows of the systems in its guests, as plain data in its own state. */
import type { Difference } from './difference.ts'

export interface GuestState {
  readonly kind: 'vm' | 'lxc'
  /** The system on its disks, as far as it is not the image any more; null until the guest starts for the first time. */
  disk: Difference | null
  /** Of each of its snapshots. */
  snapshots: Record<string, Difference | null>
  /** While it runs. */
  power?: Power
  faults?: Faults
}

/** Times are the host's, in seconds. */
export interface Power {
  /** Of the last boot. */
  since: number
  /** QEMU gave it a port for the agent when it was started. */
  hasPort: boolean
  /** When everything is up that the boot starts; an agent answers from then on. */
  readyAt: number
  /** Its file systems are frozen, for a snapshot or a backup. */
  isFrozen?: true
  /** When it will have shut itself down, or have started anew. */
  leaving?: { at: number; how: 'down' | 'anew' }
}

/** What a test has ordered to be wrong (`sim guest ID …`). */
export interface Faults {
  /** The image came without qemu-guest-agent. */
  withoutAgent?: true
  /** The agent is stopped; `frozen`: it runs and answers nothing any more. */
  agent?: 'off' | 'frozen'
  /** How cloud-init's next run ends. */
  cloudInit?: 'error' | 'recoverable'
}

/** What the system's tools know that is in no file: the archive behind apt, who holds its lock, the kernel that runs. */
import type { SimState } from '../model.ts'

export interface SystemState {
  /** Versions in the archive that are newer than what the packages' areas say (`sim publish PACKAGE VERSION`). */
  published?: Record<string, string>
  /** `apt-mark hold`, and what a person asked for by name. */
  held?: string[]
  manual?: string[]
  /** Who holds the locks of apt and dpkg (`sim hold-lock apt PID NAME`). */
  aptLock?: { pid: number; name: string; program: string }
  /** Release of the kernel that runs, such as `6.17.2-1-pve`. */
  kernel?: string
  bootId?: string
  /** Of processes that were started here: the next one gets the number after it. */
  lastPid?: number
  /** Values of /proc/sys and of modules' parameters that were set since the host started, by path. */
  parameters?: Record<string, string>
  /** What a download finds, by URL (`sim serve URL`). */
  served?: Record<string, string>
  /** Unit files of the host's own as systemd read them last; they may be other ones by now. */
  unitFiles?: Record<string, string>
}

/** For changing it. */
export function systemOf(state: SimState): SystemState {
  state.system ??= {}
  return state.system
}

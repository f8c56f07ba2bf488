/** A part of the simulated host that is put together from what it brings: its tools, packages, units and kernel files. */
import type { SimState } from './model.ts'
import type { Tool } from './tool.ts'

/** What a Debian package brings. The tools of a package that is not installed are not on the PATH. */
export interface SimPackage {
  readonly version: string
  /** Installed on a fresh Proxmox VE 9 host. */
  readonly preinstalled?: true
  readonly depends?: readonly string[]
  readonly tools?: readonly string[]
  readonly units?: readonly string[]
  /** Files that it makes when it is installed and they are not there (conffiles), by path; a folder's ends in a slash. */
  readonly files?: Readonly<Record<string, string>>
  /** What its postinst does beyond starting its units (which Debian enables and starts on installation). */
  postinst?(state: SimState): void
}

/** How a unit behaves beyond being active or not. A returned text is why it failed, as its status says it. */
export interface SimUnit {
  /** What `systemctl show` says it is; `oneshot` stays `active (exited)`. Simple unless told. */
  readonly type?: 'oneshot'
  /** Without an [Install] section: others start it, and it can't be enabled. */
  readonly static?: true
  /** Other names of it, such as nfs-kernel-server.service. */
  readonly aliases?: readonly string[]
  start?(state: SimState): string | undefined
  stop?(state: SimState): void
  reload?(state: SimState): string | undefined
}

export interface Area {
  readonly tools?: Readonly<Record<string, Tool>>
  readonly packages?: Readonly<Record<string, SimPackage>>
  /** By full name, such as `nfs-server.service`. */
  readonly units?: Readonly<Record<string, SimUnit>>
  /** The text of a file that the kernel makes up, or undefined when the path is none of this area's. */
  virtualFile?(state: SimState, path: string): string | undefined
  /** Writing to such a file (`sysctl`, /sys): the error's text, null when it worked, undefined when it is none of this area's. */
  writeVirtual?(state: SimState, path: string, text: string): string | null | undefined
  /** What a fresh host has of this area. */
  seed?(state: SimState): void
  /** What is otherwise after a reboot (`sim reboot`, `sim power-cut`); units that are enabled are started by the units area. */
  boot?(state: SimState): void
  /** Time has passed: whatever was to happen by now. */
  tick?(state: SimState): void
  /** Events of `sim VERB …`. */
  readonly events?: Readonly<Record<string, (state: SimState, args: readonly string[], stdin: string) => string | null>>
}

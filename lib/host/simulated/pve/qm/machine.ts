/** What qm needs of the machine that it runs on: an emulator for each virtual machine, and whoever lives in there. */
import type { GuestMachine } from '../guest-machine.ts'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
export type JsonObject = { readonly [key: string]: Json }

/** QMP's form: what a command returned, or why it refused. */
export type AgentAnswer =
  | { readonly return: Json }
  | { readonly error: { readonly class: string; readonly desc: string } }

/** The system inside a virtual machine, as its host meets it. */
export interface GuestSystem {
  /**
   * One command of the QEMU guest agent (`guest-ping`, `guest-exec`, `guest-exec-status`, `guest-file-open`, …) with its
   * arguments; null when nobody answers: no agent is in there, or the system isn't up yet.
   */
  agent(vmid: string, command: string, args: JsonObject): AgentAnswer | null
}

export interface Emulator {
  readonly pid: number
  /** Seconds since 1970. */
  readonly since: number
}

export interface VmMachine extends GuestMachine {
  readonly guests: GuestSystem
  /** Of the host: a machine can't have more. */
  readonly processors: number
  /** Null while the machine doesn't run. */
  emulatorOf(vmid: string): Emulator | null
  /** The configuration says with what; it stays as it is while the emulator runs. */
  start(vmid: string): void
  /** As pulling the plug. */
  stop(vmid: string): void
  /** The guest may heed it, sooner or later, and then its emulator ends. */
  pressPowerButton(vmid: string): void
  reset(vmid: string): void
  /** Writes an image with these files, by path, onto the cloud-init volume, which is a file or a block device. */
  writeCloudInit(vmid: string, image: CloudInitImage): void
  /** The machine is destroyed: what was kept of it beside its files goes, too. */
  forget(vmid: string): void
  /** As crypt(3) does it for /etc/shadow, with SHA-256. */
  encrypt(password: string): string
  wait(seconds: number): void
}

export interface CloudInitImage {
  readonly path: string
  readonly format: string
  readonly label: string
  readonly files: Readonly<Record<string, string>>
}

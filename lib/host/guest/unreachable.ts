/** Why the inside of a guest could not be asked, in words for the person who has to find out. */

/**
 * `no socket`: nothing listens, so the guest doesn't run (or has no agent configured): waiting alone won't help.
 * `silent`: something listens, nobody answers: an agent that is not up yet, that hangs, or whose socket others hold.
 * `closed`: it was there and went away before it had answered.
 */
export type Why = 'no socket' | 'silent' | 'closed'

export class GuestUnreachable extends Error {
  readonly guest: string
  readonly why: Why

  constructor(guest: string, why: Why, words: string) {
    super(`${guest}: ${words}`)
    this.guest = guest
    this.why = why
  }
}

/** The agent is there and said no. */
export class AgentRefused extends Error {
  /** QEMU's error class, such as `GenericError` or `CommandNotFound`. */
  readonly errorClass: string
  readonly desc: string

  constructor(guest: string, command: string, errorClass: string, desc: string) {
    // RHEL's package blocks guest-exec in /etc/sysconfig/qemu-ga; while a backup has the filesystems frozen, all but
    // a few commands are off (qemu-ga(8), --block-rpcs; qga/main.c).
    const why = /disabled|not allowed/.test(desc)
      ? ' (blocked in the settings of the guest’s agent, or its filesystems are frozen by a backup just now)'
      : ''
    super(`${guest}: the guest agent refused ${command}: ${desc}${why}`)
    this.errorClass = errorClass
    this.desc = desc
  }
}

/** What an agent is asked through. */
export interface AgentAddress {
  /** For people: `vm:8101`. */
  readonly guest: string
  /** The unix socket, on Proxmox VE /var/run/qemu-server/VMID.qga. */
  readonly path: string
}

/** `code` is that of connect(2). */
export function noSocket({ guest, path }: AgentAddress, code: string, message: string): GuestUnreachable {
  const seen: Readonly<Record<string, string>> = {
    ENOENT: `there is no ${path}: the VM is not running, or it was started without \`agent: enabled=1\` (that takes a stop and a start)`,
    ECONNREFUSED: `nothing listens on ${path}: the VM is not running`,
  }
  return new GuestUnreachable(guest, 'no socket', seen[code] ?? `can't connect to ${path}: ${message}`)
}

/** Connections that wait for their turn fill the line: QEMU keeps one open and two waiting (seen: QEMU 10.0.13). */
export function busy({ guest, path }: AgentAddress, ms: number): GuestUnreachable {
  const words = `others held the agent's socket for ${seconds(ms)}, and more stand in line; see who: ss -xp | grep ${path}`
  return new GuestUnreachable(guest, 'silent', words)
}

/** From outside an agent that isn't up and a socket that someone else holds look the same: bytes are taken, nothing comes. */
export function silent({ guest, path }: AgentAddress, command: string, ms: number): GuestUnreachable {
  const words =
    `no answer to ${command} within ${seconds(ms)}: the agent in the guest is not installed, not up yet or stuck, ` +
    `or another program holds ${path} (ss -xp shows which)`
  return new GuestUnreachable(guest, 'silent', words)
}

export function closed({ guest }: AgentAddress, during: string): GuestUnreachable {
  const words = `the connection to the agent ended during ${during}: the VM stopped, or its agent was started anew`
  return new GuestUnreachable(guest, 'closed', words)
}

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`

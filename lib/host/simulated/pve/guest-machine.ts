/** What the tools of guests need of the machine beyond what pvesm does: guests that run, chance and the time. */
import { Refusal, type Surroundings } from './surroundings.ts'

/** The systems on the disks of guests, for a machine whose disks can't hold any. */
export interface Insides {
  /** Of that guest as it is, or as it was at that snapshot. */
  copy(from: string, to: string, snapshot: string | undefined): void
  snapshot(id: string, name: string): void
  dropSnapshot(id: string, name: string): void
  rollBack(id: string, name: string): void
  remove(id: string): void
}

export interface GuestMachine extends Surroundings {
  /** Absent where disks are real, and carry their systems themselves. */
  readonly insides?: Insides
  isRunning(vmid: string): boolean
  /** As many hexadecimal digits, for addresses and UUIDs. */
  chance(digits: number): string
  /** Seconds since 1970. */
  now(): number
}

/** In the range of Proxmox's own. */
export const drawAddress = (machine: GuestMachine): string =>
  ['BC', '24', '11', ...(machine.chance(6).toUpperCase().match(/../g) ?? [])].join(':')

/** A number is taken by a container or a machine. */
export function requireFree(machine: Surroundings, vmid: string): void {
  for (const [kind, folder] of [
    ['CT', 'lxc'],
    ['VM', 'qemu-server'],
  ])
    if (machine.exists(`/etc/pve/${folder}/${vmid}.conf`))
      throw new Refusal(`${kind} ${vmid} already exists on node '${machine.hostname}'\n`)
}

/** Numbers of the guests with a configuration in that folder. */
export const guestsIn = (machine: Surroundings, folder: 'lxc' | 'qemu-server'): string[] =>
  (machine.listDir(`/etc/pve/${folder}`) ?? [])
    .flatMap((name) => /^(\d+)\.conf$/.exec(name)?.[1] ?? [])
    .sort((one, other) => Number(one) - Number(other))

const rulesOf = (vmid: string): string => `/etc/pve/firewall/${vmid}.fw`

/** A clone has the rules of what it is cloned from, and no other ones (PVE::Firewall::Helpers, clone_vmfw_conf). */
export function cloneRules(machine: Surroundings, source: string, target: string): void {
  const rules = machine.readFile(rulesOf(source))
  removeRules(machine, target)
  if (rules !== null) machine.writeFile(rulesOf(target), rules, 0o640)
}

/** Rules of the firewall go with their guest (PVE::Firewall, remove_vmfw_conf). */
export const removeRules = (machine: Surroundings, vmid: string): void => machine.remove(rulesOf(vmid))

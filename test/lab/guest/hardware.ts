/** What the lab's qm tells the emulator of a machine, in /run/lab-qm/VMID/hardware.json. */
export interface Hardware {
  /** Block device with the file system of its Debian. */
  readonly disk: string
  /** Block devices that it sees beside that, such as the cloud-init drive. */
  readonly others: readonly string[]
  readonly cards: readonly Card[]
}

export interface Card {
  /** Inside. */
  readonly name: string
  /** On the host. */
  readonly tap: string
  /** MAC. */
  readonly address: string
  readonly bridge: string
}

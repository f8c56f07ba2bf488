/** What a scenario is given: a VM of its own, commands in it, and the ways in which hardware misbehaves. */
import { statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import {
  blockNode,
  blockNodeWithErrors,
  byId,
  type Disk,
  deviceJson,
  otherPlaces,
  type Placed,
  usualPlaces,
} from './disks.ts'
import { createDisk, type Image } from './image.ts'
import { type Accelerator, Machine } from './machine.ts'
import { type CommandResult, quote, Shell, type Started } from './shell.ts'

interface Options {
  readonly name: string
  readonly image: Image
  readonly accelerator: Accelerator
  readonly folder: string
  readonly disks: string
  readonly key: string
  readonly places: readonly Placed[]
}

export interface RunOptions {
  readonly stdin?: string | Buffer
  readonly timeoutSeconds?: number
}

/** A call of phx: what it printed on standard output, read as one JSON document or as one a line. */
export interface PhxResult extends CommandResult {
  readonly json: readonly unknown[]
}

/** A shell line, or an argument list whose words are taken literally. */
export type Command = string | readonly string[]

export class Vm {
  /** Every command so far with its result; shown when the scenario fails. */
  readonly log: (CommandResult | string)[] = []
  readonly #options: Options
  #machine: Machine | undefined
  #shell: Shell | undefined
  #places: readonly Placed[]
  #boots = 0

  constructor(options: Options) {
    this.#options = options
    this.#places = options.places
  }

  /** How a person gets into it. */
  get access(): string {
    const { name, key } = this.#options
    return `${name}: ssh -F none -i ${key} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -p ${this.#machine?.port} root@127.0.0.1`
  }

  /** Goes on from a frozen state. */
  async thaw(state: string): Promise<void> {
    const machine = await this.#start(true)
    await machine.thaw(state)
    await this.#connect(machine, 30)
    await this.run(`date -s @${Math.floor(Date.now() / 1000)}`) // its clock stood still since it was frozen
  }

  /** Runs a command and returns whatever came of it. */
  async attempt(command: Command, options: RunOptions = {}): Promise<CommandResult> {
    const result = await this.start(command, options).ended
    this.log.push(result)
    return result
  }

  /** Runs a command that has to succeed, and returns its output without the last newline. */
  async run(command: Command, options: RunOptions = {}): Promise<string> {
    const result = await this.attempt(command, options)
    if (result.exitCode !== 0) throw new Error(`exit code ${result.exitCode} of: ${result.command}`)
    return result.stdout.replace(/\n$/, '')
  }

  /** Calls phx, as installed by install.ts. */
  async phx(args: readonly string[], options: RunOptions = {}): Promise<PhxResult> {
    const result = await this.attempt(['phx', ...args], options)
    return { ...result, json: args.includes('--json') ? documents(result.stdout) : [] }
  }

  /** Starts a command without waiting for its end. */
  start(command: Command, options: RunOptions = {}): Started {
    if (!this.#shell) throw new Error(`the VM of ${this.#options.name} is not running`)
    return this.#shell.start(typeof command === 'string' ? command : quote(command), options)
  }

  async write(path: string, content: string | Buffer, mode = '644'): Promise<void> {
    await this.run(`mkdir -p ${quote([dirname(path)])} && cat >${quote([path])} && chmod ${mode} ${quote([path])}`, {
      stdin: content,
    })
  }

  /** Pulls the plug: nothing that the guest had not flushed survives. */
  async powerCut(): Promise<void> {
    this.log.push('(power cut)')
    this.#shell?.close()
    await this.#machine?.cut()
    this.#machine = this.#shell = undefined
  }

  /** Boots from the same disks; with `reorderDisks` they come in another order and partly on another controller. */
  async reboot(options: { readonly reorderDisks?: boolean } = {}): Promise<void> {
    if (this.#machine) {
      await this.run('sync')
      await this.powerCut()
    }
    if (options.reorderDisks) this.#places = otherPlaces
    const machine = await this.#start(false)
    await this.#connect(machine, 240)
    await this.attempt('systemctl is-system-running --wait', { timeoutSeconds: 240 })
  }

  /** Pulls a disk out of the running VM and waits until the guest has noticed. Its data stays. */
  async unplug(disk: Disk): Promise<void> {
    const machine = this.#running()
    this.log.push(`(unplug ${disk.id})`)
    await machine.qmp.send('device_del', { id: disk.id })
    await machine.qmp.deviceEvent('DEVICE_DELETED', disk.id)
    await machine.qmp.send('blockdev-del', { 'node-name': disk.id })
    await this.#until(`! test -e ${byId(disk)}`)
  }

  /** Plugs in a disk: one that was pulled out, or a new and blank one. */
  async plug(disk: Disk): Promise<void> {
    this.log.push(`(plug in ${disk.id})`)
    const file = this.#fileOf(disk)
    if (!statSync(file, { throwIfNoEntry: false })) await createDisk(this.#options.image, file, { size: disk.size })
    await this.#attach(disk, blockNode(disk.id, file))
  }

  /** Puts a disk in the place of one that is there under the same id, such as a blank one of another size. */
  async swap(disk: Disk): Promise<void> {
    await this.unplug(disk)
    await createDisk(this.#options.image, this.#fileOf(disk), { size: disk.size })
    await this.#attach(disk, blockNode(disk.id, this.#fileOf(disk)))
  }

  /** The same disk with the same data, where reading any of these 512-byte sectors fails with EIO from now on. */
  async replaceWithErrors(disk: Disk, sectors: readonly number[]): Promise<void> {
    await this.unplug(disk)
    this.log.push(`(plug in ${disk.id}, sectors ${sectors.join(', ')} unreadable)`)
    await this.#attach(disk, blockNodeWithErrors(disk.id, this.#fileOf(disk), sectors))
  }

  async #attach(disk: Disk, node: object): Promise<void> {
    const machine = this.#running()
    await machine.qmp.send('blockdev-add', { ...node })
    const slot = usualPlaces.find((place) => place.disk.id === disk.id)?.slot ?? 'scsi.0'
    await machine.qmp.send('device_add', deviceJson(disk, slot))
    await this.#until(`test -e ${byId(disk)}`)
  }

  #fileOf(disk: Disk): string {
    return join(this.#options.disks, `${disk.id}.qcow2`)
  }

  async #until(condition: string): Promise<void> {
    await this.run(`for i in $(seq 150); do ${condition} && { udevadm settle; exit 0; }; sleep 0.1; done; exit 1`)
  }

  #running(): Machine {
    if (!this.#machine) throw new Error(`the VM of ${this.#options.name} is not running`)
    return this.#machine
  }

  async #start(incoming: boolean): Promise<Machine> {
    this.#boots++
    const { image, accelerator, folder, disks } = this.#options
    this.#machine = await Machine.start({ image, accelerator, folder, disks, places: this.#places, incoming })
    return this.#machine
  }

  async #connect(machine: Machine, seconds: number): Promise<void> {
    const { key, folder } = this.#options
    const shell = new Shell(machine.port, key, join(folder, `ssh${this.#boots}`))
    await shell.connect(seconds, () => machine.alive)
    this.#shell = shell
  }
}

function documents(text: string): unknown[] {
  try {
    return [JSON.parse(text)]
  } catch {
    return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]))
  }
}

/** The lab: an image, a VM frozen right after its boot, and any number of VMs that go on from there. */
import { createHash } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { usualPlaces } from './disks.ts'
import { createDisk, type Image, openImage, probeKvm } from './image.ts'
import { type Accelerator, endAll, hardware, Machine } from './machine.ts'
import { Shell } from './shell.ts'
import { Vm } from './vm.ts'

/**
 * Run in the guest before it is frozen. Dropped caches need no room in the state file; what every scenario starts is
 * read again afterwards, for a cold start of node costs a second more than a warm one (measured, TCG).
 */
const settle = `
systemctl is-system-running --wait || { systemctl --failed --no-legend; exit 1; }
sync; echo 3 >/proc/sys/vm/drop_caches
node -e 0; zpool status; zfs list; lsblk -J -O; wipefs --no-act --json /dev/vda; udevadm settle`

/** Folders named PREFIX-PID-… of labs that were killed before they could remove them. */
function removeLeftovers(folder: string, prefix: string): void {
  for (const name of readdirSync(folder)) {
    const [pid] = name.startsWith(prefix) ? name.slice(prefix.length).split('-') : []
    if (pid !== undefined && /^\d+$/.test(pid) && !existsSync(`/proc/${pid}`)) {
      rmSync(join(folder, name), { recursive: true, force: true })
    }
  }
}

const seconds = (since: number) => `${((Date.now() - since) / 1000).toFixed(1)} s`

export class Lab {
  readonly accelerator: Accelerator
  readonly #image: Image
  /** Short, because sockets lie in it. */
  readonly #scratch: string
  readonly #key: string
  #base = ''
  #vms = 0

  private constructor(image: Image, accelerator: Accelerator) {
    this.#image = image
    this.accelerator = accelerator
    removeLeftovers(tmpdir(), 'phx-lab-')
    this.#scratch = mkdtempSync(join(tmpdir(), `phx-lab-${process.pid}-`))
    this.#key = join(this.#scratch, 'id')
    copyFileSync(image.sshKey, this.#key)
    chmodSync(this.#key, 0o600)
  }

  /** `say` gets a line for each thing that takes a while. */
  static async open(say: (line: string) => void): Promise<Lab> {
    const image = await openImage()
    const lab = new Lab(image, await probeKvm(image))
    lab.#base = join(image.folder, `frozen-${lab.#stateKey()}`)
    try {
      if (!existsSync(lab.#base)) await lab.#freeze(say)
    } catch (error) {
      lab.close()
      throw error
    }
    return lab
  }

  /** A VM of its own, as it was right after its boot: six blank disks, nothing of other scenarios. */
  async restore(name: string): Promise<Vm> {
    const folder = this.#newFolder()
    const overlay = (file: string) =>
      createDisk(this.#image, join(folder, file), { over: join(this.#base, file), format: 'qcow2' })
    await Promise.all(readdirSync(this.#base).flatMap((file) => (file.endsWith('.qcow2') ? [overlay(file)] : [])))
    const vm = new Vm({
      ...{ name, image: this.#image, accelerator: this.accelerator, folder, disks: folder, key: this.#key },
      places: usualPlaces,
    })
    await vm.thaw(join(this.#base, 'state'))
    return vm
  }

  /** Ends every VM of this lab and removes what they wrote. */
  close(): void {
    endAll()
    rmSync(this.#scratch, { recursive: true, force: true })
  }

  #newFolder(): string {
    const folder = join(this.#scratch, String(++this.#vms))
    mkdirSync(folder)
    return folder
  }

  /** A frozen VM fits only the QEMU, the command line and (with KVM) the processor that it was frozen under. */
  #stateKey(): string {
    const qemu = realpathSync(join(this.#image.folder, 'qemu'))
    const cpu = this.accelerator === 'kvm' ? cpus()[0]?.model : null
    const facts = [qemu, hardware(this.accelerator, '', usualPlaces), usualPlaces, settle, cpu]
    return createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 12)
  }

  /** Made in a folder of its own and then renamed: neither an interruption nor another lab doing the same is any trouble. */
  async #freeze(say: (line: string) => void): Promise<void> {
    const began = Date.now()
    const lap = (what: string) => say(`${seconds(began).padStart(7)}  ${what}`)
    lap(`booting once, with ${this.accelerator}`)
    removeLeftovers(this.#image.folder, 'freezing-')
    const disks = mkdtempSync(join(this.#image.folder, `freezing-${process.pid}-`))
    try {
      await createDisk(this.#image, join(disks, 'root.qcow2'), { over: this.#image.root, format: 'raw' })
      for (const { disk } of usualPlaces)
        await createDisk(this.#image, join(disks, `${disk.id}.qcow2`), { size: disk.size })
      const folder = this.#newFolder()
      const { accelerator } = this
      const machine = await Machine.start({
        image: this.#image,
        accelerator,
        folder,
        disks,
        places: usualPlaces,
        incoming: false,
      })
      const shell = new Shell(machine.port, this.#key, join(folder, 'ssh'))
      await shell.connect(240, () => machine.alive)
      lap('ssh answers')
      const settled = await shell.start(settle, { timeoutSeconds: 240 }).ended
      if (settled.exitCode !== 0) throw new Error(`the guest did not settle: ${settled.stdout}${settled.stderr}`)
      lap('settled')
      await machine.freeze(join(disks, 'state'))
      lap('frozen')
      for (const file of readdirSync(disks)) chmodSync(join(disks, file), 0o444)
      if (!existsSync(this.#base)) renameSync(disks, this.#base)
    } finally {
      rmSync(disks, { recursive: true, force: true })
    }
  }
}

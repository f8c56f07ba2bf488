/** One QEMU process: its command line, its life and its end. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { blockNode, deviceJson, type Placed } from './disks.ts'
import type { Image } from './image.ts'
import { Qmp } from './qmp.ts'

export type Accelerator = 'kvm' | 'tcg'

/** QEMUs that this process started and that still run; ended by `endAll`, also when the lab is interrupted. */
const running = new Set<ChildProcess>()

export function endAll(): void {
  for (const child of running) child.kill('SIGKILL')
}

/**
 * Everything that must be the same when a frozen VM is restored: machine, CPU, memory, devices in order. File names and
 * the ssh port may differ.
 */
export function hardware(accelerator: Accelerator, disks: string, places: readonly Placed[]): string[] {
  const node = (name: string) => ['-blockdev', JSON.stringify(blockNode(name, join(disks, `${name}.qcow2`)))]
  return [
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-M', 'q35', '-m', '1024', '-smp', '2'],
    // qemu64 works a third faster than `max` under TCG; nothing here needs SSE4.2 or AVX (measured).
    ...(accelerator === 'kvm' ? ['-accel', 'kvm', '-cpu', 'host'] : ['-accel', 'tcg,thread=multi', '-cpu', 'qemu64']),
    ...['-append', 'console=ttyS0 root=/dev/vda rw mitigations=off audit=0 quiet'],
    ...['-device', 'virtio-rng-pci', '-device', 'vmgenid,guid=auto', '-device', 'virtio-scsi-pci,id=scsi'],
    // Before the ports: the kernel numbers virtio disks in PCI order, and the root is /dev/vda.
    ...node('root'),
    ...['-device', 'virtio-blk-pci,drive=root,serial=LAB-SYSTEM'],
    ...['-device', 'pcie-root-port,id=port0,chassis=1,slot=1', '-device', 'pcie-root-port,id=port1,chassis=2,slot=2'],
    ...places.flatMap(({ disk, slot }) => [...node(disk.id), '-device', deviceJson(disk, slot)]),
  ]
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  if (address === null || typeof address === 'string') throw new Error('no free TCP port on 127.0.0.1')
  return address.port
}

export interface Boot {
  readonly image: Image
  readonly accelerator: Accelerator
  /** For sockets and logs; its path is short, for a socket's may have 107 characters. */
  readonly folder: string
  /** Where the qcow2 files are. */
  readonly disks: string
  readonly places: readonly Placed[]
  /** Waits for a frozen state instead of booting. */
  readonly incoming: boolean
}

export class Machine {
  readonly port: number
  readonly qmp: Qmp
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>

  private constructor(child: ChildProcess, port: number, qmp: Qmp) {
    this.#child = child
    this.#ended = once(child, 'exit')
    this.port = port
    this.qmp = qmp
  }

  static async start(boot: Boot): Promise<Machine> {
    const { image, folder } = boot
    const port = await freePort()
    const socket = join(folder, 'qmp')
    const log = join(folder, 'qemu.log')
    rmSync(socket, { force: true })
    // setpriv: the kernel kills QEMU when this process dies, however it dies. restrict=on: no network for the guest, ssh in works.
    const argv = [
      ...['--pdeathsig', 'KILL', '--', ...image.qemu, '-kernel', image.kernel, '-initrd', image.initrd],
      ...hardware(boot.accelerator, boot.disks, boot.places),
      ...['-netdev', `user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:${port}-:22`],
      ...['-device', 'virtio-net-pci,netdev=net,romfile='],
      ...['-serial', `file:${join(folder, 'serial.log')}`, '-qmp', `unix:${socket},server=on,wait=off`],
      ...(boot.incoming ? ['-incoming', 'defer'] : []),
    ]
    const out = openSync(log, 'a')
    const child = spawn('setpriv', argv, { stdio: ['ignore', out, out] })
    running.add(child)
    child.once('exit', () => running.delete(child))
    child.once('error', () => running.delete(child))
    const alive = () => child.exitCode === null && child.signalCode === null && child.pid !== undefined
    try {
      return new Machine(child, port, await Qmp.open(socket, alive))
    } catch (error) {
      child.kill('SIGKILL')
      throw new Error(`QEMU did not start in ${folder}: ${(error as Error).message}\n${readFileSync(log, 'utf8')}`)
    }
  }

  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Pulls the plug: the guest gets no chance to write anything more. */
  async cut(): Promise<void> {
    this.qmp.close()
    this.#child.kill('SIGKILL')
    if (this.alive) await this.#ended
  }

  /** Writes the VM's memory to a file and ends it. Its disks must not be written to from here on. */
  async freeze(file: string): Promise<void> {
    await this.qmp.send('stop')
    await this.#mappedRam(true)
    await this.qmp.migrate('migrate', file)
    await this.qmp.send('quit')
    if (this.alive) await this.#ended
  }

  async thaw(file: string): Promise<void> {
    await this.#mappedRam(true)
    await this.qmp.migrate('migrate-incoming', file)
    await this.#mappedRam(false) // left on, it would make a later savevm fail (seen: QEMU 10.0)
    await this.qmp.send('cont')
  }

  async #mappedRam(state: boolean): Promise<void> {
    await this.qmp.send('migrate-set-capabilities', { capabilities: [{ capability: 'mapped-ram', state }] })
  }
}

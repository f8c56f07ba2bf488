/** What the benchmarks of guests share: a simulated host with as many of them as wanted, and phx run on it in this process. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Lxc, PhxConfig, Vm } from '../lib/config/generated/types.ts'
import { parseConfig } from '../lib/config/load.ts'
import type { RunEvent, Summary } from '../lib/engine/events.ts'
import { buildGraph, select } from '../lib/engine/graph.ts'
import { run } from '../lib/engine/run.ts'
import { StopSignal } from '../lib/engine/session.ts'
import { type Argv, type GuestRef, readerOf } from '../lib/host/host.ts'
import { blankHost } from '../lib/host/simulated/blank.ts'
import { SimulatedHost } from '../lib/host/simulated/host.ts'
import { callTool } from '../lib/host/simulated/tools.ts'
import { SecretStore } from '../lib/secrets/store.ts'
import { StateFolder } from '../lib/state/folder.ts'
import { stampedTasks } from '../lib/state/stamp.ts'
import { modules } from '../tasks/index.ts'

const disk = '/dev/disk/by-id/virtio-A'
const archive = '/var/lib/vz/template/cache/debian-13-standard_13.1-2_amd64.tar.zst'
const image = '/srv/cloud.qcow2'

const host: PhxConfig = {
  zfs: {
    pools: [{ name: 'tank', raid_level: 'single', disks: [disk] }],
    datasets: [
      { name: 'guests', pool: 'tank', proxmox_storage_type: 'zfspool', proxmox_content_type: 'images,rootdir' },
      { name: 'data', pool: 'tank' },
    ],
  },
  network: { nfs_server: '10.0.0.13' },
  nfs: { exports: [{ path: '/tank/data', clients: ['10.0.0.0/16'], options: ['rw', 'sync', 'no_root_squash'] }] },
}

const addressOf = (id: number): string => `10.0.${id >> 8}.${id & 255}/16`

/** With a share, a file and a feature, as a machine in use has them. */
export const machine = (vmid: number, more: Partial<Vm> = {}): Vm => ({
  ...{ vmid, name: `vm-${vmid}`, clone_from_vmid: 9000, memory_mb: 512 },
  network_config: { ip: addressOf(vmid) },
  nfs_shares: [{ host_path: '/tank/data', guest_path: '/mnt/data' }],
  file_injections: [{ source: 'motd', destination: '/etc/motd' }],
  features: ['tools'],
  ...more,
})

/** With a volume of its own and a feature. */
export const container = (id: number, more: Partial<Lxc> = {}): Lxc => ({
  ...{ name: `ct-${id}`, clone_from_ctid: '900', memory_mb: 512, storage_pool: 'tank-guests' },
  network_config: { name: 'eth0', bridge: 'vmbr0', ip: addressOf(id) },
  zfs_volumes: [{ name: 'data', pool: 'tank-guests', size_gb: 1, mount_point: '/srv/data' }],
  features: ['tools'],
  ...more,
})

/** A command, on the host or in a guest; or a look at a file of the host, which takes no process. */
export type Asked =
  | { readonly in: GuestRef | null; readonly argv: Argv }
  | { readonly path: string; readonly look: (path: string) => Promise<unknown> }

export class GuestHost {
  readonly host: SimulatedHost
  readonly #folder: string
  readonly text: string

  /** `folder` is for what phx keeps of it. */
  constructor(folder: string, vms: readonly Vm[], containers: Readonly<Record<string, Lxc>>) {
    mkdirSync(folder)
    this.#folder = folder
    writeFileSync(join(folder, 'motd'), 'welcome\n')
    mkdirSync(join(folder, 'vm-features'))
    writeFileSync(join(folder, 'vm-features', 'tools.sh'), '#!/bin/sh\n# sim: writes /srv/done yes\n')
    const state = blankHost([{ path: disk }])
    this.host = new SimulatedHost(state, null, { trustQueries: true })
    const vmTemplate: Vm = { vmid: 9000, name: 'debian', is_template: true, template_image: image }
    const ctTemplate: Lxc = { name: 'debian-ct', is_template: true, template: archive, storage_pool: 'tank-guests' }
    const guests = {
      vm_defaults: { storage_pool: 'tank-guests' },
      ...(vms.length > 0 ? { vms: [vmTemplate, ...vms] } : {}),
      ...(Object.keys(containers).length > 0 ? { lxc_configs: { '900': ctTemplate, ...containers } } : {}),
    }
    this.text = JSON.stringify({ ...host, guests })
  }

  /** The image and the template that guests are made from. */
  async prepare(): Promise<void> {
    await this.host.change((state) => {
      callTool(state, ['qemu-img', 'create', '-f', 'qcow2', image, '3G'])
      state.files[archive] = { type: 'file', content: '', mode: 0o644 }
    })
  }

  /** From the text of the config to the summary; throws unless all went well. */
  async run(targets: readonly string[], jobs: number): Promise<{ summary: Summary; events: readonly RunEvent[] }> {
    const events: RunEvent[] = []
    const loaded = parseConfig(this.text, join(this.#folder, 'phoenix.config.json'), this.#folder)
    if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join('; '))
    const { config } = loaded
    const state = new StateFolder(join(this.#folder, 'state'))
    const stamped = stampedTasks(state)
    const graph = buildGraph(modules.flatMap((module) => module.expand(config, stamped)))
    const reader = readerOf(this.host)
    const summary = await run({
      ...{ reader, host: this.host, secrets: new SecretStore(reader, {}), graph, state, targets, jobs },
      selected: select(graph, targets, true),
      policy: { mode: 'safe', allow: [], config: null },
      ...{ reboot: false, failFast: false, command: 'phx run', verb: 'run', config: 'phoenix.config.json' },
      now: () => new Date(),
      emit: (event) => events.push(event),
      ask: async () => null,
      stop: new StopSignal(),
    })
    if (summary.exitCode !== 0) throw new Error(JSON.stringify(summary.tasks.filter(({ why }) => why !== null)))
    return { summary, events }
  }

  /** What is asked of the host and of its guests from now on. */
  listen(): Asked[] {
    const asked: Asked[] = []
    const { host } = this
    const take = host.orders.take.bind(host.orders)
    host.orders.take = (argv) => {
      const [kind, id = ''] = (argv[0] ?? '').split(':')
      // Without the guest's name, and the environment that is given to what runs in one.
      if (kind === 'vm' || kind === 'lxc') asked.push({ in: { kind, id }, argv: argv.slice(4) })
      else asked.push({ in: null, argv })
      return take(argv)
    }
    for (const name of ['readFile', 'stat', 'listDir', 'realpath'] as const) {
      const call = host[name].bind(host) as (path: string) => Promise<never>
      host[name] = (path: string) => {
        asked.push({ path, look: call })
        return call(path)
      }
    }
    return asked
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

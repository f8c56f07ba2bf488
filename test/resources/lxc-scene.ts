/** A container with its root file system on the pool that a config declares, and whole runs on it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { SimulatedHost } from '../../lib/host/simulated/host.ts'
import { StateFolder } from '../../lib/state/folder.ts'
import { disks, hostAfter, World } from '../properties/world.ts'

/** What a run or a plan says of container 901's volumes: why it is refused, and what to do. */
export async function said(world: World): Promise<string> {
  const { tasks } = await world.plan(safe)
  const task = tasks.find(({ task }) => task === 'lxc-volumes:901')
  const refusals = (task?.refusals ?? []).map(({ why }) => why)
  const notes = (task?.notes ?? []).map(({ text }) => text)
  return [...refusals, ...(task?.reason.mend ?? []), task?.unreadable ?? '', ...notes].join('\n')
}

const template = 'debian-13-standard_13.1-2_amd64.tar.zst'
/** The call that makes the container; also once more, after `pct destroy 901`. */
export const create = `pct create 901 local:vztmpl/${template} --rootfs tank-ct:8 --hostname web`
export const safe = { mode: 'safe', allow: [] } as const

export interface Volume {
  name: string
  pool: string
  size_gb: number
  mount_point: string
  backup?: boolean
}

export const models: Volume = { name: 'models', pool: 'tank', size_gb: 10, mount_point: '/srv/models' }

const config = (volumes: readonly Volume[]) => ({
  zfs: {
    pools: [{ name: 'tank', raid_level: 'single', disks: [disks[0]] }],
    datasets: [{ name: 'ct', pool: 'tank', storage_class: 'direct', proxmox_storage_type: 'zfspool' }],
  },
  guests: { lxc_configs: { '901': { name: 'web', zfs_volumes: volumes } } },
})

/** Container 901 with its root file system on the pool that the config declares. */
export async function withContainer(
  body: (host: SimulatedHost, world: (volumes: readonly Volume[]) => World) => Promise<void>,
) {
  const folder = mkdtempSync(join(tmpdir(), 'phx-lxc-'))
  try {
    const host = hostAfter([])
    const state = new StateFolder(join(folder, 'state'))
    const { guests: _, ...pool } = config([])
    assert.is((await new World(host, pool, state).run(safe)).summary.exitCode, 0)
    await host.writeFile({ path: `/var/lib/vz/template/cache/${template}`, content: '', mode: 0o644 })
    await call(host, create)
    await body(host, (volumes) => new World(host, config(volumes), state))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export async function call(host: SimulatedHost, line: string): Promise<string> {
  const { exitCode, stdout, stderr } = await host.mutate(line.split(' '))
  assert.is(exitCode, 0, `${line}: ${stderr}`)
  return stdout
}

/** The mounts of container 901, as they stand in its configuration. */
export async function mountsOf(host: SimulatedHost): Promise<string[]> {
  const conf = (await host.readFile('/etc/pve/lxc/901.conf')) ?? ''
  return conf.split('\n').filter((line) => /^(mp|unused)\d/.test(line))
}

export const volumesOn = async (host: SimulatedHost): Promise<number> =>
  (await call(host, 'zfs list -H -o name -r tank/ct')).split('\n').filter((name) => name.includes('subvol-901')).length

/** What must be there before a volume can be changed; where it isn't, the plan says so rather than the run. */

import { liesIn } from '../../config/dataset-mounts.ts'
import type { DeclaredVolume } from '../../config/lxc-volumes.ts'
import { CannotLook } from '../../engine/cannot-look.ts'
import type { Foreseen, Look, Note } from '../../engine/resource.ts'
import { bytesOf } from '../dataset/refuse.ts'
import { type Container, confOf } from '../probes/containers.ts'
import { datasetsProbe, datasetsWith } from '../probes/datasets.ts'
import { runningGuestsProbe } from '../probes/guests.ts'
import { sizeText } from '../size.ts'
import { poolId } from '../zpool/pool.ts'
import { gibibyte, volumeId } from './changes.ts'

const confIn = async (look: Look, folders: readonly string[], id: string): Promise<string | undefined> => {
  const paths = folders.map((folder) => `${folder}/${id}.conf`)
  const texts = await Promise.all(paths.map((path) => look.reader.readFile(path)))
  return paths.find((_, index) => texts[index] !== undefined)
}

/** Not a refusal: the other tasks of a setup are what makes the container possible. */
export async function containerMissing(look: Look, id: string): Promise<CannotLook> {
  const nodes = (await look.reader.listDir('/etc/pve/nodes')) ?? []
  const folders = nodes.map((node) => `/etc/pve/nodes/${node}`)
  const away = await confIn(
    look,
    folders.map((folder) => `${folder}/lxc`),
    id,
  )
  if (away !== undefined) {
    const node = away.split('/')[4]
    return new CannotLook(`container ${id} is on node ${node}: its volumes are changed there, not from here`, [
      `run phx on ${node}, or move it here: pct migrate ${id} THIS-NODE (on ${node})`,
    ])
  }
  // Guests of both kinds, on all nodes, share one range of numbers.
  const machine = await confIn(
    look,
    ['/etc/pve', ...folders].map((folder) => `${folder}/qemu-server`),
    id,
  )
  if (machine !== undefined) {
    return new CannotLook(
      `${id} is a virtual machine (${machine}), and declared as a container: it has no such volumes`,
      [
        `declare the container under the number that it has (pct list), or under one that is free (pvesh get /cluster/nextid)`,
      ],
    )
  }
  return new CannotLook(`container ${id} is not there (no ${confOf(id)}), so its volumes have nothing to belong to`, [
    `declare what it is made from, "clone_from_ctid" or "template": then phx run lxc:${id} makes it`,
    `or make it by hand: pct create ${id} TEMPLATE --rootfs STORAGE:SIZE; then run this again`,
  ])
}

export async function assertChangeable(look: Look, { id, lock }: Container): Promise<void> {
  if (lock !== null) {
    throw new CannotLook(`container ${id} is locked (${lock}): its volumes are left alone`, [
      'wait for what holds it (a backup, a snapshot, a migration), then run again',
      `a lock that a killed call left behind goes with: pct unlock ${id}`,
    ])
  }
  if (await look.reader.hasTool('pct')) return
  throw new CannotLook(`can't change volumes of container ${id}: pct is not installed (or not on the PATH)`, [
    'apt-get install pve-container',
  ])
}

/**
 * A running container gets a mount that is added at once, over whatever it has there, while one that is changed waits for
 * its next start (PVE::LXC::Config, apply_pending_mountpoint).
 */
export async function assertNothingIsCovered(look: Look, { id, mounts }: Container, path: string): Promise<void> {
  const held = mounts.find(({ heldPath }) => heldPath !== null && liesIn(heldPath, path))
  if (held === undefined || !(await look.at(runningGuestsProbe)).has(id)) return
  throw new CannotLook(
    `container ${id} runs with ${held.source} on ${held.heldPath} (${held.slot}): a volume that is mounted on ${path} now would cover it`,
    [`stop it: pct shutdown ${id}; then phx run, and pct start ${id}`],
  )
}

const spaceProbe = datasetsProbe(['available'])

/** ZFS reserves nothing for such a volume, so one that is too large works until the pool is full. */
export async function spaceNotes(
  look: Look,
  foreseen: Foreseen,
  id: string,
  declared: DeclaredVolume,
  more: number,
): Promise<Note[]> {
  const { name, dataset, storage } = declared
  const pool = dataset?.split('/')[0]
  if (dataset === null || pool === undefined || foreseen.isMadeAnew(poolId(pool))) return []
  const datasets = await datasetsWith(look, pool, spaceProbe)
  const holder = [...(datasets?.keys() ?? [])]
    .filter((one) => liesIn(dataset, one))
    .sort()
    .at(-1)
  const properties = holder === undefined ? undefined : datasets?.get(holder)
  if (properties === undefined || more <= bytesOf(properties, 'available')) return []
  const left = sizeText(bytesOf(properties, 'available'))
  const text = `volume ${name} of container ${id} is to take ${sizeText(more)}, but ${storage} (${dataset}) has ${left} left: it can't be filled; total is ${sizeText(declared.sizeGb * gibibyte)}`
  return [{ resource: volumeId(id, name), level: 'warning', text }]
}

/** Which volumes of a container that goes are kept, and how: their datasets get names that nobody takes for a guest's. */
import type { DeclaredVolume } from '../../config/lxc-volumes.ts'
import type { Look, Refusal } from '../../engine/resource.ts'
import type { DoomedGuest } from '../guest/orders.ts'
import { storageOf } from '../lxc-volume/identity.ts'
import { datasetOf, datasetsBelow, keptName, parentOf } from '../lxc-volume/kept.ts'
import type { Container } from '../probes/containers.ts'
import { containerId } from './container.ts'

export interface DoomedContainer extends DoomedGuest {
  /** Of its own, that are to be kept. */
  readonly persistent: readonly DeclaredVolume[]
}

export interface Keeping {
  /** As the config has it. */
  readonly name: string
  readonly volume: string
  /** The dataset; null when it was renamed before, by a run that was cut off. */
  readonly from: string | null
  /** What becomes of it. */
  readonly dataset: string
}

export async function keepingOf(
  look: Look,
  container: Container,
  { id, persistent }: DoomedContainer,
): Promise<{ readonly keeping: readonly Keeping[]; readonly refusals: readonly Refusal[] }> {
  const found = await Promise.all(persistent.map((one) => kept(look, container, one)))
  const refusal = ({ why, mend }: Fault): Refusal => ({ resource: containerId(id), why, fields: [], mend })
  return {
    keeping: found.flatMap((one) => (one === null || 'why' in one ? [] : one)),
    refusals: found.flatMap((one) => (one !== null && 'why' in one ? refusal(one) : [])),
  }
}

interface Fault {
  readonly why: string
  readonly mend: readonly string[]
}

/** Null when the container has no such volume. */
async function kept(look: Look, container: Container, declared: DeclaredVolume): Promise<Keeping | Fault | null> {
  const { name, mountPoint, storage } = declared
  const mount = container.mounts.find(({ path, kind }) => path === mountPoint && kind === 'volume')
  if (mount === undefined) {
    const other = [...container.unused].find(([, volume]) => storageOf(volume) === storage)
    return other === undefined ? null : maybe(container, declared, other)
  }
  const parent = await parentOf(look, storageOf(mount.source), declared.dataset)
  if (parent === undefined) return notOnZfs(container, declared, mount.source)
  const datasets = await datasetsBelow(look, parent)
  const [from, dataset] = [datasetOf(parent, mount.source), `${parent}/${keptName(container.id, declared)}`]
  const [isThere, isKept] = [datasets.has(from), datasets.has(dataset)]
  if (isThere && isKept) {
    return {
      why: `volume ${name} of container ${container.id} is persistent, and ${dataset}, which it would be kept as, is there already`,
      mend: [
        `see what is in it: zfs list -o name,used,creation ${dataset}`,
        `give it another name: zfs rename ${dataset} ${dataset}-old`,
      ],
    }
  }
  if (!isThere && !isKept) return null
  return { name, volume: mount.source, from: isThere ? from : null, dataset }
}

function maybe(
  { id }: Container,
  { name, mountPoint }: DeclaredVolume,
  [slot, volume]: readonly [string, string],
): Fault {
  return {
    why: `volume ${name} of container ${id} is persistent and is not on ${mountPoint}; ${volume} (${slot}) may be it, and would be lost`,
    mend: [
      `put it back in its place: phx run lxc-volumes:${id}`,
      `or, if it may go: take "persistent" away from volume ${name}`,
    ],
  }
}

function notOnZfs({ id }: Container, { name }: DeclaredVolume, volume: string): Fault {
  return {
    why: `volume ${name} of container ${id} is persistent, and ${volume} is no dataset: phx can't keep it`,
    mend: [`copy what is on it, and take "persistent" away from volume ${name}`],
  }
}

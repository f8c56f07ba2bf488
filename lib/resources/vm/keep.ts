/** Which disks of a virtual machine that goes are kept, and how: their datasets get names that nobody takes for a guest's. */
import type { Look, Refusal } from '../../engine/resource.ts'
import { storageOf } from '../lxc-volume/identity.ts'
import { datasetOf, datasetsBelow, parentOf } from '../lxc-volume/kept.ts'
import type { OwnedVolume } from './owned-volumes.ts'

export interface KeptDisk {
  readonly slot: string
  readonly volume: string
  /** The dataset; null when it was renamed before, by a run that was cut off. */
  readonly from: string | null
  /** What becomes of it. */
  readonly dataset: string
}

/** `persistent` are slots. */
export async function keptDisks(
  look: Look,
  vmid: string,
  volumes: readonly OwnedVolume[],
  persistent: readonly string[],
): Promise<{ readonly kept: readonly KeptDisk[]; readonly refusals: readonly Refusal[] }> {
  const open = volumes.filter(({ slot, isOwn }) => isOwn && persistent.includes(slot))
  const found = await Promise.all(open.map((one) => keptDisk(look, vmid, one)))
  return {
    kept: found.flatMap((one) => ('why' in one ? [] : one)),
    refusals: found.flatMap((one) => ('why' in one ? { resource: `vm:${vmid}`, fields: [], ...one } : [])),
  }
}

type Fault = Pick<Refusal, 'why' | 'mend'>

async function keptDisk(look: Look, vmid: string, { slot, volume }: OwnedVolume): Promise<KeptDisk | Fault> {
  const parent = await parentOf(look, storageOf(volume), null)
  if (parent === undefined)
    return {
      why: `disk ${slot} of VM ${vmid} is persistent, and ${volume} is no dataset: phx can't keep it`,
      mend: [`copy what is on it, and take ${slot} out of "persistent_disks"`],
    }
  const datasets = await datasetsBelow(look, parent)
  const [from, dataset] = [datasetOf(parent, volume), `${parent}/kept-${vmid}-${slot}`]
  if (datasets.has(from) && datasets.has(dataset))
    return {
      why: `disk ${slot} of VM ${vmid} is persistent, and ${dataset}, which it would be kept as, is there already`,
      mend: [
        `see what it is: zfs list -o name,used,creation ${dataset}`,
        `give it another name: zfs rename ${dataset} ${dataset}-old`,
      ],
    }
  return { slot, volume, from: datasets.has(from) ? from : null, dataset }
}

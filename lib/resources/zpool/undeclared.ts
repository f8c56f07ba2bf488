/** Notes about what a pool holds beyond the declared, and about quotas that promise more than there is. */

import { parseSize } from '../../config/size.ts'
import type { DeclaredDataset } from '../../config/zfs.ts'
import type { Note } from '../../engine/resource.ts'
import type { Datasets } from '../probes/datasets.ts'
import { plural, sizeText } from '../size.ts'
import { inPool } from './losses.ts'

/** What Proxmox VE makes for guests (pve-storage, ZFSPoolPlugin). */
const isGuestVolume = (name: string): boolean =>
  /\/(vm|base|subvol|basevol)-\d+-[^/]*$/.test(name) || /\/(vm|base|subvol|basevol)-\d+-[^/]*\//.test(name)

const named = 5

/** One line, however many there are: undeclared datasets are reported and never touched. */
export function undeclaredNote(id: string, pool: string, datasets: Datasets, declared: ReadonlySet<string>): Note[] {
  const names = [...datasets.keys()].filter((name) => name !== pool && inPool(name, pool) && !declared.has(name))
  const volumes = names.filter(isGuestVolume)
  const others = names.filter((name) => !isGuestVolume(name))
  const more = others.length > named ? ` and ${others.length - named} more` : ''
  const parts = [
    ...(others.length > 0
      ? [`${plural(others.length, 'undeclared dataset')}: ${others.slice(0, named).join(', ')}${more}`]
      : []),
    ...(volumes.length > 0 ? [plural(volumes.length, 'guest volume')] : []),
  ]
  return parts.length === 0
    ? []
    : [{ resource: id, level: 'info', text: `left alone on pool ${pool}: ${parts.join('; ')}` }]
}

/** Quotas of datasets next to each other that add up to more than the pool: legal, and worth knowing. */
export function quotaNote(id: string, pool: string, size: number, datasets: readonly DeclaredDataset[]): Note[] {
  const quota = ({ properties }: DeclaredDataset): number => parseSize(properties.quota ?? '') ?? 0
  const limited = datasets.filter((dataset) => dataset.pool === pool && quota(dataset) > 0)
  const top = limited.filter((one) => !limited.some((other) => one.name.startsWith(`${other.name}/`)))
  const sum = top.reduce((total, dataset) => total + quota(dataset), 0)
  if (size <= 0 || sum <= size) return []
  const text = `quotas of ${plural(top.length, 'dataset')} on pool ${pool} add up to ${sizeText(sum)}; the pool holds ${sizeText(size)}`
  return [{ resource: id, level: 'info', text }]
}

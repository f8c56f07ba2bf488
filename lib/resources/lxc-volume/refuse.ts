/** What of a container's volumes can't be converged in any mode, and the commands that a person can choose from. */
import type { DeclaredVolume } from '../../config/lxc-volumes.ts'
import type { FieldChange, Refusal } from '../../engine/resource.ts'
import type { Mount } from '../probes/containers.ts'
import { sizeText } from '../size.ts'
import type { Candidate, Kind } from './arrange.ts'
import { gibibyte, mountText, volumeId } from './changes.ts'
import type { Spot } from './order.ts'

const refusal = (
  id: string,
  { name }: DeclaredVolume,
  why: string,
  mend: readonly string[],
  fields: readonly FieldChange[] = [],
): Refusal => ({ resource: volumeId(id, name), why, fields, mend })

const shown = ({ slot, kind, source }: Mount): string =>
  `${slot} (${kind === 'volume' ? source : `${kind} of ${source}`})`

export function taken(id: string, declared: DeclaredVolume, { mounts }: Kind<'taken'>): Refusal {
  const { name, storage, mountPoint } = declared
  const [first] = mounts
  const here = mounts.map(shown).join(' and ')
  if (mounts.length > 1) {
    return refusal(id, declared, `${mountPoint} of container ${id} is there ${mounts.length} times: ${here}`, [
      'the one with the highest number hides the others: look which holds the data of value',
      ...mounts.map(({ slot }) => `to detach ${slot}, keeping what is on it: pct set ${id} --delete ${slot}`),
    ])
  }
  const what = `${mountPoint} of container ${id} is taken by ${here}, so volume ${name} can't be put there`
  const isVolume = first?.kind === 'volume'
  const owner = isVolume ? [{ field: 'storage', from: first.source.split(':')[0] ?? '', to: storage }] : []
  return refusal(
    id,
    declared,
    what,
    [
      ...(isVolume
        ? [
            `declare what is there: "pool": "${first.source.split(':')[0]}"`,
            `or move it, with the container stopped: pct move-volume ${id} ${first.slot} ${storage}`,
          ]
        : []),
      'or declare another mount_point',
      `or take it away by hand: pct set ${id} --delete ${first?.slot} (what is on it stays)`,
    ],
    owner,
  )
}

export function elsewhere(id: string, declared: DeclaredVolume, { mount }: Kind<'elsewhere'>): Refusal {
  const { name, mountPoint } = declared
  const why = `${mount.source}, which phx recorded as volume ${name} of container ${id}, is on ${mount.path} now (${mount.slot}), declared on ${mountPoint}`
  return refusal(id, declared, why, [
    `declare where it is: "mount_point": "${mount.path}"`,
    `or put it back by hand: pct set ${id} -${mount.slot} ${mountText(mount, mountPoint)}`,
  ])
}

/** Names are told apart by the record alone: taking what is there would silently give one volume the other's name. */
export function claimed(
  id: string,
  declared: DeclaredVolume,
  { mount, by, own, isDeclared }: Kind<'claimed'>,
): Refusal {
  const { name, mountPoint } = declared
  const isSwap = own?.path === by.mountPoint
  const where = own === undefined ? '' : `; volume ${name} is ${own.source} on ${own.path} (${own.slot})`
  const why = `${mountPoint} of container ${id} is declared for volume ${name}, and has what phx recorded as volume ${by.name}, ${mount.source} (${mount.slot})${where}`
  const back = [mount, ...(isSwap ? [own] : [])].map(
    (one) => `-${one.slot} ${mountText(one, one === mount ? by.mountPoint : mountPoint)}`,
  )
  return refusal(id, declared, why, [
    `declare them where they are: ${by.name} on ${mount.path}${own === undefined ? '' : `, ${name} on ${own.path}`}`,
    ...(isDeclared
      ? [`or go by a third mount point: declare ${by.name} on ${mountPoint}-new, run phx, then on ${by.mountPoint}`]
      : []),
    ...(isSwap || own === undefined
      ? [`or move ${isSwap ? 'both' : 'it'} by hand: pct set ${id} ${back.join(' ')}`]
      : []),
  ])
}

const spotText = (declared: DeclaredVolume, { slot, path, mount }: Spot): string =>
  mount === null ? `volume ${declared.name} on ${path} (${slot})` : `${mount.source} on ${path} (${slot})`

export function covered(id: string, declared: DeclaredVolume, { covering, free }: Kind<'covered'>): Refusal {
  const { over, under } = covering
  const why = `${spotText(declared, over)} of container ${id} would cover ${spotText(declared, under)}: Proxmox VE mounts in the order of the numbers`
  const { mount } = under
  return refusal(id, declared, why, [
    ...(mount === null || free === undefined
      ? []
      : [
          `give ${mount.source} a higher number, with the container stopped: pct set ${id} --delete ${under.slot}`,
          `and then: pct set ${id} -${free} ${mountText(mount, under.path)}`,
        ]),
    'or declare another mount_point',
  ])
}

/** Allocating anew would leave the data in the detached one, and the container with an empty folder. */
export function unclear(id: string, declared: DeclaredVolume, { slot, candidates }: Kind<'unclear'>): Refusal {
  const { name, storage, sizeGb, mountPoint } = declared
  const list = candidates.map(({ unused, volume, mount }) => `${unused} (${volume}${mount ? ` on ${mount.path}` : ''})`)
  const what = candidates.every(({ mount }) => mount === null) ? 'a detached one' : 'one'
  const why = `container ${id} has no volume on ${mountPoint}, but ${what} on ${storage} that may be volume ${name}: ${list.join(', ')}`
  const command = ({ volume, mount }: Candidate): string =>
    mount === null ? `-${slot} ${volume},mp=${mountPoint}` : `-${mount.slot} ${mountText(mount, mountPoint)}`
  return refusal(id, declared, why, [
    ...candidates.map((one) => `if it is ${one.volume}: pct set ${id} ${command(one)}`),
    `if it isn't, allocate this one by hand, once: pct set ${id} -${slot} ${storage}:${sizeGb},mp=${mountPoint}`,
    'then run phx again: it finds the volume by its mount point',
  ])
}

export function ordered(id: string, declared: DeclaredVolume, { mount }: Kind<'ordered'>): Refusal {
  const why = `an allocation for ${declared.mountPoint} of container ${id} waits in its configuration (${mount.slot}: ${mount.source}): an earlier one failed, and pct would try it again when the container starts`
  return refusal(id, declared, why, [
    `take it back: pct set ${id} --revert ${mount.slot}`,
    `see whether ${declared.storage} is well: pvesm status --storage ${declared.storage}`,
  ])
}

export function shrinking(
  id: string,
  declared: DeclaredVolume,
  mount: Pick<Mount, 'slot' | 'source'>,
  live: number,
): Refusal {
  const to = declared.sizeGb * gibibyte
  const why = `volume ${declared.name} of container ${id} (${mount.slot}, ${mount.source}) can't shrink: declared is ${sizeText(to)}, it is ${sizeText(live)}`
  return refusal(
    id,
    declared,
    why,
    [
      `declare the size that it has: "size_gb": ${Math.ceil(live / gibibyte)}`,
      // Deleting `unusedN` would destroy the data.
      ...(mount.slot.startsWith('mp')
        ? [
            `or make a smaller one by hand, copy what is on it, and detach this one: pct set ${id} --delete ${mount.slot}`,
          ]
        : []),
    ],
    [{ field: 'size', from: sizeText(live), to: sizeText(to) }],
  )
}

/** `can't update CT … drive 'mp0' - protection mode enabled` (seen: pct.jsonl n=116). */
export const guarded = (id: string, declared: DeclaredVolume): Refusal =>
  refusal(id, declared, `container ${id} is protected, and volume ${declared.name} would have to be changed`, [
    `pct set ${id} --protection 0, run phx, then pct set ${id} --protection 1`,
  ])

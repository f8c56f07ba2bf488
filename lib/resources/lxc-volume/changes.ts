/** What phx does to a container's volumes: always by pct, and looked at again right before and after. */
import type { DeclaredVolume } from '../../config/lxc-volumes.ts'
import type { Change, FieldChange, Step } from '../../engine/resource.ts'
import type { Reader } from '../../host/host.ts'
import { type Container, confOf, isOrder, type Mount, readContainer } from '../probes/containers.ts'
import { sizeText } from '../size.ts'
import type { Kind } from './arrange.ts'

export const gibibyte = 2 ** 30

export const volumeId = (container: string, name: string): string => `lxc-volume:${container}/${name}`

/** As pct takes a mount that is there: by its own id, with the options that it has. */
export const mountText = ({ source, options, backup }: Mount, path: string, isBackedUp = backup): string =>
  [source, `mp=${path}`, ...(isBackedUp ? ['backup=1'] : []), ...options].join(',')

/**
 * `pct set` allocates on every call (seen: pct.jsonl n=52, 53), so nobody else may have been faster. Those that leave the
 * mount point in this run may still be there.
 */
const nothingThere = (id: string, slot: string, path: string, leaving: readonly Mount[]): Step => ({
  kind: 'verify',
  what: `container ${id} has nothing on ${path}${leaving.map(({ source }) => ` but ${source}, which leaves it`).join('')} and ${slot} is free`,
  async check(reader) {
    const container = await readContainer(reader, id)
    if (container === undefined) return `container ${id} is gone: ${confOf(id)} is not there`
    if (container.lock !== null) return `container ${id} is locked (${container.lock})`
    const isLeaving = ({ source }: Mount): boolean => leaving.some((mount) => mount.source === source)
    const other = container.mounts.find((mount) => mount.slot === slot || (mount.path === path && !isLeaving(mount)))
    if (other !== undefined) return `${other.slot} of container ${id} is ${other.source} on ${other.path} by now`
    return container.waiting.has(slot) ? `something waits for ${slot} of container ${id} by now` : undefined
  },
})

export const optionsOf = ({ mountPoint, backup }: DeclaredVolume): string[] => [
  `mp=${mountPoint}`,
  ...(backup === true ? ['backup=1'] : []),
]

export function allocate(id: string, declared: DeclaredVolume, slot: string, leaving: readonly Mount[]): Change {
  const { name, storage, sizeGb, mountPoint } = declared
  const value = [`${storage}:${sizeGb}`, ...optionsOf(declared)].join(',')
  return {
    resource: volumeId(id, name),
    action: 'create',
    risk: 'safe',
    summary: `allocate ${sizeText(sizeGb * gibibyte)} on ${storage} for container ${id}, ${slot} on ${mountPoint}`,
    fields: [
      { field: 'storage', from: null, to: storage },
      { field: 'size', from: null, to: sizeText(sizeGb * gibibyte) },
      { field: 'mount point', from: null, to: mountPoint },
      ...(declared.backup === null ? [] : [{ field: 'backup', from: null, to: declared.backup }]),
    ],
    steps: allocationSteps(id, { slot, path: mountPoint, storage, leaving }, [
      { kind: 'command', argv: ['pct', 'set', id, `-${slot}`, value] },
    ]),
    undo: { commands: [['pct', 'set', id, '--delete', slot]] },
  }
}

interface Spot {
  readonly slot: string
  readonly path: string
  readonly storage: string
  readonly leaving: readonly Mount[]
}

/** What puts a volume there, between a look that nothing is there and one that it is. */
export const allocationSteps = (id: string, { slot, path, storage, leaving }: Spot, steps: readonly Step[]): Step[] => [
  nothingThere(id, slot, path, leaving),
  ...steps,
  isThere(id, slot, path, storage),
]

/** An exit code of 0 can hide a failure (facts: proxmox-tools, "Exit status 0 in spite of an error"). */
const isThere = (id: string, slot: string, path: string, storage: string): Step =>
  readBack(id, slot, `${slot} of container ${id} is a volume of ${storage} on ${path}`, (mount) => {
    if (mount === undefined) return `there is no ${slot}`
    const isVolume = mount.source.startsWith(`${storage}:`) && !isOrder(mount)
    return isVolume && mount.path === path ? undefined : `${slot} is ${mount.source} on ${mount.path}`
  })

/** phx's own volume, which somebody detached: its data comes back, nothing is allocated. */
export function attach(id: string, declared: DeclaredVolume, place: Kind<'detached'>): Change {
  const { slot, unused, volume, leaving } = place
  const { name, storage, mountPoint } = declared
  return {
    resource: volumeId(id, name),
    action: 'update',
    risk: 'safe',
    summary: `attach ${volume} (${unused}) to container ${id} again, ${slot} on ${mountPoint}`,
    fields: [
      { field: 'slot', from: unused, to: slot },
      { field: 'mount point', from: null, to: mountPoint },
    ],
    steps: allocationSteps(id, { slot, path: mountPoint, storage, leaving }, [
      { kind: 'command', argv: ['pct', 'set', id, `-${slot}`, [volume, ...optionsOf(declared)].join(',')] },
    ]),
    undo: { commands: [['pct', 'set', id, '--delete', slot]] },
  }
}

/**
 * Mount point and backup of a volume that is there: by its own id, with the other options that it has. One that the next
 * start would take away stays when it is set (PVE::AbstractConfig, remove_from_pending_delete).
 */
export function configure(id: string, declared: DeclaredVolume, mount: Mount, isLeaving: boolean): Change | undefined {
  const { name, mountPoint } = declared
  const backup = declared.backup ?? mount.backup
  const fields: FieldChange[] = [
    ...(mount.path === mountPoint ? [] : [{ field: 'mount point', from: mount.path, to: mountPoint }]),
    ...(mount.backup === backup ? [] : [{ field: 'backup', from: mount.backup, to: backup }]),
    ...(isLeaving ? [{ field: 'at its next start', from: 'taken away', to: 'there' }] : []),
  ]
  if (fields.length === 0) return undefined
  const argv = (path: string, isBackedUp: boolean): string[] => [
    'pct',
    'set',
    id,
    `-${mount.slot}`,
    mountText(mount, path, isBackedUp),
  ]
  return {
    resource: volumeId(id, name),
    action: 'update',
    risk: 'safe',
    summary: `set ${fields.map(({ field, to }) => `${field} ${to}`).join(', ')} of ${mount.source}, ${mount.slot} of container ${id}`,
    fields,
    steps: [isStill(id, mount), { kind: 'command', argv: argv(mountPoint, backup) }],
    undo: {
      commands: [argv(mount.path, mount.backup), ...(isLeaving ? [['pct', 'set', id, '--delete', mount.slot]] : [])],
    },
  }
}

type Slot = Pick<Mount, 'slot' | 'source'>

export function grow(id: string, declared: DeclaredVolume, mount: Slot, from: number): Change {
  const bytes = declared.sizeGb * gibibyte
  const { slot, source } = mount
  return {
    resource: volumeId(id, declared.name),
    action: 'update',
    risk: 'safe',
    summary: `grow ${source}, ${slot} of container ${id}, from ${sizeText(from)} to ${sizeText(bytes)}`,
    fields: [{ field: 'size', from: sizeText(from), to: sizeText(bytes) }],
    steps: [
      isStill(id, mount),
      { kind: 'command', argv: ['pct', 'resize', id, slot, `${declared.sizeGb}G`] },
      // It ends with 0 also when the storage refused (seen: pct.jsonl n=89).
      readBack(id, slot, `${slot} of container ${id} is ${sizeText(bytes)}`, (live) =>
        live?.size === bytes ? undefined : `pct resize said nothing of it, but ${slot} is ${sizeText(live?.size ?? 0)}`,
      ),
    ],
    undo: { impossible: 'a volume never shrinks: what was written beyond its old size would be cut off' },
  }
}

const isStill = (id: string, { slot, source }: Slot): Step =>
  readBack(id, slot, `${slot} of container ${id} is still ${source}`, (live) =>
    live?.source === source ? undefined : `${slot} of container ${id} is ${live?.source ?? 'gone'} by now`,
  )

function readBack(
  id: string,
  slot: string,
  what: string,
  judge: (mount: Mount | undefined, container: Container) => string | undefined,
): Step {
  return {
    kind: 'verify',
    what,
    async check(reader: Reader) {
      const container = await readContainer(reader, id)
      if (container === undefined) return `container ${id} is gone: ${confOf(id)} is not there`
      const mount = container.mounts.find((one) => one.slot === slot)
      return judge(mount, container)
    },
    mend: [`pct config ${id}`],
  }
}

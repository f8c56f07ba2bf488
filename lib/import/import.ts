/** From the old files to a config that validates, and what became of everything in them. */
import { parseConfig } from '../config/load.ts'
import type { Problem } from '../config/problem.ts'
import { readFirewall } from './firewall.ts'
import { withoutCycles } from './guests.ts'
import { readLxc } from './lxc.ts'
import { readNetwork } from './network.ts'
import { readNfs } from './nfs.ts'
import { readNvidia } from './nvidia.ts'
import { type Kind, Old, type Source } from './old.ts'
import { readOthers } from './others.ts'
import { type Fields, OldReader } from './read.ts'
import { emptyReport, type ImportReport, Report } from './report.ts'
import { readSamba } from './samba.ts'
import { Secrets } from './secrets.ts'
import { settle } from './settle.ts'
import { shapeAt } from './shape.ts'
import { readSharedVolumes } from './shared-volumes.ts'
import { readStorageIds } from './storage-ids.ts'
import { readUsers } from './users.ts'
import { readVm, readVmDefaults } from './vms.ts'
import { knownStorages, type OldGuests, type World, worldOf } from './world.ts'
import { readZfs } from './zfs.ts'

export interface Imported {
  /** The new config, as it is to be written. */
  readonly text: string
  readonly report: ImportReport
  /** Warnings of `phx validate` about the new config. */
  readonly warnings: readonly Problem[]
}

export function importSources(sources: readonly Source[], output: string): Imported {
  const [first] = sources
  if (first?.kind === 'phx') return unchanged(first)
  const made = translated(sources, output)
  if (first === undefined || sources.length > 1 || first.kind !== 'hypervisor') return made
  // A config without any of phx's marks: when nothing has to become anything else, it is one.
  const isSame =
    parseConfig(first.text, first.file).ok && made.text === `${JSON.stringify(first.document.value, null, 2)}\n`
  return isSame ? unchanged(first) : made
}

function unchanged({ text, file }: Source): Imported {
  return { text, report: emptyReport, warnings: parseConfig(text, file).problems }
}

function translated(sources: readonly Source[], output: string): Imported {
  const olds = new Map(sources.map((source) => [source.kind, Old.whole(source)]))
  const reader = new OldReader(new Report(new Secrets(sources.map((source) => Old.whole(source)))))
  const hypervisor = olds.get('hypervisor')
  if (hypervisor === undefined) throw new Error('unreachable: recognised before')
  const config = readHypervisor(reader, hypervisor, olds)
  readOthers(reader, sources)
  const ordered = reader.from(
    hypervisor,
    Object.fromEntries(Object.entries(config).sort(([one], [other]) => rank(one) - rank(other))),
  )
  const { text, problems } = settle(reader, ordered, output)
  return { text, report: reader.report.finish(), warnings: problems }
}

function readHypervisor(reader: OldReader, hypervisor: Old, olds: ReadonlyMap<Kind, Old>): Fields {
  const guests = oldGuests(hypervisor, olds)
  const world = worldOf(hypervisor, guests)
  let workgroup: unknown
  const later = (): undefined => undefined
  const config =
    reader.fields(hypervisor, '', {
      $schema: (old) => reader.report.dropped(old, 'that schema was never used; phx has its own'),
      network: (old) => readNetwork(reader, old),
      users: (old) => readUsers(reader, old),
      zfs: (old) => readZfs(reader, old, world),
      proxmox_storage_ids: later,
      nfs: (old) => readNfs(reader, old, world),
      samba: (old) => {
        const accounts = hypervisor.get('users').itemsOrSelf()
        const read = readSamba(
          reader,
          old,
          accounts.flatMap((user) => user.get('username').text ?? []),
        )
        workgroup = read.workgroup
        return read.samba
      },
      firewall: later,
      shared_volumes: (old) => readSharedVolumes(reader, old, world),
      nvidia_driver: later,
      nvidia: later,
      vms: later,
      vm_defaults: later,
      lxc_configs: later,
    }) ?? {}
  const datasets = datasetsOf(config)
  add(config, 'proxmox_storage_ids', readStorageIds(reader, hypervisor.get('proxmox_storage_ids'), datasets))
  add(config, 'firewall', readFirewall(reader, hypervisor))
  add(config, 'nvidia_driver', readNvidia(reader, hypervisor, olds.get('lxc')))
  if (workgroup !== undefined) config.network = { ...((config.network as Fields | undefined) ?? {}), workgroup }
  add(config, 'guests', readGuests(reader, hypervisor, olds, guests, world, config))
  return config
}

/** Guests stood in the hypervisor's file until 28 September. */
function oldGuests(hypervisor: Old, olds: ReadonlyMap<Kind, Old>): OldGuests {
  const vms = [hypervisor, olds.get('vms')].flatMap((old) => old?.get('vms').items() ?? [])
  const containers = [hypervisor, olds.get('lxc')].flatMap((old) => old?.get('lxc_configs').fields() ?? [])
  return {
    vms,
    containers,
    hasVms: olds.has('vms') || vms.length > 0,
    hasContainers: olds.has('lxc') || containers.length > 0,
  }
}

function readGuests(
  reader: OldReader,
  hypervisor: Old,
  olds: ReadonlyMap<Kind, Old>,
  { vms, containers }: OldGuests,
  world: World,
  config: Fields,
): Fields | undefined {
  const datasets = datasetsOf(config)
  const pools = ((config.zfs as Fields | undefined)?.pools as readonly Fields[] | undefined) ?? []
  const guests = {
    reader,
    world,
    datasets,
    storages: knownStorages(world, datasets),
    pools: pools.map(({ name }) => String(name)),
  }
  const made: Fields = {}
  for (const old of [hypervisor, olds.get('vms')]) {
    const defaults = old?.get('vm_defaults')
    if (defaults?.isPresent)
      made.vm_defaults = { ...readVmDefaults(guests, defaults), ...((made.vm_defaults as Fields) ?? {}) }
  }
  const readVms = vms.flatMap((vm): Fields[] => {
    const made = readVm(guests, vm)
    return made === undefined ? [] : [made]
  })
  const readContainers = Object.fromEntries(
    containers.flatMap(([id, lxc]): [string, Fields][] => {
      const container = readLxc(guests, id, lxc)
      return container === undefined ? [] : [[id, container]]
    }),
  )
  withoutCycles(reader, readVms, readContainers)
  if (readVms.length > 0) made.vms = readVms
  if (containers.length > 0) made.lxc_configs = readContainers
  return Object.keys(made).length === 0 ? undefined : made
}

function datasetsOf(config: Fields): readonly unknown[] {
  return ((config.zfs as Fields | undefined)?.datasets as readonly unknown[] | undefined) ?? []
}

function add(config: Fields, name: string, value: unknown): void {
  if (value !== undefined) config[name] = value
}

/** As docs/config.md has the sections. */
function rank(section: string): number {
  return Object.keys(shapeAt('').properties).indexOf(section)
}

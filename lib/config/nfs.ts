/** The nfs section as plain data: one entry a path and client, and what the folders behind them have to be. */
import { wordsIn } from './comma.ts'
import { liesIn, mountPoints } from './dataset-mounts.ts'
import { canonicalClient } from './export-clients.ts'
import { effectiveOptions } from './export-options.ts'
import type { NfsExport, PhxConfig } from './generated/types.ts'
import { oncePer } from './once.ts'
import { groundOfPath, type PathGround } from './path-ground.ts'
import { plainPath } from './plain-path.ts'
import { declaredServer, interfaceAddresses } from './server-address.ts'
import { featureExports, featuresTask } from './vm-features.ts'
import { type DeclaredZfs, declaredZfs } from './zfs.ts'

/** A dataset and where the config mounts it. */
export interface Place {
  readonly dataset: string
  readonly at: string
}

export interface DeclaredEntry {
  readonly path: string
  /** Canonical. */
  readonly client: string
  /** Those that are not the default of exports(5), sorted. */
  readonly options: readonly string[]
}

/** A folder that is exported, whatever number of clients it has. */
export interface DeclaredRoot {
  readonly path: string
  /** The dataset that has to carry it; null when the config declares none there. */
  readonly ground: PathGround | null
  /** Id of the task that makes the folder, when it is not this step itself. */
  readonly madeBy: string | null
  /** Null: left as it is, here and below. */
  readonly owner: string | null
  readonly group: string | null
  /** Permission bits. */
  readonly mode: number | null
  /** Declared datasets mounted below it. */
  readonly below: readonly Place[]
}

export interface DeclaredNfsStorage {
  readonly id: string
  readonly server: string
  /** The exported path. */
  readonly path: string
  /** Sorted. */
  readonly content: readonly string[]
}

export interface DeclaredNfs {
  readonly roots: readonly DeclaredRoot[]
  readonly entries: readonly DeclaredEntry[]
  readonly storages: readonly DeclaredNfsStorage[]
  /** Addresses by which this host may be named as a server. */
  readonly ownAddresses: readonly string[]
}

const defaultOptions = ['ro', 'sync', 'no_subtree_check']
/** What `pvesm add nfs` takes when nothing is said (facts: proxmox-tools, "pvesm and storage.cfg"). */
export const NFS_DEFAULT_CONTENT = 'images'

export const declaredNfs = oncePer((config: PhxConfig): DeclaredNfs => {
  const zfs = declaredZfs(config)
  const exports = declaredExports(config)
  const entries = new Map<string, DeclaredEntry>()
  for (const { given } of exports) {
    for (const entry of entriesOf(given, zfs)) entries.set(`${entry.path} ${entry.client}`, entry)
  }
  const paths = [...new Set(exports.map(({ given }) => plainPath(given.path)))].sort()
  return {
    roots: paths.map((path) => rootOf(path, exports, zfs)),
    entries: [...entries.values()].sort(
      (one, other) => compare(one.path, other.path) || compare(one.client, other.client),
    ),
    storages: exports.flatMap(({ given }) => storageOf(given, serverAddress(config))),
    ownAddresses: ownAddresses(config),
  }
})

interface Given {
  readonly given: NfsExport
  readonly madeBy: string | null
}

/** What the config exports, then what features of virtual machines export: said by the config, the same entry counts. */
function declaredExports(config: PhxConfig): Given[] {
  const own = (config.nfs?.exports ?? []).map((given) => ({ given, madeBy: null }))
  const features = featureExports(config).map((given) => {
    return { given, madeBy: featuresTask(Number(given.path.split('/').at(-1))) }
  })
  return [...features, ...own]
}

/** Where guests, and this host itself, reach the NFS server. */
export function serverAddress(config: PhxConfig): string {
  return declaredServer(config) ?? '127.0.0.1'
}

function ownAddresses(config: PhxConfig): string[] {
  const names = [config.network?.hostname ?? [], 'localhost'].flat()
  return [...new Set([serverAddress(config), ...interfaceAddresses(config), '127.0.0.1', '::1', ...names])]
}

/** Datasets that ZFS mounts by itself, and where. */
const declaredPlaces = oncePer(({ pools, datasets }: DeclaredZfs): Place[] => {
  const all = [
    ...pools.map(({ name, rootProperties }) => ({ name, type: 'filesystem' as const, properties: rootProperties })),
    ...datasets,
  ]
  const mounted = mountPoints(all.map((one) => ({ ...one, mountpoint: one.properties.mountpoint })))
  return all.flatMap(({ name, properties }) => {
    const at = mounted.get(name)
    return typeof at === 'string' && (properties.canmount ?? 'on') === 'on' ? [{ dataset: name, at }] : []
  })
})

function entriesOf(given: NfsExport, zfs: DeclaredZfs): DeclaredEntry[] {
  const path = plainPath(given.path)
  const words = given.options === undefined ? defaultOptions : wordsIn(given.options)
  const options = withMountPoint(effectiveOptions(words), path, groundOfPath(path, zfs))
  return [...new Set(given.clients.map(canonicalClient))].map((client) => ({ path, client, options }))
}

/**
 * mountd then refuses the path as long as the dataset is not mounted (exports(5), mountpoint): at boot, or after a pool
 * went away, nobody gets the empty folder underneath. `sharenfs` of ZFS does the same.
 */
function withMountPoint(options: readonly string[], path: string, ground: PathGround | null): string[] {
  const isSaid = options.some((word) => /^mountpoint(=|$)/.test(word))
  if (ground === null || isSaid) return [...options]
  return [...options, ground.at === path ? 'mountpoint' : `mountpoint=${ground.at}`].sort()
}

function rootOf(path: string, exports: readonly Given[], zfs: DeclaredZfs): DeclaredRoot {
  const own = exports.filter(({ given }) => plainPath(given.path) === path)
  const said = <T>(pick: (given: NfsExport) => T | undefined): T | null =>
    own.map(({ given }) => pick(given)).find((value) => value !== undefined) ?? null
  const mode = said((given) => given.mode)
  return {
    path,
    ground: groundOfPath(path, zfs),
    madeBy: own.find(({ madeBy }) => madeBy !== null)?.madeBy ?? null,
    owner: said((given) => given.owner),
    group: said((given) => given.group),
    mode: mode === null ? null : Number.parseInt(mode, 8),
    below: declaredPlaces(zfs).filter(({ at }) => at !== path && liesIn(at, path)),
  }
}

function storageOf(one: NfsExport, server: string): DeclaredNfsStorage[] {
  if (one.proxmox_storage === undefined) return []
  const content = wordsIn(one.proxmox_content_type ?? NFS_DEFAULT_CONTENT)
  return [{ id: one.proxmox_storage, server, path: plainPath(one.path), content: [...new Set(content)].sort() }]
}

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0)

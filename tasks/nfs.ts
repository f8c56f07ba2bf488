/** Module `nfs`: one task for the exports, the folders behind them, the server, and the storages on top. */
import type { PhxConfig } from '../lib/config/generated/types.ts'
import { type DeclaredEntry, type DeclaredNfs, declaredNfs } from '../lib/config/nfs.ts'
import { initialSetup } from '../lib/config/steps.ts'
import { declaredUsers } from '../lib/config/users.ts'
import type { Resource, Task, TaskModule, Value } from '../lib/engine/resource.ts'
import { ExportRoot } from '../lib/resources/nfs/export-root.ts'
import { NfsExports } from '../lib/resources/nfs/exports.ts'
import { NfsServer } from '../lib/resources/nfs/server.ts'
import { StaleNfsStorages } from '../lib/resources/nfs/stale-storages.ts'
import { NfsStorage } from '../lib/resources/nfs/storage.ts'
import { Packages } from '../lib/resources/package/packages.ts'
import { Unit } from '../lib/resources/unit/unit.ts'

const id = 'nfs'

/** Owners of export roots who are administrators have to be there before. */
function needsOf(config: PhxConfig, { roots }: DeclaredNfs): string[] {
  const pools = roots.flatMap(({ ground }) => ground?.pool ?? [])
  const features = roots.flatMap(({ madeBy }) => madeBy ?? [])
  const owners = declaredUsers(config).filter(({ name }) =>
    roots.some((root) => [root.owner, root.group].includes(name)),
  )
  return [
    ...initialSetup(config),
    ...new Set(pools.map((pool) => `zfs:${pool}`)),
    ...new Set(features),
    ...owners.map(({ name }) => `admin-user:${name}`),
  ]
}

function inputsOf({ roots, entries, storages }: DeclaredNfs): Record<string, Value> {
  return {
    exports: Object.fromEntries(
      entries.map(({ path, client, options }): [string, Value] => [`${path} ${client}`, options]),
    ),
    folders: Object.fromEntries(
      roots.map(({ path, owner, group, mode }): [string, Value] => {
        return [path, { owner, group, mode: mode === null ? null : mode.toString(8).padStart(4, '0') }]
      }),
    ),
    storages: Object.fromEntries(storages.map(({ id: name, ...storage }): [string, Value] => [name, { ...storage }])),
  }
}

/**
 * Storages that go are unmounted while their exports still are there; exports come when the folders lie on their mounted
 * datasets and the server runs; storages that are added are mounted by Proxmox VE at once, so they come last.
 */
function resourcesOf(nfs: DeclaredNfs): Resource[] {
  const { roots, entries, storages } = nfs
  const paths = roots.map(({ path }) => path)
  const isCrossed = ({ options }: DeclaredEntry): boolean => options.includes('crossmnt')
  const isWritable = ({ options }: DeclaredEntry): boolean =>
    options.includes('rw') && !options.includes('no_root_squash') && !options.includes('anonuid=0')
  return [
    new Packages(id, ['nfs-common', 'nfs-kernel-server']),
    staleStorages(nfs),
    ...roots.map((root) => {
      const own = entries.filter(({ path }) => path === root.path)
      return new ExportRoot(root, { paths, isCrossed: own.some(isCrossed), isWritable: own.some(isWritable) })
    }),
    new Unit({ name: 'nfs-server.service', on: true }),
    new NfsServer(),
    new NfsExports(entries),
    ...storages.map((storage) => new NfsStorage(storage)),
  ]
}

const staleStorages = ({ roots, storages, ownAddresses }: DeclaredNfs): StaleNfsStorages =>
  new StaleNfsStorages({
    declared: new Set(storages.map((storage) => storage.id)),
    servers: ownAddresses,
    paths: roots.map(({ path }) => path),
  })

const common = { id, title: 'NFS exports', version: 1, groups: ['setup'] }

export const nfs: TaskModule<PhxConfig> = {
  name: id,
  expand(config, orphans): readonly Task[] {
    const declared = declaredNfs(config)
    if (declared.entries.length > 0) {
      const [needs, inputs] = [needsOf(config, declared), inputsOf(declared)]
      return [{ ...common, needs, inputs, resources: resourcesOf(declared) }]
    }
    if (!orphans.includes(id)) return []
    // The server goes on running: there may be exports of others.
    return [{ ...common, needs: [], inputs: {}, resources: [staleStorages(declared), new NfsExports([])] }]
  },
}

/** Module `samba`: one task for the shares, their folders, and the users who reach them. */
import type { PhxConfig } from '../lib/config/generated/types.ts'
import { declaredNfs } from '../lib/config/nfs.ts'
import { groundOfPath } from '../lib/config/path-ground.ts'
import { type DeclaredSamba, type DeclaredShare, declaredSamba } from '../lib/config/samba.ts'
import { describeSecret } from '../lib/config/secrets.ts'
import { initialSetup } from '../lib/config/steps.ts'
import { declaredUsers } from '../lib/config/users.ts'
import { declaredZfs } from '../lib/config/zfs.ts'
import type { Resource, Task, TaskModule, Value } from '../lib/engine/resource.ts'
import { Packages } from '../lib/resources/package/packages.ts'
import { SambaUnixAccount } from '../lib/resources/samba/accounts.ts'
import { SharesInclude } from '../lib/resources/samba/include.ts'
import { SmbPort } from '../lib/resources/samba/port.ts'
import { ServedShares } from '../lib/resources/samba/served.ts'
import { SharedFolder } from '../lib/resources/samba/shared-folder.ts'
import { SharesFile } from '../lib/resources/samba/shares-file.ts'
import { StaleSambaUsers } from '../lib/resources/samba/stale-users.ts'
import { SambaUser } from '../lib/resources/samba/user.ts'
import { Unit } from '../lib/resources/unit/unit.ts'

const id = 'samba'

const shareInput = ({ path, parameters, validUsers, folder }: DeclaredShare): Value => ({
  path,
  ...Object.fromEntries(parameters.map(({ name, value }): [string, Value] => [name, value])),
  'valid users': [...validUsers].sort(),
  folder: { ...folder },
})

function inputsOf(samba: DeclaredSamba): Record<string, Value> {
  return {
    shares: Object.fromEntries(samba.shares.map((share): [string, Value] => [share.name, shareInput(share)])),
    users: Object.fromEntries(
      samba.users.map(({ name, password }): [string, Value] => [name, password && describeSecret(password)]),
    ),
    workgroup: samba.workgroup,
    netbios: samba.netbios,
  }
}

/** Folders in a dataset that the nfs task makes, as it exports them too. */
const madeByNfs = (config: PhxConfig): string[] =>
  declaredNfs(config).roots.flatMap(({ path, ground }) => (ground !== null && ground.at !== path ? [path] : []))

function foldersOf(samba: DeclaredSamba, config: PhxConfig): SharedFolder[] {
  const zfs = declaredZfs(config)
  const coming = [...samba.users, ...declaredUsers(config)].map(({ name }) => name)
  const exported = madeByNfs(config)
  const paths = [...new Set(samba.shares.map(({ path }) => path))]
  return paths.map((path) => {
    const shares = samba.shares.filter((share) => share.path === path)
    const madeBy = exported.includes(path) ? 'nfs' : null
    return new SharedFolder({ path, ground: groundOfPath(path, zfs), shares, coming, madeBy })
  })
}

function resourcesOf(samba: DeclaredSamba, config: PhxConfig): Resource[] {
  const names = samba.users.map(({ name }) => name)
  return [
    new SmbPort(),
    new Packages(id, ['samba', 'smbclient']),
    ...samba.users.filter(({ isAdminUser }) => !isAdminUser).map(({ name }) => new SambaUnixAccount(name)),
    ...foldersOf(samba, config),
    new SharesFile(samba),
    new SharesInclude(samba),
    ...samba.users.map((user) => new SambaUser(user)),
    new StaleSambaUsers(names),
    new Unit({ name: 'smbd.service', on: true }),
    new Unit({ name: 'nmbd.service', on: samba.netbios }),
    ...(samba.shares.length > 0 ? [new ServedShares(samba.shares)] : []),
  ]
}

function needsOf(samba: DeclaredSamba, config: PhxConfig): string[] {
  const zfs = declaredZfs(config)
  const paths = samba.shares.map(({ path }) => path)
  const pools = paths.flatMap((path) => groundOfPath(path, zfs)?.pool ?? [])
  const named = samba.shares.flatMap(({ folder }) => [folder.owner, folder.group])
  const admins = declaredUsers(config).filter(
    ({ name }) => named.includes(name) || samba.users.some((user) => user.name === name),
  )
  return [
    ...initialSetup(config),
    ...new Set(pools.map((pool) => `zfs:${pool}`)),
    ...(madeByNfs(config).some((path) => paths.includes(path)) ? ['nfs'] : []),
    ...admins.map(({ name }) => `admin-user:${name}`),
  ]
}

const common = { id, title: 'Samba shares and users', version: 1, groups: ['setup'] }

export const samba: TaskModule<PhxConfig> = {
  name: id,
  expand(config, orphans): readonly Task[] {
    const declared = declaredSamba(config)
    if (declared) {
      const [needs, inputs] = [needsOf(declared, config), inputsOf(declared)]
      return [{ ...common, needs, inputs, resources: resourcesOf(declared, config) }]
    }
    if (!orphans.includes(id)) return []
    // smbd goes on running: there may be shares of others.
    const resources = [new SharesFile(null), new SharesInclude(null), new StaleSambaUsers([])]
    return [{ ...common, needs: [], inputs: {}, resources }]
  },
}

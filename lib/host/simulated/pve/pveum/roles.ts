/** Privileges, and the roles that every Proxmox VE has: as `pveum role list` tells them (pveum.jsonl n=36). */

const words = (line: string): string[] => line.split(' ').filter((word) => word !== '')
const prefixed = (prefix: string, line: string): string[] => words(line).map((word) => `${prefix}.${word}`)

const vmUser = prefixed(
  'VM',
  'Audit Backup Config.CDROM Config.Cloudinit Console GuestAgent.Audit GuestAgent.FileRead GuestAgent.FileSystemMgmt ' +
    'GuestAgent.FileWrite PowerMgmt',
)
const vmAdmin = [
  ...vmUser,
  ...prefixed(
    'VM',
    'Allocate Clone Config.CPU Config.Disk Config.HWType Config.Memory Config.Network Config.Options ' +
      'GuestAgent.Unrestricted Migrate Replicate Snapshot Snapshot.Rollback',
  ),
]
const datastoreUser = prefixed('Datastore', 'AllocateSpace Audit')
const datastoreAdmin = [...datastoreUser, ...prefixed('Datastore', 'Allocate AllocateTemplate')]
const sdnUser = prefixed('SDN', 'Audit Use')
const sysAdmin = prefixed('Sys', 'Audit Console Syslog')
const userAdmin = words('Group.Allocate Realm.AllocateUser User.Modify')
const poolAdmin = prefixed('Pool', 'Allocate Audit')
const mappingUser = prefixed('Mapping', 'Audit Use')

const admin = [
  ...vmAdmin,
  ...datastoreAdmin,
  ...sdnUser,
  ...sysAdmin,
  ...userAdmin,
  ...poolAdmin,
  ...mappingUser,
  'SDN.Allocate',
]
const everything = [
  ...admin,
  ...words('Mapping.Modify Permissions.Modify Realm.Allocate'),
  ...prefixed('Sys', 'AccessNetwork Incoming Modify PowerMgmt'),
]

/** `VM.Monitor` is none any more (facts, proxmox-tools.md). */
export const privileges: ReadonlySet<string> = new Set(everything)

const rows: Readonly<Record<string, readonly string[]>> = {
  Administrator: everything,
  NoAccess: [],
  PVEAdmin: admin,
  PVEAuditor: [...privileges].filter((name) => name.endsWith('.Audit')),
  PVEDatastoreAdmin: datastoreAdmin,
  PVEDatastoreUser: datastoreUser,
  PVEMappingAdmin: [...mappingUser, 'Mapping.Modify'],
  PVEMappingUser: mappingUser,
  PVEPoolAdmin: poolAdmin,
  PVEPoolUser: ['Pool.Audit'],
  PVESDNAdmin: [...sdnUser, 'SDN.Allocate'],
  PVESDNUser: sdnUser,
  PVESysAdmin: sysAdmin,
  PVETemplateUser: words('VM.Audit VM.Clone'),
  PVEUserAdmin: userAdmin,
  PVEVMAdmin: vmAdmin,
  PVEVMUser: vmUser,
}

/** Never written to user.cfg, never changed. */
export const builtinRoles: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries(rows).map(([role, privs]) => [role, new Set(privs)]),
)

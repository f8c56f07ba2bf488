/**
 * Parameters that smb.conf(5) of Samba 4.22 takes inside a share (each of them was put to its testparm). testparm only
 * warns of an unknown one and smbd goes on without it (seen: services.jsonl scenes 21 and 22), so a slip of the pen
 * would stay unnoticed.
 */
const BOOLEAN = `access based share enum, acl allow execute always, acl check permissions, acl flag inherited canonicalization,
acl group control, acl map full control, administrative share, afs share, available, blocking locks, browseable,
check parent directory delete on close, default devmode, delete readonly, delete veto files, dmapi support,
dos filemode, dos filetime resolution, dos filetimes, durable handles, ea support, fake directory create times,
fake oplocks, follow symlinks, smbd force process locks, force printername, force unknown acl user, guest ok, guest only,
hide dot files, hide special files, hide unreadable, hide unwriteable files, honor change notify privilege, inherit acls,
inherit permissions, kernel oplocks, kernel share modes, level2 oplocks, locking, map acl inherit, map archive, map hidden,
map system, msdfs root, msdfs shuffle referrals, nt acl support, oplocks, posix locking, preexec close, preserve case,
printable, print notify backchannel, read only, root preexec close, short preserve case, smbd async dosmode,
smbd getinfo ask sharemode, smbd search ask sharemode, spotlight, store dos attributes, strict allocate, strict rename,
strict sync, sync always, use client driver, use sendfile, wide links, smb3 unix extensions`

const OTHER = `admin users, aio read size, aio write behind, aio write size, allocation roundup size, block size,
case sensitive, comment, copy, create mask, csc policy, cups options, default case, dfree cache time, dfree command,
directory mask, dont descend, force create mode, force directory mode, force group, force user, fstype, hide files,
hide new files timeout, hosts allow, hosts deny, include, inherit owner, invalid users, lppause command, lpq command,
lpresume command, lprm command, magic output, magic script, mangled names, mangling char, map readonly, max connections,
max print jobs, max reported print jobs, min print space, msdfs proxy, ntvfs handler, path, postexec, preexec, print command,
printer name, printing, printjob username, queuepause command, queueresume command, read list, root postexec, root preexec,
server addresses, server smb encrypt, smbd max async dosmode, smbd max xattr size, spotlight backend, strict locking,
valid users, veto files, veto oplock files, vfs mkdir use tmp name, vfs objects, volume, volume serial number, write list`

/** Other names of the same (smb.conf(5), "This parameter is a synonym for …"). */
const SYNONYMS: Readonly<Record<string, string>> = {
  'allow hosts': 'hosts allow',
  browsable: 'browseable',
  casesignames: 'case sensitive',
  'create mode': 'create mask',
  'deny hosts': 'hosts deny',
  directory: 'path',
  'directory mode': 'directory mask',
  exec: 'preexec',
  group: 'force group',
  'only guest': 'guest only',
  'print ok': 'printable',
  printer: 'printer name',
  public: 'guest ok',
  'smb encrypt': 'server smb encrypt',
  'vfs object': 'vfs objects',
}

/** The opposite of `read only`. */
const INVERSE = ['writeable', 'writable', 'write ok']

const listed = (names: string): string[] => names.split(',').map((name) => name.trim().replace(/\s+/g, ' '))

const BOOLEANS = new Set(listed(BOOLEAN))
const CANONICAL = new Map(
  [
    ...[...BOOLEANS, ...listed(OTHER)].map((name) => [name, name] as const),
    ...Object.entries(SYNONYMS),
    ...INVERSE.map((name) => [name, 'read only'] as const),
  ].map(([name, meant]) => [withoutBlanks(name), { name, meant }]),
)

/** Samba tells neither upper from lower case nor blanks apart; `module:option` belongs to a VFS module. */
export function isShareParameter(name: string): boolean {
  return CANONICAL.has(withoutBlanks(name)) || isOfModule(name)
}

export function shareParameters(): string[] {
  return [...CANONICAL.values()].map(({ name }) => name)
}

/** `yes` and `no` as Samba reads them, or undefined: `perhaps` is no boolean (seen: services.jsonl scene 21). */
export function booleanIn(value: string): boolean | undefined {
  const plain = value.trim().toLowerCase()
  if (['yes', 'true', 'on', '1'].includes(plain)) return true
  return ['no', 'false', 'off', '0'].includes(plain) ? false : undefined
}

export function isBooleanParameter(name: string): boolean {
  return BOOLEANS.has(CANONICAL.get(withoutBlanks(name))?.meant ?? '')
}

export interface Parameter {
  readonly name: string
  readonly value: string
}

/** The parameter under its first name, so that `writeable=TRUE` and `read only = no` are one. */
export function canonicalParameter(name: string, value: string): Parameter {
  const known = CANONICAL.get(withoutBlanks(name))
  if (known === undefined) return { name: name.trim().replace(/\s+/g, ' '), value: value.trim() }
  const truth = BOOLEANS.has(known.meant) ? booleanIn(value) : undefined
  if (truth === undefined) return { name: known.meant, value: value.trim() }
  return { name: known.meant, value: truth !== INVERSE.includes(known.name) ? 'yes' : 'no' }
}

function isOfModule(name: string): boolean {
  return /^[a-z0-9_ ]+:/i.test(name)
}

function withoutBlanks(name: string): string {
  return name.toLowerCase().replace(/[\s_]/g, '')
}

/**
 * Parameters that smb.conf(5) of Samba 4.22 takes inside a share. testparm only warns of an unknown one and smbd goes
 * on without it (seen: services.jsonl scenes 21 and 22), so a slip of the pen would stay unnoticed.
 */
const NAMES = `access based share enum, acl allow execute always, acl flag inherited canonicalization,
acl group control, acl map full control, administrative share, admin users, afs share, aio read size,
aio write behind, aio write size, allocation roundup size, available, blocking locks, block size, browseable,
browsable, case sensitive, casesignames, check parent directory delete on close, comment, copy, create mask,
create mode, csc policy, cups options, default case, default devmode, delete readonly, delete veto files,
dfree cache time, dfree command, directory mask, directory mode, directory name cache size, dmapi support,
dont descend, dos filemode, dos filetime resolution, dos filetimes, durable handles, ea support, fake directory create times,
fake oplocks, follow symlinks, smbd force process locks, force create mode, force directory mode,
force directory security mode, force group, group, force printername, force security mode, force unknown acl user,
force user, fstype, guest ok, public, guest only, only guest, hide dot files, hide files, hide new files timeout, hide special files,
hide unreadable, hide unwriteable files, honor change notify privilege, hosts allow, allow hosts, hosts deny, deny hosts,
include, inherit acls, inherit owner, inherit permissions, invalid users, kernel oplocks, kernel share modes,
level2 oplocks, locking, lppause command, lpq command, lpresume command, lprm command, magic output, magic script,
mangled names, mangling char, map acl inherit, map archive, map hidden, map readonly, map system, max connections,
max print jobs, max reported print jobs, min print space, msdfs proxy, msdfs root, msdfs shuffle referrals, nt acl support,
ntvfs handler, oplocks, path, directory, posix locking, postexec, preexec, exec, preexec close, preserve case,
printable, print ok, print command, printer name, printer, printing, printjob username, print notify backchannel, queuepause command,
queueresume command, read list, read only, root postexec, root preexec, root preexec close, server addresses, short preserve case,
server smb encrypt, smb encrypt, smbd async dosmode, smbd getinfo ask sharemode, smbd max async dosmode, smbd max xattr size,
smbd search ask sharemode, spotlight, spotlight backend, store dos attributes, strict allocate, strict locking, strict rename, strict sync, sync always,
use client driver, use sendfile, valid users, username, user, users, veto files, veto oplock files, vfs objects, vfs object,
volume, volume serial number, wide links, wins hook, write list, write ok, writeable, writable, elasticsearch index, smb3 unix extensions`

const KNOWN = new Map(
  NAMES.split(',')
    .map((name) => name.trim().replace(/\s+/g, ' '))
    .map((name) => [withoutBlanks(name), name]),
)

/** Samba tells neither upper from lower case nor blanks apart; `module:option` belongs to a VFS module. */
export function isShareParameter(name: string): boolean {
  return KNOWN.has(withoutBlanks(name)) || /^[a-z0-9_ ]+:/i.test(name)
}

export function shareParameters(): string[] {
  return [...KNOWN.values()]
}

function withoutBlanks(name: string): string {
  return name.toLowerCase().replace(/[\s_]/g, '')
}

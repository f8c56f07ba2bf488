/**
 * Every parameter of Samba 4.22.11 with its kind and its default, as `testparm -sv` prints them. Kinds: b yes or no, z a
 * size, e one of a few words, o octal, t any text (each was given a value that is none of these, and what it said noted).
 */
const globals = `abort shutdown script:t= | acl claims evaluation:e=AD DC only | ad dc functional level:e=2008_R2 | add group script:t=
additional dns hostnames:t= | add machine script:t= | addport command:t= | addprinter command:t=
add share command:t= | add user script:t= | add user to group script:t= | afs token lifetime:t=604800
afs username map:t= | aio max threads:t=100 | algorithmic rid base:t=1000 | allow dcerpc auth level connect:b=No
allow dns updates:e=secure only | allow insecure wide links:b=No | allow nt4 crypto:b=No | allow trusted domains:b=Yes
allow unsafe cluster upgrade:b=No | apply group policies:b=No | async dns timeout:t=10 | async smb echo handler:b=No
auth event notification:b=No | auto services:t= | binddns dir:t=/var/lib/samba/bind-dns | bind interfaces only:b=No
browse list:b=Yes | cache directory:t=/var/cache/samba | change notify:b=Yes | change share command:t=
check password script:t= | client ipc max protocol:e=default | client ipc min protocol:e=default
client ipc signing:e=default | client lanman auth:b=No | client ldap sasl wrapping:e=seal
client max protocol:e=default | client min protocol:e=SMB2_02 | client netlogon ping protocol:e=cldap
client NTLMv2 auth:b=Yes | client plaintext auth:b=No | client protection:e=default | client schannel:e=Yes
client signing:e=default | client smb encrypt:e=default
client smb3 encryption algorithms:t=AES-128-GCM, AES-128-CCM, AES-256-GCM, AES-256-CCM
client smb3 signing algorithms:t=AES-128-GMAC, AES-128-CMAC, HMAC-SHA256 | client use kerberos:e=desired
client use krb5 netlogon:e=default | client use spnego:b=Yes | cluster addresses:t= | clustering:b=No
config backend:e=file | config file:t= | create krb5 conf:b=Yes | ctdbd socket:t= | ctdb locktime warn threshold:t=0
ctdb timeout:t=0 | cups connection timeout:t=30 | cups encrypt:e=No | cups server:t=
dcerpc endpoint servers:t=epmapper, wkssvc, samr, netlogon, lsarpc, drsuapi, dssetup, unixinfo, browser, eventlog6, backupkey, dnsserver
deadtime:t=10080 | debug class:b=No | debug encryption:b=No | debug hires timestamp:b=Yes | debug pid:b=No
debug prefix timestamp:b=No | debug syslog format:e=No | winbind debug traceid:b=Yes | debug uid:b=No
dedicated keytab file:t= | default service:t= | defer sharing violations:b=Yes | delete group script:t=
deleteprinter command:t= | delete share command:t= | delete user from group script:t= | delete user script:t=
dgram port:t=138 | disable netbios:b=No | disable spoolss:b=No | dns hostname:t= | dns forwarder:t= | dns port:t=53
dns proxy:b=Yes | dns update command:t=/usr/sbin/samba_dnsupdate | dns zone scavenging:b=No
dns zone transfer clients allow:t= | dns zone transfer clients deny:t= | domain logons:b=No | domain master:e=Auto
dos charset:t=CP850 | dsdb event notification:b=No | dsdb group change notification:b=No
dsdb password event notification:b=No | enable asu support:b=No | enable core files:b=Yes | enable privileges:b=Yes
encrypt passwords:b=Yes | enhanced browsing:b=Yes | enumports command:t= | eventlog list:t= | get quota command:t=
getwd cache:b=Yes | gpo update command:t=/usr/sbin/samba-gpupdate | guest account:t=nobody
himmelblaud hello enabled:b=No | himmelblaud hsm pin path:t=/var/lib/himmelblaud/hsm-pin
himmelblaud sfa fallback:b=No | host msdfs:b=Yes | hostname lookups:b=No | idmap backend:t=tdb
idmap cache time:t=604800 | idmap gid:t= | idmap negative cache time:t=120 | idmap uid:t=
include system krb5 conf:b=Yes | init logon delay:t=100 | init logon delayed hosts:t= | interfaces:t=
iprint server:t= | kdc default domain supported enctypes:e=0 | kdc enable fast:b=Yes
kdc force enable rc4 weak session keys:b=No | kdc supported enctypes:e=0 | keepalive:t=300
kerberos encryption types:e=all | kerberos method:e=default | kernel change notify:b=Yes | kpasswd port:t=464
krb5 port:t=88 | lanman auth:b=No | large readwrite:b=Yes | ldap admin dn:t= | ldap connection timeout:t=2
ldap debug level:t=0 | ldap debug threshold:t=10 | ldap delete dn:b=No | ldap deref:e=auto
ldap follow referral:e=Auto | ldap group suffix:t= | ldap idmap suffix:t= | ldap machine suffix:t=
ldap max anonymous request size:t=256000 | ldap max authenticated request size:t=16777216
ldap max search request size:t=256000 | ldap page size:t=1000 | ldap passwd sync:e=no | ldap replication sleep:t=1000
ldap server require strong auth:e=Yes | ldap ssl:e=start tls | ldap suffix:t= | ldap timeout:t=15
ldap user suffix:t= | lm announce:e=Auto | lm interval:t=60 | load printers:b=Yes | local master:b=Yes
lock directory:t=/run/samba | lock spin time:t=200 | log file:t= | logging:t= | log level:t=1
log nt token command:t= | logon drive:t= | logon home:t=\\\\%N\\%U | logon path:t=\\\\%N\\%U\\profile | logon script:t=
log writeable files on exit:b=No | lpq cache time:t=30 | lsa over netlogon:b=No | machine password timeout:t=604800
mangle prefix:t=1 | mangling method:t=hash2 | map to guest:e=Never | max disk size:z=0 | max log size:z=5000
max mux:t=50 | max open files:t=16424 | max smbd processes:t=0 | max stat cache size:t=512 | max ttl:t=259200
max wins ttl:t=518400 | max xmit:z=16644 | mdns name:e=netbios | message command:t= | min domain uid:t=1000
min receivefile size:z=0 | min wins ttl:t=21600 | mit kdc command:t= | multicast dns register:b=Yes
name cache timeout:t=660 | name resolve order:t=lmhosts wins host bcast | nbt client socket address:t=0.0.0.0
nbt port:t=137 | ncalrpc dir:t=/run/samba/ncalrpc | netbios aliases:t= | netbios name:t=VM | netbios scope:t=
neutralize nt4 emulation:b=No | nmbd bind explicit broadcast:b=Yes | nsupdate command:t=/usr/bin/nsupdate -g
nt hash store:e=always | ntlm auth:e=ntlmv2-only | nt pipe support:b=Yes
ntp signd socket directory:t=/var/lib/samba/ntp_signd | nt status support:b=Yes | null passwords:b=No
obey pam restrictions:b=No | old password allowed period:t=60 | oplock break wait time:t=0 | os2 driver map:t=
os level:t=20 | pam password change:b=No | panic action:t= | passdb backend:t=tdbsam | passdb expand explicit:b=No
passwd chat:t=*new*password* %n\\n *new*password* %n\\n *changed* | passwd chat debug:b=No | passwd chat timeout:t=2
passwd program:t= | password hash gpg key ids:t= | password hash userPassword schemes:t= | password server:t=*
perfcount module:t= | pid directory:t=/run/samba | preferred master:e=Auto | prefork backoff increment:t=10
prefork children:t=4 | prefork maximum backoff:t=120 | preload modules:t= | printcap cache time:t=750
printcap name:t= | private dir:t=/var/lib/samba/private | raw NTLMv2 auth:b=No | read raw:b=Yes | realm:t=
registry shares:b=No | reject aes netlogon servers:b=No | reject md5 clients:b=Yes | reject md5 servers:b=Yes
remote announce:t= | remote browse sync:t= | rename user script:t= | require strong key:b=Yes | reset on zero vc:b=No
restrict anonymous:t=0 | root directory:t= | rpc big endian:b=No | rpc server dynamic port range:t=49152-65535
rpc server port:t=0 | rpc start on demand helpers:b=Yes | samba kcc command:t=/usr/sbin/samba_kcc | security:e=AUTO
server max protocol:e=SMB3 | server min protocol:e=SMB2_02 | server multi channel support:b=Yes
server reject aes schannel:b=No | server role:e=auto | server schannel:e=Yes | server schannel require seal:b=Yes
server services:t=s3fs, rpc, nbt, wrepl, ldap, cldap, kdc, drepl, winbindd, ntp_signd, kcc, dnsupdate, dns
server signing:e=default | server smb3 encryption algorithms:t=AES-128-GCM, AES-128-CCM, AES-256-GCM, AES-256-CCM
server smb3 signing algorithms:t=AES-128-GMAC, AES-128-CMAC, HMAC-SHA256
server string:t=Samba 4.22.11-Debian-4.22.11+dfsg-0+deb13u1 | server support krb5 netlogon:b=No
set primary group script:t= | set quota command:t= | show add printer wizard:b=Yes | shutdown script:t=
smb1 unix extensions:b=Yes | smb2 disable lock sequence checking:b=No | smb2 disable oplock break retry:b=No
smb2 leases:b=Yes | smb2 max credits:t=8192 | smb2 max read:z=8388608 | smb2 max trans:z=8388608
smb2 max write:z=8388608 | smb3 directory leases:e=Auto | smbd profiling level:e=off
smb passwd file:t=/etc/samba/smbpasswd | smb ports:t=445 139 | socket options:t=TCP_NODELAY
spn update command:t=/usr/sbin/samba_spnupdate | stat cache:b=Yes | state directory:t=/var/lib/samba | svcctl list:t=
sync machine password script:t= | sync machine password to keytab:t= | syslog:t=1 | syslog only:b=No
template homedir:t=/home/%D/%U | template shell:t=/bin/false | time server:b=No | timestamp logs:b=Yes
tls ca directories:t= | tls cafile:t=tls/ca.pem | tls certfile:t=tls/cert.pem | tls crlfile:t= | tls dh params file:t=
tls enabled:b=Yes | tls keyfile:t=tls/key.pem | tls priority:t=NORMAL:-VERS-SSL3.0 | tls trust system cas:b=No
tls verify peer:e=as_strict_as_possible | unicode:b=Yes | unix charset:t=UTF-8 | unix password sync:b=No
use mmap:b=Yes | username level:t=0 | username map:t= | username map cache time:t=0 | username map script:t=
usershare allow guests:b=No | usershare max shares:t=100 | usershare owner only:b=Yes
usershare path:t=/var/lib/samba/usershares | usershare prefix allow list:t= | usershare prefix deny list:t=
usershare template share:t= | utmp:b=No | utmp directory:t= | winbind cache time:t=300
winbindd socket directory:t=/run/samba/winbindd | winbind enum groups:b=No | winbind enum users:b=No
winbind expand groups:t=0 | winbind max clients:t=200 | winbind max domain connections:t=1
winbind nested groups:b=Yes | winbind normalize names:b=No | winbind nss info:t=template | winbind offline logon:b=No
winbind reconnect delay:t=30 | winbind refresh tickets:b=No | winbind request timeout:t=60 | winbind rpc only:b=No
winbind scan trusted domains:b=No | winbind sealed pipes:b=Yes | winbind separator:t=\\
winbind use default domain:b=No | winbind use krb5 enterprise principals:b=Yes | wins hook:t= | wins proxy:b=No
wins server:t= | wins support:b=No | workgroup:t=WORKGROUP | write raw:b=Yes | wsp property file:t=
wtmp directory:t=`

const services = `access based share enum:b=No | acl allow execute always:b=No | acl check permissions:b=Yes
acl flag inherited canonicalization:b=Yes | acl group control:b=No | acl map full control:b=Yes
administrative share:b=No | admin users:t= | afs share:b=No | aio read size:z=1 | aio write behind:t=
aio write size:z=1 | allocation roundup size:z=0 | available:b=Yes | blocking locks:b=Yes | block size:z=1024
browseable:b=Yes | case sensitive:e=Auto | check parent directory delete on close:b=No | comment:t= | copy:t=
create mask:o=0744 | csc policy:e=manual | cups options:t= | default case:e=lower | default devmode:b=Yes
delete readonly:b=No | delete veto files:b=No | dfree cache time:t=0 | dfree command:t= | directory mask:o=0755
dmapi support:b=No | dont descend:t= | dos filemode:b=No | dos filetime resolution:b=No | dos filetimes:b=Yes
durable handles:b=Yes | ea support:b=Yes | fake directory create times:b=No | fake oplocks:b=No
follow symlinks:b=Yes | smbd force process locks:b=No | force create mode:o=0000 | force directory mode:o=0000
force group:t= | force printername:b=No | force unknown acl user:b=No | force user:t= | fstype:t=NTFS | guest ok:b=No
guest only:b=No | hide dot files:b=Yes | hide files:t= | hide new files timeout:t=0 | hide special files:b=No
hide unreadable:b=No | hide unwriteable files:b=No | honor change notify privilege:b=No | hosts allow:t=
hosts deny:t= | include:t= | inherit acls:b=No | inherit owner:e=no | inherit permissions:b=No | invalid users:t=
kernel oplocks:b=No | kernel share modes:b=No | level2 oplocks:b=Yes | locking:b=Yes | lppause command:t=
lpq command:t=%p | lpresume command:t= | lprm command:t= | magic output:t= | magic script:t= | mangled names:e=illegal
mangling char:t=~ | map acl inherit:b=No | map archive:b=Yes | map hidden:b=No | map readonly:e=no | map system:b=No
max connections:t=0 | max print jobs:t=1000 | max reported print jobs:t=0 | min print space:t=0 | msdfs proxy:t=
msdfs root:b=No | msdfs shuffle referrals:b=No | nt acl support:b=Yes | ntvfs handler:t=unixuid, default
oplocks:b=Yes | path:t= | posix locking:b=Yes | postexec:t= | preexec:t= | preexec close:b=No | preserve case:b=Yes
printable:b=No | print command:t= | printer name:t= | printing:e=cups | printjob username:t=%U
print notify backchannel:b=No | queuepause command:t= | queueresume command:t= | read list:t= | read only:b=Yes
root postexec:t= | root preexec:t= | root preexec close:b=No | server addresses:t= | server smb encrypt:e=default
short preserve case:b=Yes | smb3 unix extensions:b=No | smbd async dosmode:b=No | smbd getinfo ask sharemode:b=Yes
smbd max async dosmode:t=0 | smbd max xattr size:t=65536 | smbd search ask sharemode:b=Yes | spotlight:b=No
spotlight backend:e=noindex | store dos attributes:b=Yes | strict allocate:b=No | strict locking:e=Auto
strict rename:b=No | strict sync:b=Yes | sync always:b=No | use client driver:b=No | use sendfile:b=No
valid users:t= | veto files:t= | veto oplock files:t= | vfs mkdir use tmp name:e=Auto | vfs objects:t= | volume:t=
volume serial number:t=-1 | wide links:b=No | write list:t=`

export type Kind = 'b' | 'z' | 'e' | 'o' | 't'

export interface SmbParameter {
  /** Its first name. */
  readonly name: string
  readonly kind: Kind
  /** In the form in which testparm prints it. */
  readonly byDefault: string
  readonly scope: 'global' | 'service'
  /** True for `writeable`, the opposite of `read only`. */
  readonly isInverse?: true
}

const synonyms: Readonly<Record<string, string>> = {
  'allow hosts': 'hosts allow',
  browsable: 'browseable',
  'create mode': 'create mask',
  'max protocol': 'server max protocol',
  'min protocol': 'server min protocol',
  'smb encrypt': 'server smb encrypt',
  'deny hosts': 'hosts deny',
  directory: 'path',
  'directory mode': 'directory mask',
  exec: 'preexec',
  group: 'force group',
  'only guest': 'guest only',
  'print ok': 'printable',
  printer: 'printer name',
  public: 'guest ok',
  'vfs object': 'vfs objects',
}

/** Neither case nor blanks count. */
const plain = (name: string): string => name.toLowerCase().replace(/[\s_]/g, '')

function* entries(): Generator<readonly [string, SmbParameter]> {
  for (const [scope, text] of [
    ['global', globals],
    ['service', services],
  ] as const) {
    for (const entry of text.split(/\n| \| /)) {
      const [, name = '', kind = 't', byDefault = ''] = /^(.*):([bzeot])=(.*)$/.exec(entry) ?? []
      yield [plain(name), { name, kind: kind as Kind, byDefault, scope }]
    }
  }
}

const known = new Map(entries())

export function parameterNamed(name: string): SmbParameter | undefined {
  const own = known.get(plain(name))
  if (own) return own
  const meant = Object.entries(synonyms).find(([synonym]) => plain(synonym) === plain(name))?.[1]
  if (meant !== undefined) return known.get(plain(meant))
  const readOnly = known.get('readonly')
  const isInverse = ['writeable', 'writable', 'writeok'].includes(plain(name))
  return isInverse && readOnly ? { ...readOnly, isInverse: true } : undefined
}

/** The order in which testparm prints them. */
export const inOrder = (one: string, other: string): number => (plain(one) < plain(other) ? -1 : 1)

/** The accounts of a fresh Debian 13: its own (base-passwd) and those of the packages that phx meets. */
import type { SimState } from '../model.ts'
import { keepRows } from './database.ts'

const passwd = `root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
bin:x:2:2:bin:/bin:/usr/sbin/nologin
sys:x:3:3:sys:/dev:/usr/sbin/nologin
sync:x:4:65534:sync:/bin:/bin/sync
games:x:5:60:games:/usr/games:/usr/sbin/nologin
man:x:6:12:man:/var/cache/man:/usr/sbin/nologin
lp:x:7:7:lp:/var/spool/lpd:/usr/sbin/nologin
mail:x:8:8:mail:/var/mail:/usr/sbin/nologin
news:x:9:9:news:/var/spool/news:/usr/sbin/nologin
uucp:x:10:10:uucp:/var/spool/uucp:/usr/sbin/nologin
proxy:x:13:13:proxy:/bin:/usr/sbin/nologin
www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
backup:x:34:34:backup:/var/backups:/usr/sbin/nologin
list:x:38:38:Mailing List Manager:/var/list:/usr/sbin/nologin
irc:x:39:39:ircd:/run/ircd:/usr/sbin/nologin
_apt:x:42:65534::/nonexistent:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
systemd-network:x:998:998:systemd Network Management:/:/usr/sbin/nologin
messagebus:x:997:997:System Message Bus:/nonexistent:/usr/sbin/nologin
_rpc:x:100:65534::/run/rpcbind:/usr/sbin/nologin
sshd:x:991:65534:sshd user:/run/sshd:/usr/sbin/nologin
statd:x:101:65534::/var/lib/nfs:/usr/sbin/nologin`

/** Name and number; nobody is in any of them. */
const groups = `root 0 daemon 1 bin 2 sys 3 adm 4 tty 5 disk 6 lp 7 mail 8 news 9 uucp 10 man 12 proxy 13 kmem 15 dialout 20
fax 21 voice 22 cdrom 24 floppy 25 tape 26 sudo 27 audio 29 dip 30 www-data 33 backup 34 operator 37 list 38 irc 39 src 40
shadow 42 utmp 43 video 44 sasl 45 plugdev 46 staff 50 games 60 users 100 nogroup 65534 systemd-journal 999
systemd-network 998 messagebus 997 input 996 sgx 995 clock 994 kvm 993 render 992 _ssh 101`

/** Day of the installation, as shadow(5) counts. */
const installed = '20454'

export function seedAccounts(state: SimState): void {
  const users = passwd.split('\n').map((line) => line.split(':'))
  const pairs = [...groups.matchAll(/(\S+) (\d+)/g)].map(([, name = '', gid = '']) => ({ name, gid }))
  keepRows(state, 'passwd', users)
  keepRows(
    state,
    'shadow',
    users.map(([name = '']) => [
      name,
      name === 'root' ? '$y$j9T$simulated$root' : '*',
      installed,
      '0',
      '99999',
      '7',
      '',
      '',
      '',
    ]),
  )
  keepRows(
    state,
    'group',
    pairs.map(({ name, gid }) => [name, 'x', gid, '']),
  )
  keepRows(
    state,
    'gshadow',
    pairs.map(({ name }) => [name, '*', '', '']),
  )
  for (const [path, content] of Object.entries(texts)) state.files[path] ??= { type: 'file', content, mode: 0o644 }
  for (const path of ['/etc/skel', '/root'])
    state.files[path] ??= { type: 'dir', content: '', mode: path === '/root' ? 0o700 : 0o755 }
  for (const folder of ['/bin', '/usr/bin']) {
    state.files[folder] ??= { type: 'dir', content: '', mode: 0o755 }
    for (const shell of ['sh', 'bash', 'rbash', 'dash'])
      state.files[`${folder}/${shell}`] ??= { type: 'file', content: '', mode: 0o755 }
  }
  for (const name of ['.bashrc', '.profile']) {
    state.files[`/etc/skel/${name}`] ??= { type: 'file', content: `# ${name} of Debian\n`, mode: 0o644 }
  }
}

const texts: Readonly<Record<string, string>> = {
  '/etc/shells':
    '# /etc/shells: valid login shells\n/bin/sh\n/usr/bin/sh\n/bin/bash\n/usr/bin/bash\n/bin/rbash\n/usr/bin/rbash\n/usr/bin/dash\n',
  '/etc/subgid': 'root:100000:65536\n',
  '/etc/subuid': 'root:100000:65536\n',
}

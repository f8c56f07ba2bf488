/** Samba: its tools, its daemons, and who is connected. */
import type { Area } from '../area.ts'
import type { SimState } from '../model.ts'
import { loadConfig } from './config.ts'
import { pdbedit, smbpasswd } from './passdb.ts'
import { net, runs, smbcontrol, smbstatus } from './server.ts'
import { smbclient } from './smbclient.ts'
import { testparm } from './testparm.ts'

/** Debian 13's, without its comments; the include of phx comes behind its last section. */
const smbConf = `[global]
   workgroup = WORKGROUP
   log file = /var/log/samba/log.%m
   max log size = 1000
   logging = file
   panic action = /usr/share/samba/panic-action %d
   server role = standalone server
   obey pam restrictions = yes
   unix password sync = yes
   passwd program = /usr/bin/passwd %u
   passwd chat = *Enter\\snew\\s*\\spassword:* %n\\n *Retype\\snew\\s*\\spassword:* %n\\n *password\\supdated\\ssuccessfully* .
   pam password change = yes
   map to guest = bad user
   usershare allow guests = yes

[homes]
   comment = Home Directories
   browseable = no
   read only = yes
   create mask = 0700
   directory mask = 0700
   valid users = %S

[printers]
   comment = All Printers
   browseable = no
   path = /var/tmp
   printable = yes
   guest ok = no
   read only = yes
   create mask = 0700

[print$]
   comment = Printer Drivers
   path = /var/lib/samba/printers
   browseable = yes
   read only = yes
   guest ok = no
`

const version = '2:4.22.11+dfsg-0+deb13u1'
const conf = '/etc/samba/smb.conf'
const controlFailed = 'the control process exited with error code'

function start(state: SimState, name: string): string | undefined {
  if (state.files[conf] === undefined) {
    // Its ExecCondition is not met: systemd says nothing, and it does not run (services.jsonl scene 28).
    const record = state.units?.[`${name}.service`]
    if (record) record.active = false
    return undefined
  }
  const isTaken = name === 'smbd' && (state.samba?.strangers ?? []).includes(445)
  return isTaken || !loadConfig(state, conf).ok ? controlFailed : undefined
}

function stop(state: SimState): void {
  if (state.samba) state.samba.sessions = []
}

/** `  sl  local_address rem_address   st …` (proc_net_tcp(5)); 0A is LISTEN. */
function tcpTable(state: SimState): string {
  const ports = [...(runs(state, 'smbd') ? [139, 445] : []), ...(state.samba?.strangers ?? [])]
  const rows = ports.map((port, index) => {
    const local = `00000000:${port.toString(16).toUpperCase().padStart(4, '0')}`
    return `${String(index).padStart(4)}: ${local} 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 ${1000 + index} 1\n`
  })
  return `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n${rows.join('')}`
}

export const samba: Area = {
  tools: { net, pdbedit, smbclient, smbcontrol, smbpasswd, smbstatus, testparm },
  packages: {
    // pve-storage needs smbclient, and with it comes smb.conf: it is there before any server is.
    'samba-common': { version, preinstalled: true, files: { [conf]: smbConf } },
    'samba-common-bin': { version, depends: ['samba-common'], tools: ['net', 'smbcontrol', 'smbpasswd', 'testparm'] },
    samba: {
      version,
      depends: ['samba-common', 'samba-common-bin'],
      tools: ['pdbedit', 'smbstatus'],
      units: ['smbd.service', 'nmbd.service'],
      files: { '/var/lib/samba/private/': '', '/var/lib/samba/printers/': '', '/var/log/samba/': '' },
    },
    smbclient: { version, preinstalled: true, depends: ['samba-common'], tools: ['smbclient'] },
  },
  units: {
    'smbd.service': {
      aliases: ['smb.service'],
      start: (state) => start(state, 'smbd'),
      stop,
      reload: () => undefined,
    },
    'nmbd.service': { aliases: ['nmb.service'], start: (state) => start(state, 'nmbd'), reload: () => undefined },
  },
  virtualFile: (state, path) => (path === '/proc/net/tcp' ? tcpTable(state) : undefined),
  boot: stop,
  events: {
    /** `sim smb-connect USER SHARE MACHINE` */
    'smb-connect': (state, [user, share, machine]) => {
      if (user === undefined || share === undefined || machine === undefined) return 'smb-connect USER SHARE MACHINE'
      state.samba = {
        strangers: [],
        ...state.samba,
        sessions: [...(state.samba?.sessions ?? []), { user, share, machine }],
      }
      return null
    },
    /** `sim listen PORT`: a service that nobody else here knows. */
    listen: (state, [port = '']) => {
      const before = state.samba ?? { sessions: [], strangers: [] }
      state.samba = { ...before, strangers: [...before.strangers, Number(port)] }
      return null
    },
  },
}

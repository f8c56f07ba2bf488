/** Accounts: users, groups, passwords, sudo, and who owns a file. */
import type { Area } from '../area.ts'
import { gpasswd, groupadd, groupdel, groupmod } from './groups.ts'
import { chmod, chown, install } from './modes.ts'
import { chpasswd, passwd } from './passwords.ts'
import { seedAccounts } from './seed.ts'
import { getent, id } from './show.ts'
import { afterReboot, holdAccounts, runAs } from './state.ts'
import { visudo } from './sudoers.ts'
import { mkhomedirHelper, useradd, userdel, usermod } from './users.ts'

/** Debian 13's, without its comments. */
const sudoersText = `Defaults	env_reset
Defaults	mail_badpass
Defaults	secure_path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
Defaults	use_pty
root	ALL=(ALL:ALL) ALL
%sudo	ALL=(ALL:ALL) ALL
@includedir /etc/sudoers.d
`

export const accounts: Area = {
  tools: {
    chmod,
    chown,
    chpasswd,
    getent,
    gpasswd,
    groupadd,
    groupdel,
    groupmod,
    id,
    install,
    mkhomedir_helper: mkhomedirHelper,
    passwd,
    useradd,
    userdel,
    usermod,
    visudo,
  },
  packages: {
    sudo: {
      version: '1.9.16p2-3+deb13u2',
      tools: ['visudo'],
      files: {
        '/etc/sudoers': sudoersText,
        '/etc/sudoers.d/': '',
        '/etc/sudoers.d/README': '# What stands here is read by sudo; names with a dot are left out.\n',
      },
      postinst: (state) => {
        for (const path of ['/etc/sudoers', '/etc/sudoers.d/README']) {
          const file = state.files[path]
          if (file !== undefined) file.mode = 0o440
        }
      },
    },
  },
  seed: seedAccounts,
  boot: afterReboot,
  events: { 'run-as': runAs, 'hold-accounts': holdAccounts(true), 'release-accounts': holdAccounts(false) },
}

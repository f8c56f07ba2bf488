/** Samba: paths without a slash, options that nothing read, and a password that stood in the script. */

import { absolutePath } from './nfs.ts'
import type { Old } from './old.ts'
import type { Fields, OldReader } from './read.ts'

export interface Samba {
  readonly samba: Fields | undefined
  /** It stood here in early files; phx has it with the network. */
  readonly workgroup: unknown
}

const PASSWORD_FILE = '/etc/phx/secrets/samba'

export function readSamba(reader: OldReader, old: Old, accounts: readonly string[]): Samba {
  let workgroup: unknown
  const samba = reader.fields(old, 'samba', {
    password: (password) => readPassword(reader, password, 'samba'),
    workgroup: (one) => {
      workgroup = one.value
      reader.report.normalised(one, 'samba.workgroup', 'network.workgroup')
    },
    users: (users) =>
      reader.list(users, (user) =>
        reader.fields(user, 'samba.users[]', {
          password: (password) => readPassword(reader, password, `samba-${user.get('username').text ?? 'user'}`),
        }),
      ),
    shares: (shares) => reader.list(shares, (share) => readShare(reader, share)),
  })
  if (samba?.user !== undefined && samba.password === undefined) {
    samba.password = { file: PASSWORD_FILE }
    const why = `the password of ${String(samba.user)} stood in hypervisor_feature_setup_samba.sh, not in a config`
    reader.report.secretElsewhere(old.get('user'), PASSWORD_FILE, why)
  }
  const user = old.get('user').text
  if (user !== undefined && !accounts.includes(user)) {
    const message = `${user} is no declared user: a script made that account, and one that can log in`
    reader.report.asks(old.get('user'), message, 'declare it in users; phx itself makes an account for shares alone')
  }
  return { samba, workgroup }
}

function readPassword(reader: OldReader, old: Old, name: string): unknown {
  if (old.isObject) return reader.value(old, 'samba.password')
  return reader.report.secrets.isAt(old) ? reader.report.secrets.reference(old, name) : undefined
}

function readShare(reader: OldReader, share: Old): Fields | undefined {
  const path = share.get('path').text
  const made = reader.fields(share, 'samba.shares[]', {
    path: (old) => absolutePath(reader, old),
    options: (old) => readOptions(reader, old),
    valid_users: (old) => reader.words(old),
  })
  if (made === undefined || share.get('name').isPresent || path === undefined) return made
  const name = path.split('/').filter(Boolean).at(-1) ?? ''
  made.name = name
  reader.report.normalised(share, 'no name', name, 'the last part of its path')
  return made
}

/** `browseable=yes writable=yes`: no script looked at it, so what it says takes effect for the first time. */
function readOptions(reader: OldReader, old: Old): unknown {
  if (old.text === undefined) return reader.value(old, 'samba.shares[].options')
  const parts = old.text.split(/\s+/).filter(Boolean)
  if (parts.length === 0) {
    reader.report.dropped(old, 'empty: no options')
    return undefined
  }
  const pairs = parts.map((part): [string, string] => {
    const equals = part.indexOf('=')
    return equals < 1 ? [part, ''] : [part.slice(0, equals), part.slice(equals + 1)]
  })
  const opening = pairs.find(
    ([name, value]) => /^(guest_?ok|public|guest_?only)$/i.test(name) && /^(yes|true|1)$/i.test(value),
  )
  if (opening !== undefined || pairs.some(([, value]) => value === '')) {
    const message = `no script read these options; ${opening === undefined ? 'not all of them are parameter=value' : 'they would let everybody in'}`
    return reader.report.leavesOut(old, message, 'write those that are meant: {"browseable": "yes"}')
  }
  const made = reader.from(old, Object.fromEntries(pairs))
  reader.became(old, made, 'no script read this; from now on it counts')
  return made
}

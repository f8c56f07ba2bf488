/** smbd and nmbd as they run: who is connected, and what clients and smbcontrol(1) get to see. */
import { ntHash } from '../../../resources/samba/nt-hash.ts'
import { groupNamed, membersOf, userNamed } from '../accounts/database.ts'
import { isFolder } from '../filesystem.ts'
import type { SimState } from '../model.ts'
import { answer, NotSimulated, type Tool } from '../tool.ts'
import { type Loaded, loadConfig, type Service } from './config.ts'
import { accountsIn } from './passdb.ts'

const smbConf = '/etc/samba/smb.conf'

export const runs = (state: SimState, name: string): boolean => state.units?.[`${name}.service`]?.active === true

/** smbd reads its configuration anew for every connection (seen: 4.22.11), so what lies there is what a client meets. */
export function served(state: SimState): Loaded {
  const loaded = loadConfig(state, smbConf)
  if (!loaded.ok) throw new NotSimulated('a running smbd whose smb.conf was broken since')
  return loaded
}

export const shareNamed = ({ services }: Loaded, name: string): Service | undefined =>
  services.find((one) => one.name.toLowerCase() === name.toLowerCase() && one.values.get('available') !== 'No')

export const isListed = ({ name, values }: Service): boolean =>
  values.get('browseable') !== 'No' &&
  values.get('available') !== 'No' &&
  !['homes', 'printers'].includes(name.toLowerCase())

/** A guest (null) has no name. */
export type Who = string | null

export type Logon =
  | { readonly ok: true; readonly who: Who; readonly said: string }
  | { readonly ok: false; readonly status: string }

/** `map to guest` decides what becomes of a stranger; a wrong password of a known user is always refused (scene 29). */
export function logOn(state: SimState, loaded: Loaded, user: string | null, password: string): Logon {
  const mapsStrangers = loaded.globals.get('map to guest') === 'Bad User'
  if (user === null) return { ok: true, who: null, said: mapsStrangers ? '' : 'Anonymous login successful\n' }
  const account = accountsIn(state)[user]
  if (!account || userNamed(state, user) === undefined)
    return mapsStrangers ? { ok: true, who: null, said: '' } : { ok: false, status: 'NT_STATUS_LOGON_FAILURE' }
  if (account.flags.includes('D')) return { ok: false, status: 'NT_STATUS_ACCOUNT_DISABLED' }
  const isRight = account.hash === ntHash(password) && !account.flags.includes('N')
  return isRight && isSameUid(state, user)
    ? { ok: true, who: user, said: '' }
    : { ok: false, status: 'NT_STATUS_LOGON_FAILURE' }
}

/** Whoever comes back with another uid is refused until the cache is flushed (seen: 4.22.11). */
function isSameUid(state: SimState, user: string): boolean {
  const uid = userNamed(state, user)?.[2] ?? ''
  const known = state.samba?.uids?.[user]
  if (known !== undefined) return known === uid
  state.samba = { sessions: [], strangers: [], ...state.samba, uids: { ...state.samba?.uids, [user]: uid } }
  return true
}

export const net: Tool = (state, { args }) => {
  if (args.join(' ') !== 'cache flush') throw new NotSimulated(`net ${args.join(' ')}`)
  if (state.samba) delete state.samba.uids
  return answer(0)
}

/** Why this share is refused to them, or null. */
export function treeFault(state: SimState, loaded: Loaded, share: string, who: Who): string | null {
  const service = shareNamed(loaded, share)
  if (!service || service.name.toLowerCase() === 'homes') return 'NT_STATUS_BAD_NETWORK_NAME'
  const users = (service.values.get('valid users') ?? '').split(/\s+/).filter((word) => word !== '')
  if (who === null && service.values.get('guest ok') !== 'Yes') return 'NT_STATUS_ACCESS_DENIED'
  if (users.length > 0 && !users.some((user) => user === who || isMember(state, user, who)))
    return 'NT_STATUS_ACCESS_DENIED'
  return isFolder(state, service.values.get('path') ?? '') ? null : 'NT_STATUS_BAD_NETWORK_NAME'
}

function isMember(state: SimState, group: string, who: Who): boolean {
  const found = /^[@+&]/.test(group) ? groupNamed(state, group.replace(/^[@+&]+/, '')) : undefined
  if (!found || who === null) return false
  return membersOf(found).includes(who) || userNamed(state, who)?.[3] === found[2]
}

export const smbcontrol: Tool = (state, { args }) => {
  const [to = '', message = '', share] = args
  const known = ['reload-config', 'ping', 'close-share']
  const daemons = to === 'all' ? ['smbd', 'nmbd'] : [to]
  const running = daemons.filter((name) => runs(state, name))
  if (to !== 'all' && running.length === 0) return answer(1, '', `Can't find pid for destination '${to}'\n`)
  if (!known.includes(message)) return answer(1, '', `smbcontrol: unknown command '${message}'\n`)
  if (message === 'ping') return answer(0, running.map((_, index) => `PONG from pid ${700 + index}\n`).join(''))
  if (message === 'close-share' && state.samba)
    state.samba.sessions = state.samba.sessions.filter(
      (session) => session.share.toLowerCase() !== share?.toLowerCase(),
    )
  return answer(0)
}

const version = '4.22.11-Debian-4.22.11+dfsg-0+deb13u1'

/** Sessions and the shares that they are on (`tcons`), as `smbstatus -j` of 4.22.11 prints them. */
function statusJson(state: SimState): string {
  const sessions = runs(state, 'smbd') ? (state.samba?.sessions ?? []) : []
  const id = (index: number): string => String(392_642_091 + index)
  const at = new Date(state.now * 1000).toISOString().replace('Z', '000+00:00')
  const status = {
    timestamp: at,
    version,
    smb_conf: smbConf,
    sessions: Object.fromEntries(
      sessions.map(({ user, machine }, index) => [
        id(index),
        { session_id: id(index), username: user, groupname: user, remote_machine: machine },
      ]),
    ),
    tcons: Object.fromEntries(
      sessions.map(({ share, machine }, index) => {
        const tree = String(2_492_986_102 + index)
        return [tree, { service: share, tcon_id: tree, session_id: id(index), machine, connected_at: at }]
      }),
    ),
    open_files: {},
  }
  return `${JSON.stringify(status)}\n`
}

export const smbstatus: Tool = (state, { args }) => {
  if (args.join(' ') !== '-j') throw new NotSimulated(`smbstatus ${args.join(' ')}`)
  return answer(0, statusJson(state))
}

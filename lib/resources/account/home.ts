/** Whose folder a home is. sshd reads the keys of whoever has it as home, so what phx wrote into another's would be theirs. */
import { climbs, plainPath } from '../../config/plain-path.ts'
import type { Reader } from '../../host/host.ts'
import type { UnixAccount } from '../probes/accounts.ts'

export interface Home {
  /** Where it really is: sshd follows links too. As it is to be, when it is missing. */
  readonly path: string
  readonly isThere: boolean
  /** Debian's mark for an account that is to have none (base-passwd, adduser(8)). */
  readonly isNone: boolean
  /** Why phx writes nothing there, and makes no folder. */
  readonly fault: HomeFault | undefined
}

export interface HomeFault {
  readonly why: string
  readonly mend: readonly string[]
}

/** Of an account that phx makes, so that it hangs on no /etc/default/useradd. */
export const defaultHome = (name: string): string => `/home/${name}`

const systemFolder =
  /^\/((home|media|mnt|opt|srv|tmp|usr|var)?|(bin|boot|dev|etc|lib|lib32|lib64|proc|root|run|sbin|sys|usr\/(bin|lib|sbin))(\/.*)?)$/

type Accounts = ReadonlyMap<string, UnixAccount>

/** `account` may be one that is still to be made: its uid is undefined then. */
export async function homeOf(
  reader: Reader,
  accounts: Accounts,
  { name, uid, home }: { readonly name: string; readonly uid: number | undefined; readonly home: string },
): Promise<Home> {
  const plain = plainPath(home)
  const isNone = plain === '/nonexistent' || plain.startsWith('/nonexistent/')
  if (isNone || !plain.startsWith('/') || climbs(plain)) {
    const why = `${name} has no home: /etc/passwd says ${isNone ? home : JSON.stringify(home)}`
    const fault = { why, mend: [`give ${name} one, which phx makes: usermod -d ${defaultHome(name)} ${name}`] }
    return { path: plain, isThere: false, isNone, fault }
  }
  const real = await reader.realpath(plain)
  const path = real ?? plain
  const wrong = await standing(reader, accounts, { name, uid, plain, real })
  if (wrong === undefined) return { path, isThere: real !== undefined, isNone, fault: undefined }
  const shown = path === plain ? plain : `${plain} (really ${path})`
  const why = `the home of ${name} is ${shown}, ${wrong.what}: phx puts nothing there`
  const look = `look whose it is: ls -ld ${plain}, getent passwd | grep ${plain}`
  return { path, isThere: real !== undefined, isNone, fault: { why, mend: [look, ...wrong.mend] } }
}

interface Place {
  readonly name: string
  readonly uid: number | undefined
  readonly plain: string
  readonly real: string | undefined
}

/** What is wrong with the place, as the end of a sentence, and what puts it right. */
async function standing(reader: Reader, accounts: Accounts, place: Place) {
  const { name, uid, plain, real } = place
  const free = plain === defaultHome(name) ? 'FOLDER' : defaultHome(name)
  const another = `give ${name} a home of its own, which phx makes: usermod -d ${free} ${name}`
  const stat = await reader.stat(plain)
  const owner = stat && ownerOf(accounts, stat.uid)
  const isLink = await isLinked(reader, plain, real)
  const unlinked = isLink ? [`or take the link away, and phx makes the home: rm ${plain}`] : []

  if ([plain, real ?? plain].some((path) => systemFolder.test(path))) {
    const whose = owner === undefined ? '' : `, which belongs to ${owner}`
    return { what: `a folder of the system${whose}`, mend: [another, ...unlinked] }
  }
  const others = await livingThere(reader, accounts, place)
  if (others.length > 0) {
    const mend = [another, ...others.map((other) => `or, if it is ${name}'s alone: usermod -d FOLDER ${other}`)]
    return { what: `which is the home of ${others.join(', ')} too`, mend }
  }
  if (stat === undefined)
    return isLink ? { what: 'a link that leads nowhere', mend: [another, ...unlinked] } : undefined
  if (stat.type !== 'dir') return { what: 'which is no folder', mend: [another] }
  if (stat.uid === uid) return undefined
  const mend = [another, ...unlinked, `or, if nobody else needs what is there: chown ${name}: ${real ?? plain}`]
  return { what: `which belongs to ${owner}`, mend }
}

async function livingThere(reader: Reader, accounts: Accounts, { name, plain, real }: Place): Promise<string[]> {
  const others = [...accounts.values()].filter((other) => other.name !== name && other.home.startsWith('/'))
  const found = others.map(async ({ name: other, home }) => {
    if (plainPath(home) === plain) return [other]
    // A home that can't be looked at (a share that went away, a loop of links) is not this one, which could be.
    const isSame = real !== undefined && (await reader.realpath(home).catch(() => undefined)) === real
    return isSame ? [other] : []
  })
  return (await Promise.all(found)).flat()
}

const ownerOf = (accounts: Accounts, uid: number): string =>
  [...accounts.values()].find((account) => account.uid === uid)?.name ?? `uid ${uid}`

/** Whether the last name of the path is a link; one that dangles is in its folder, and leads to nothing. */
async function isLinked(reader: Reader, plain: string, real: string | undefined): Promise<boolean> {
  const at = plain.lastIndexOf('/')
  const [folder, name] = [plain.slice(0, at) || '/', plain.slice(at + 1)]
  if (real === undefined) return (await reader.listDir(folder))?.includes(name) === true
  return plain !== '/' && real !== plainPath(`${await reader.realpath(folder)}/${name}`)
}

/** The text of user.cfg: kinds in a fixed order with a blank line between them, everything sorted (facts, proxmox-tools.md). */
import type { UserConfig } from './config.ts'
import { builtinRoles } from './roles.ts'

/** All but printable ASCII, and the colon, is percent-encoded; the percent sign itself is not (pveum.jsonl n=6). */
export const encodeText = (text: string): string =>
  [...new TextEncoder().encode(text)]
    .map((byte) => {
      const isPlain = byte >= 0x20 && byte <= 0x7e && byte !== 0x3a
      return isPlain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
    })
    .join('')

export const decodeText = (text: string): string =>
  text.replace(/(%[0-9A-Fa-f]{2})+/g, (run) => {
    const bytes = run.match(/[0-9A-Fa-f]{2}/g) ?? []
    return new TextDecoder().decode(Uint8Array.from(bytes, (byte) => Number.parseInt(byte, 16)))
  })

const sorted = <T>(map: ReadonlyMap<string, T>): [string, T][] => [...map].sort(([a], [b]) => (a < b ? -1 : 1))
const list = (words: Iterable<string>): string => [...words].sort().join(',')
const digit = (flag: boolean): string => (flag ? '1' : '0')

export function writeUserConfig(config: UserConfig): string {
  const users = sorted(config.users).flatMap(([name, user]) => {
    const fields = [digit(user.enable), user.expire ?? 0, encodeText(user.firstname), encodeText(user.lastname)]
    const line = `user:${[name, ...fields, user.email ?? '', encodeText(user.comment), user.keys].join(':')}:\n`
    const tokens = sorted(user.tokens).map(
      ([token, { expire, privsep, comment }]) =>
        `token:${name}!${token}:${expire}:${digit(privsep)}:${encodeText(comment)}:\n`,
    )
    return [line, ...tokens]
  })
  const groups = sorted(config.groups).map(
    ([name, { members, comment }]) => `group:${name}:${list(members)}:${encodeText(comment)}:\n`,
  )
  const pools = sorted(config.pools).map(
    ([name, { comment, vms, storages }]) => `pool:${name}:${encodeText(comment)}:${list(vms)}:${list(storages)}:\n`,
  )
  const roles = sorted(config.roles).flatMap(([name, privs]) =>
    builtinRoles.has(name) ? [] : [`role:${name}:${list(privs)}:\n`],
  )
  return [users, groups, pools, roles, aclLines(config)].map((lines) => lines.join('')).join('\n')
}

/** Paths as the walk of a tree meets them: `/pool`, `/pool/p1`, `/pool-2`. */
export function aclPaths(config: UserConfig): string[] {
  const key = (path: string): string => path.replaceAll('/', '\0')
  return [...config.acl.keys()].sort((a, b) => (key(a) < key(b) ? -1 : 1))
}

/** One line for all that hold the same roles at a path; root@pam is Administrator anyway and never written. */
function aclLines(config: UserConfig): string[] {
  return aclPaths(config).flatMap((path) => {
    const node = config.acl.get(path) ?? new Map<string, Map<string, boolean>>()
    return [false, true].flatMap((propagate) => {
      const holders = new Map<string, string[]>()
      for (const [member, roles] of node) {
        const held = list([...roles].flatMap(([role, down]) => (down === propagate ? [role] : [])))
        if (held !== '' && member !== 'root@pam') holders.set(held, [...(holders.get(held) ?? []), member])
      }
      return sorted(holders).map(([roles, members]) => `acl:${digit(propagate)}:${path}:${list(members)}:${roles}:\n`)
    })
  })
}

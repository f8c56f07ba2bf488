/** phx's file of shares, as lines: what smb.conf(5) calls sections. */
import type { DeclaredSamba, DeclaredShare } from '../../config/samba.ts'
import { sectionsIn } from './smb-conf.ts'

/** A name with a blank in it is quoted (smb.conf(5), valid users). */
const userWord = (name: string): string => (/\s/.test(name) ? `"${name}"` : name)

function linesOf({ name, path, parameters, validUsers }: DeclaredShare): string[] {
  const users = validUsers.length === 0 ? [] : [`  valid users = ${validUsers.map(userWord).join(', ')}`]
  return [
    '',
    `[${name}]`,
    `  path = ${path}`,
    ...users,
    ...parameters.map((parameter) => `  ${parameter.name} = ${parameter.value}`),
  ]
}

/** Null when there is nothing to say. */
export function shareLines(samba: DeclaredSamba | null): string[] | null {
  if (samba === null || (samba.shares.length === 0 && samba.workgroup === null)) return null
  const global = samba.workgroup === null ? [] : ['', '[global]', `  workgroup = ${samba.workgroup}`]
  return [...global, ...samba.shares.flatMap(linesOf)]
}

/** Names of the shares that such a file has. */
export const sharesIn = (text: string): string[] =>
  sectionsIn(text).flatMap(({ name }) => (name.toLowerCase() === 'global' ? [] : [name]))

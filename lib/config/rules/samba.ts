/** Samba shares, as far as smb.conf(5) can be judged without the host. */
import { hostPathFindings } from '../host-path.ts'
import { nearest } from '../nearest.ts'
import { plainPath } from '../plain-path.ts'
import { type Finding, jsonPath } from '../problem.ts'
import {
  booleanIn,
  canonicalParameter,
  isBooleanParameter,
  isShareParameter,
  shareParameters,
} from '../smb-parameters.ts'
import { atKey, error, type Rule, type Spot, warning } from '../spot.ts'

export const sharesAreSound: Rule = function* (config) {
  const samba = config.get('samba')
  const seen = new Set<string>()
  const users = sambaUsers(samba)
  for (const share of samba.get('shares').items()) {
    const name = share.get('name')
    if (name.text !== undefined) {
      const lower = name.text.trim().toLowerCase()
      if (RESERVED.includes(lower))
        yield error(name, `"${name.text}" is a section of smb.conf with a meaning of its own`, 'choose another name')
      // testparm merges the two, the last value wins, and says nothing (seen: services.jsonl scene 57).
      if (seen.has(lower))
        yield error(
          name,
          `the share "${name.text}" is declared a second time (upper and lower case are one)`,
          'keep one of the two',
        )
      seen.add(lower)
    }
    const path = share.get('path')
    if (path.text?.endsWith('\\'))
      yield error(path, 'a path that ends with a backslash can not stand in smb.conf', 'rename it')
    if (path.text !== undefined)
      yield* hostPathFindings(config, path, path.text.startsWith('/') ? path.text : `/${path.text}`)
    yield* optionFindings(share)
    for (const user of share.get('valid_users').items()) {
      if (/[\p{Cc}"]/u.test(user.text ?? ''))
        yield error(user, 'no name has a quote or a control character in it', 'remove it')
      if (user.text === undefined || /^[@+&]/.test(user.text) || users.includes(user.text)) continue
      const meant = nearest(user.text, users)
      const mend = meant === undefined ? 'declare it in samba.users' : `did you mean ${meant}?`
      yield warning(user, `no Samba user "${user.text}" is declared`, mend, meant)
    }
  }
}
const RESERVED = ['global', 'homes', 'printers', 'print$', 'ipc$', 'admin$']

export const sambaUsersAreSound: Rule = function* (config) {
  const samba = config.get('samba')
  const seen = new Set<string>()
  for (const spot of [
    samba.get('user'),
    ...samba
      .get('users')
      .items()
      .map((user) => user.get('username')),
  ]) {
    if (spot.text === undefined) continue
    if (seen.has(spot.text))
      yield error(spot, `the Samba user "${spot.text}" is declared a second time`, 'keep one of the two')
    seen.add(spot.text)
  }
  if (samba.get('user').isPresent && !samba.get('password').isPresent) {
    const mend = 'add "password": {"file": "/etc/phx/secrets/samba"}, or any other secret reference'
    yield warning(
      samba.get('user'),
      `"${samba.get('user').text ?? ''}" is given no password, and cannot log in unless it has one already`,
      mend,
    )
  }
  if (samba.get('password').isPresent && !samba.get('user').isPresent) {
    yield atKey(error(samba.get('password'), 'a password without a user', 'add "user"'))
  }
}

/** Fields of a share that say what an option says too. */
const TWICE: readonly (readonly [string, string])[] = [
  ['browsable', 'browseable'],
  ['read_only', 'read only'],
  ['guest_ok', 'guest ok'],
  ['path', 'path'],
  ['valid_users', 'valid users'],
]

function* optionFindings(share: Spot): Generator<Finding> {
  const options = share.get('options')
  const seen = new Set<string>()
  for (const { name, value, spot } of optionsIn(options)) {
    if (value === undefined) {
      const mend =
        'write parameter=value with blanks between; a name or value with blanks needs the form {"read only": "no"}'
      yield error(spot, `"${name}" is no parameter=value`, mend)
      continue
    }
    if (!isShareParameter(name)) {
      const meant = nearest(name, shareParameters())
      const mend = meant === undefined ? 'see smb.conf(5)' : `did you mean "${meant}"?`
      yield error(spot, `Samba has no parameter "${name}" for a share and would ignore it`, mend, meant)
    }
    if (/\p{Cc}/u.test(name + value))
      yield error(spot, `"${name}" has a line break or another control character`, 'remove it')
    // smb.conf(5), FILE FORMAT: the next line would be its continuation.
    if (/\\\s*$/.test(value))
      yield error(spot, `"${name}" ends with a backslash, which takes the next line with it`, 'remove it')
    if (isBooleanParameter(name) && booleanIn(value) === undefined)
      yield error(spot, `"${name}" is yes or no, not "${value}"`, 'write yes or no')
    // Two names of one parameter are one: writable=yes beside read only=no.
    const parameter = canonicalParameter(name, value).name.toLowerCase()
    if (seen.has(parameter)) yield error(spot, `"${name}" is there twice`, 'keep one of the two')
    seen.add(parameter)
    const field = TWICE.find(([own, option]) => option === parameter && share.get(own).isPresent)?.[0]
    if (field !== undefined) yield error(spot, `"${name}" is said by the field ${field} already`, 'keep one of the two')
  }
}

/** A folder has one owner and one mode, whoever shares it: two steps that each set theirs would never be done. */
export const sharedFoldersHaveOneOwner: Rule = function* (config) {
  const exports = config.get('nfs').get('exports').items()
  const shares = config.get('samba').get('shares').items()
  for (const [index, share] of shares.entries()) {
    for (const other of [...exports, ...shares.slice(0, index)]) {
      if (pathOf(share) === undefined || pathOf(share) !== pathOf(other)) continue
      for (const field of ['owner', 'group', 'mode']) {
        const [own, others] = [share.get(field).text, other.get(field).text]
        if (own === undefined || others === undefined || own === others) continue
        const message = `the ${field} of ${pathOf(share)} is ${own} here and ${others} at ${jsonPath(other.path)}`
        yield error(share.get(field), message, 'say it once, or the same at both places')
      }
    }
  }
}

function pathOf(share: Spot): string | undefined {
  const { text } = share.get('path')
  return text === undefined ? undefined : plainPath(text.startsWith('/') ? text : `/${text}`)
}

function optionsIn(options: Spot): { name: string; value: string | undefined; spot: Spot }[] {
  if (options.text === undefined)
    return options.fields().map(([name, spot]) => ({ name, value: String(spot.value), spot }))
  const parts = options.text.split(/\s+/).filter((part) => part !== '')
  return parts.map((part) => {
    const equals = part.indexOf('=')
    if (equals < 1) return { name: part, value: undefined, spot: options }
    return { name: part.slice(0, equals), value: part.slice(equals + 1), spot: options }
  })
}

function sambaUsers(samba: Spot): string[] {
  const further = samba
    .get('users')
    .items()
    .map((user) => user.get('username').text)
  return [samba.get('user').text, ...further].flatMap((name) => name ?? [])
}

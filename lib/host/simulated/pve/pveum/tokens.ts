/** `pveum user token …`. */
import { createHash } from 'node:crypto'
import { parameterErrors } from '../options.ts'
import type { Property } from '../types.ts'
import { saveUserConfig, type Token, type UserConfig } from './config.ts'
import { tokenPattern } from './names.ts'
import type { Row } from './print.ts'
import { userid, userNamed } from './users.ts'
import { type Call, type Command, flag, question, refuse, text } from './verbs.ts'

const tokenid: Property = { kind: 'string', pattern: tokenPattern }
const info = {
  userid,
  tokenid,
  comment: text,
  expire: { kind: 'integer', minimum: 0 },
  privsep: flag,
} satisfies Record<string, Property>
const rest = '<userid> <tokenid> [OPTIONS] [FORMAT_OPTIONS]'

export const tokenCommands: Readonly<Record<string, Command>> = {
  'user token add': question(`user token add ${rest}`, info, add),
  'user token modify': question(`user token modify ${rest}`, info, modify),
  'user token delete': question('user token delete <userid> <tokenid> [FORMAT_OPTIONS]', { userid, tokenid }, remove),
  'user token list': question('user token list <userid> [FORMAT_OPTIONS]', { userid }, list),
}

const tokenCfg = '/etc/pve/priv/token.cfg'

function tokenOf(config: UserConfig, user: string, name: string): Token {
  return userNamed(config, user).tokens.get(name) ?? refuse(`no such token '${name}' for user '${user}'`)
}

const namesOf = ({ given }: Call): [user: string, name: string] => [
  given.get('userid') ?? '',
  given.get('tokenid') ?? '',
]

/** The only place where the secret is shown; `privsep` is a text there, as it came (facts, proxmox-tools.md). */
function add(call: Call): Row {
  const { machine, config, given } = call
  const [user, name] = namesOf(call)
  const { tokens } = userNamed(config, user)
  if (tokens.has(name)) throw parameterErrors(call.verb, new Map([['tokenid', 'Token already exists.']]))
  const comment = given.get('comment') ?? ''
  const privsep = given.get('privsep') ?? '1'
  tokens.set(name, { expire: Number(given.get('expire') ?? 0), privsep: privsep !== '0', comment })
  const value = uuidOf(`${user}!${name} ${machine.readFile(tokenCfg) ?? ''}`)
  const lines = [...tokenLines(machine), `${user}!${name} ${value}\n`].sort()
  machine.writeFile(tokenCfg, lines.join(''), 0o600)
  saveUserConfig(machine, config)
  const shown = {
    ...(comment === '' ? {} : { comment }),
    ...(given.has('expire') ? { expire: given.get('expire') ?? '' } : {}),
    privsep,
  }
  return { 'full-tokenid': `${user}!${name}`, info: shown, value }
}

function modify(call: Call): Row {
  const { machine, config, given } = call
  const token = tokenOf(config, ...namesOf(call))
  token.comment = given.get('comment') ?? token.comment
  token.expire = Number(given.get('expire') ?? token.expire)
  if (given.has('privsep')) token.privsep = given.get('privsep') === '1'
  saveUserConfig(machine, config)
  return rowOf(token)
}

function remove(call: Call): undefined {
  const { machine, config } = call
  const [user, name] = namesOf(call)
  tokenOf(config, user, name)
  userNamed(config, user).tokens.delete(name)
  const kept = tokenLines(machine).filter((line) => !line.startsWith(`${user}!${name} `))
  machine.writeFile(tokenCfg, kept.join(''), 0o600)
  saveUserConfig(machine, config)
}

function list({ config, given }: Call) {
  const { tokens } = userNamed(config, given.get('userid') ?? '')
  return {
    rows: [...tokens].sort().map(([name, token]) => ({ tokenid: name, ...rowOf(token) })),
    columns: ['tokenid', 'comment', 'expire', 'privsep'],
    numbers: ['expire'],
  }
}

const rowOf = ({ comment, expire, privsep }: Token): Row => ({
  comment: comment || undefined,
  expire,
  privsep: privsep ? 1 : 0,
})

const tokenLines = (machine: Call['machine']): string[] =>
  (machine.readFile(tokenCfg) ?? '').split('\n').flatMap((line) => (line === '' ? [] : [`${line}\n`]))

function uuidOf(seed: string): string {
  const hex = createHash('sha256').update(seed).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-')
}

/** The words of `ufw allow …` as ufw's parser takes them (ufw 0.36.2, parser.py): a rule for one or both families, or why not. */
import { isIP, isIPv4 } from 'node:net'
import { NotSimulated } from '../tool.ts'
import { anywhere, type Rule } from './ufw-rule.ts'

export interface ParsedRule {
  /** One for each family and each line of a profile. */
  readonly rules: readonly Rule[]
  /** An address lost its host bits, or was written otherwise. */
  readonly normalized: boolean
}

/** `syntax` comes with the usage. */
export class UfwError extends Error {
  readonly syntax: boolean

  constructor(message: string, syntax = false) {
    super(message)
    this.syntax = syntax
  }
}

/** Of those that the package brings; the lines of each are its ports. */
const profiles: Readonly<Record<string, readonly string[]>> = {
  NFS: ['any 2049'],
  OpenSSH: ['tcp 22'],
  SSH: ['tcp 22'],
  Samba: ['udp 137,138', 'tcp 139,445'],
}
const services: Readonly<Record<string, string>> = { ssh: '22/tcp', http: '80/tcp', https: '443/tcp', domain: '53' }
const protocols = ['any', 'tcp', 'udp', 'ipv6', 'esp', 'ah', 'igmp', 'gre', 'vrrp']

/** Takes `NAME VALUE` out of the words. */
function take(words: string[], name: string): string | undefined {
  const at = words.indexOf(name)
  if (at < 0) return undefined
  const value = words[at + 1]
  if (value === undefined) throw new UfwError(`Option '${name}' missing required argument`)
  words.splice(at, 2)
  return value
}

/** Takes `in on IFACE` or `out on IFACE` out of the words. */
function takeInterface(words: string[], direction: 'in' | 'out'): string {
  const at = words.findIndex((word, index) => word === direction && words[index + 1] === 'on')
  if (at < 0) return ''
  const name = words[at + 2]
  if (name === undefined) throw new UfwError('Invalid interface clause')
  words.splice(at, 3)
  return name
}

export function parseRule(args: readonly string[]): ParsedRule {
  const words = [...args]
  const forward = words[0] === 'route'
  if (forward) words.shift()
  const action = words.shift() ?? ''
  if (action === 'limit') throw new NotSimulated('ufw limit')
  if (!['allow', 'deny', 'reject'].includes(action) || words.length === 0) throw new UfwError('Invalid syntax', true)
  const comment = take(words, 'comment') ?? ''
  if (comment.includes("'")) throw new UfwError('Invalid syntax', true)
  let direction: 'in' | 'out' = 'in'
  const interfaceIn = takeInterface(words, 'in')
  const interfaceOut = takeInterface(words, 'out')
  if (interfaceOut !== '' && interfaceIn === '') direction = 'out'
  const [side] = words
  if (side === 'in' || side === 'out') {
    direction = side
    words.shift()
  }
  if (words.some((word) => word === 'log' || word === 'log-all')) throw new NotSimulated('ufw with logging')
  const common = {
    ...{ action, log: '', forward, direction, interfaceIn, interfaceOut },
    comment: Buffer.from(comment, 'utf8').toString('hex'),
  }
  const simple = words.length === 1 ? shortForm(words[0] ?? '') : undefined
  const form = simple ?? fullForm(words, interfaceIn !== '' || interfaceOut !== '')
  const rules = form.lines.flatMap(({ protocol, dport, dapp }) => {
    if (/[,:]/.test(dport) && protocol !== 'tcp' && protocol !== 'udp') {
      throw new UfwError("Must specify 'tcp' or 'udp' with multiple ports")
    }
    const families = protocol === 'igmp' || protocol === 'ipv6' ? form.families.filter((v6) => !v6) : form.families
    return families.map(
      (v6): Rule => ({
        ...{ ...common, v6, protocol, dport: sorted(dport), sport: form.sport, dapp, sapp: '' },
        dst: form.dst ?? anywhere(v6),
        src: form.src ?? anywhere(v6),
      }),
    )
  })
  // ufw goes through one line of a profile after the other, each for IPv4 and then for IPv6.
  return { rules, normalized: form.normalized }
}

interface Form {
  readonly lines: readonly { protocol: string; dport: string; dapp: string }[]
  readonly src: string | null
  readonly dst: string | null
  readonly sport: string
  readonly families: readonly boolean[]
  readonly normalized: boolean
}

const both = [false, true]

function shortForm(word: string): Form {
  const rest = { src: null, dst: null, sport: 'any', families: both, normalized: false }
  const profile = profiles[word]
  if (profile) {
    const lines = profile.map((line) => {
      const [protocol = '', dport = ''] = line.split(' ')
      return { protocol, dport, dapp: word }
    })
    return { ...rest, lines }
  }
  const [dport = '', protocol = 'any', ...more] = (services[word] ?? word).split('/')
  if (more.length > 0) throw new UfwError('Bad port')
  if (!/^\d/.test(dport)) throw new UfwError(`Could not find a profile matching '${word}'`)
  if (!protocols.includes(protocol)) throw new UfwError('Bad port')
  checkPorts(dport, 'Bad port')
  return { ...rest, lines: [{ protocol, dport, dapp: '' }] }
}

const keys = ['proto', 'from', 'to', 'port', 'app']

function fullForm(words: readonly string[], hasInterface: boolean): Form {
  if (words.length % 2 !== 0) throw new UfwError('Wrong number of arguments')
  if (!hasInterface && !words.includes('from') && !words.includes('to'))
    throw new UfwError("Need 'to' or 'from' clause")
  let protocol = 'any'
  let side: 'from' | 'to' | undefined
  const given: { from: string | null; to: string | null } = { from: null, to: null }
  const ports = { from: 'any', to: 'any' }
  for (let at = 0; at < words.length; at += 2) {
    const [key = '', value = ''] = words.slice(at, at + 2)
    if (!keys.includes(key)) throw new UfwError(`Invalid token '${key}'`)
    if (key === 'app') throw new NotSimulated('ufw with app')
    if (key === 'proto') {
      if (!protocols.includes(value)) throw new UfwError(`Unsupported protocol '${value}'`)
      protocol = value
    } else if (key === 'port') {
      if (side === undefined) throw new UfwError("Need 'from' or 'to' with 'port'")
      checkPorts(value, `Bad port '${value}'`)
      ports[side] = value
    } else {
      side = key === 'from' ? 'from' : 'to'
      given[side] = value.toLowerCase() === 'any' ? null : value.toLowerCase()
    }
  }
  const src = given.from === null ? null : normal(given.from, 'source')
  const dst = given.to === null ? null : normal(given.to, 'destination')
  const families = [src, dst].flatMap((address) => (address === null ? [] : [address.includes(':')]))
  if (families.length === 2 && families[0] !== families[1]) {
    throw new UfwError("Mixed IP versions for 'from' and 'to'")
  }
  const [family] = families
  return {
    lines: [{ protocol, dport: ports.to, dapp: '' }],
    ...{ src, dst, sport: ports.from },
    families: family === undefined ? both : [family],
    // `/32` of one host goes without a word.
    normalized: [src, dst].some((address, index) => {
      const written = (index === 0 ? given.from : given.to)?.replace(/\/(32|128)$/, '')
      return address !== null && address !== written
    }),
  }
}

function checkPorts(ports: string, fault: string): void {
  for (const part of ports.split(',')) {
    const [from = '', to] = part.split(':')
    const isPort = (text: string): boolean => /^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= 65535
    if (!isPort(from) || (to !== undefined && (!isPort(to) || Number(from) >= Number(to)))) throw new UfwError(fault)
  }
}

const sorted = (ports: string): string =>
  ports
    .split(',')
    .sort((one, other) => Number.parseInt(one, 10) - Number.parseInt(other, 10))
    .join(',')

/** The network's own address; IPv6 only without host bits, which phx never writes. */
function normal(text: string, side: string): string {
  const [address = '', length, ...more] = text.split('/')
  const most = isIPv4(address) ? 32 : 128
  const isLength = length === undefined || (/^\d+$/.test(length) && Number(length) <= most)
  if (isIP(address) === 0 || more.length > 0 || !isLength) throw new UfwError(`Bad ${side} address`)
  if (length === undefined || Number(length) === most) return address
  if (!isIPv4(address)) return text
  const bits = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  const size = 2 ** (32 - Number(length))
  const network = Math.floor(bits / size) * size
  return `${[24, 16, 8, 0].map((shift) => Math.floor(network / 2 ** shift) % 256).join('.')}/${length}`
}

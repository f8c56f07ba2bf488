/** ifupdown2 as far as it reads stanzas, and gives interfaces their addresses (texts as of 3.3, run in a network namespace). */
import { has, optionValue, readOptions } from '../disk-tools/options.ts'
import { namesIn } from '../filesystem.ts'
import type { SimState } from '../model.ts'
import { answer, NotSimulated, type Tool } from '../tool.ts'

/** What the kernel has of networks, which is in no file. */
export interface NetworkState {
  /** Addresses and default gateways that interfaces were given, by name. */
  inForce: Record<string, { addresses: string[]; gateway: string | null }>
  /** How addresses answer: to ping, to ARP alone, or not at all (`sim answers ADDRESS yes|arp|no`). */
  answers?: Record<string, 'yes' | 'arp' | 'no'>
  /** Timers of systemd-run by the name of what they start: when, in seconds of the host's time, and the command. */
  timers?: Record<string, { due: number; argv: string[] }>
}

interface Stanza {
  readonly name: string
  readonly family: string
  readonly method: string
  readonly config: Record<string, string>
}

interface Read {
  readonly stanzas: Stanza[]
  readonly auto: string[]
  /** `error: FILE: line3: …`, one line each. */
  readonly errors: string
}

const starts = /^(auto|iface|source|allow-\S+)$/

function readStanzas(state: SimState, path: string): Read {
  const found: Read & { errors: string } = { stanzas: [], auto: [], errors: '' }
  let open: Stanza | undefined
  for (const [index, line] of (state.files[path]?.content ?? '').split('\n').entries()) {
    const [word = '', ...rest] = line.trim().split(/\s+/)
    if (word === '' || word.startsWith('#')) continue
    if (!starts.test(word)) {
      if (open) open.config[word] = rest.join(' ')
      else found.errors += `error: ${path}: line${index + 1}: error processing line '${line.trim()}'\n`
      continue
    }
    open = undefined
    if (word === 'auto') found.auto.push(...rest)
    if (word === 'iface') {
      const [name = '', family = 'inet', method = 'static'] = rest
      open = { name, family, method, config: {} }
      found.stanzas.push(open)
    }
    if (word === 'source') {
      for (const more of sourced(state, rest[0] ?? '')) {
        const { stanzas, auto, errors } = readStanzas(state, more)
        found.stanzas.push(...stanzas)
        found.auto.push(...auto)
        found.errors += errors
      }
    }
  }
  return found
}

/** A file, or `FOLDER/*`, of which glob(3) leaves out names that begin with a dot. */
function sourced(state: SimState, pattern: string): string[] {
  if (!pattern.endsWith('/*')) return [pattern]
  const folder = pattern.slice(0, -2)
  return namesIn(state, folder)
    .filter((name) => !name.startsWith('.'))
    .map((name) => `${folder}/${name}`)
}

const main = '/etc/network/interfaces'
/** How many ones a mask begins with; a length is taken as it is. */
export const lengthOf = (mask: string): number =>
  /^\d+$/.test(mask)
    ? Number(mask)
    : mask.split('.').reduce((sum, part) => sum + Number(part).toString(2).replaceAll('0', '').length, 0)

function forceOf(stanzas: readonly Stanza[]) {
  const statics = stanzas.filter(({ method }) => method === 'static')
  return {
    addresses: statics.flatMap(({ config: { address, netmask } }) => {
      if (address === undefined) return []
      return [address.includes('/') || netmask === undefined ? address : `${address}/${lengthOf(netmask)}`]
    }),
    gateway: statics.find(({ config }) => config.gateway?.includes('.'))?.config.gateway ?? null,
  }
}

function bringUp(state: SimState, { stanzas }: Read, names: readonly string[]): void {
  state.network ??= { inForce: {} }
  for (const name of names) state.network.inForce[name] = forceOf(stanzas.filter((one) => one.name === name))
}

/** What a start of the host does with its files. */
export function bringUpAll(state: SimState): void {
  const read = readStanzas(state, main)
  state.network = { ...state.network, inForce: {} }
  bringUp(state, read, read.auto)
}

const cannotFind = (name: string): string => `error: main exception: cannot find interfaces: ${name}\n`

export const ifquery: Tool = (state, { args }) => {
  const options = readOptions('ifquery', args, ['-o --format=', '-i --interfaces='])
  const [name = '', ...more] = options.operands
  if (optionValue(options, '-o') !== 'json' || more.length > 0) throw new NotSimulated(`ifquery ${args.join(' ')}`)
  const { stanzas, auto, errors } = readStanzas(state, optionValue(options, '-i') ?? main)
  const own = stanzas.filter((one) => one.name === name)
  if (own.length === 0) return answer(1, '', errors + cannotFind(name))
  const shown = own.map(({ method, family, config }) => ({
    name,
    addr_method: method,
    addr_family: family,
    auto: auto.includes(name),
    config,
  }))
  // Lines that it can't make sense of leave its exit code at 0.
  return answer(0, `${JSON.stringify(shown, null, 4)}\n`, errors)
}

export const ifup: Tool = (state, { args }) => {
  const options = readOptions('ifup', args, ['-i --interfaces='])
  const [name = '', ...more] = options.operands
  if (name === '' || more.length > 0) throw new NotSimulated(`ifup ${args.join(' ')}`)
  const read = readStanzas(state, optionValue(options, '-i') ?? main)
  if (!read.stanzas.some((one) => one.name === name)) return answer(1, '', read.errors + cannotFind(name))
  bringUp(state, read, [name])
  return answer(read.errors === '' ? 0 : 1, '', read.errors)
}

export const ifreload: Tool = (state, { args }) => {
  const options = readOptions('ifreload', args, ['-a --all'])
  if (!has(options, '-a')) throw new NotSimulated(`ifreload ${args.join(' ')}`)
  const read = readStanzas(state, main)
  bringUp(state, read, read.auto)
  return answer(read.errors === '' ? 0 : 1, '', read.errors)
}

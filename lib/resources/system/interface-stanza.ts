/**
 * The stanza `iface NAME inet static` of interfaces(5) as a place in a text: what of it can be changed surely, and the text with
 * another address. Every byte but those of its address, netmask and gateway lines stays.
 */
import { canonicalAddress } from '../../config/firewall-address.ts'
import type { DeclaredInterface } from '../../config/initial-setup.ts'

interface Option {
  /** Index of its line in the text. */
  readonly line: number
  readonly word: string
  readonly value: string
}

export interface Stanza {
  /** `vmbr0`, or `vmbr0:1` for one more address of it. */
  readonly name: string
  readonly family: string
  readonly method: string
  readonly inherits: boolean
  readonly options: readonly Option[]
}

const starts = /^(auto|iface|mapping|rename|vlan|source|source-directory|no-auto-down|no-scripts|allow-.+)$/

export function stanzasIn(text: string): Stanza[] {
  const found: (Stanza & { options: Option[] })[] = []
  let open: { options: Option[] } | undefined
  for (const [line, written] of text.split('\n').entries()) {
    const [word = '', ...rest] = written.trim().split(/\s+/)
    if (word === '' || word.startsWith('#')) continue
    if (!starts.test(word)) {
      open?.options.push({ line, word: word.replaceAll('_', '-'), value: rest.join(' ') })
      continue
    }
    open = undefined
    if (word !== 'iface') continue
    const [name = '', family = '', method = ''] = rest
    const stanza = { name, family, method, inherits: rest.includes('inherits'), options: [] as Option[] }
    found.push(stanza)
    open = stanza
  }
  return found
}

/** Its static addresses of IPv6, as ip(8) shows them. */
export function ipv6Addresses(text: string, name: string): string[] {
  const own = stanzasIn(text).filter((one) => one.name === name && one.family === 'inet6' && one.method === 'static')
  return own.flatMap(({ options }) => {
    const mask = options.find(({ word }) => word === 'netmask')?.value
    return options
      .filter(({ word }) => word === 'address')
      .flatMap(({ value }) => {
        const [plain = '', length = mask ?? '128'] = value.split('/')
        const address = canonicalAddress(plain)
        return address === undefined ? [] : [`${address}/${length}`]
      })
  })
}

/** Options that follow from the address, or do something about it that phx would have to understand. */
const bound = /^(network|broadcast|pointopoint|scope|address-virtual|address-purge|vrf|hwaddress|metric)$/
const commands = /^(pre-|post-)?(up|down)$/
const onAddresses = /\b(ip(\s+-\S+)*\s+(a|r|ru|n)[a-z]*|ifconfig|route|arping)\s/

/** The one stanza that has the interface's IPv4 address, or why phx leaves it alone. */
export function changeable(text: string, name: string): Stanza | { readonly left: string } {
  const all = stanzasIn(text)
  const own = all.filter((stanza) => stanza.name === name && stanza.family !== 'inet6')
  const [stanza] = own
  if (stanza === undefined) return { left: `there is no "iface ${name} inet static" in it` }
  if (own.length > 1) return { left: `it has ${own.length} stanzas for the interface` }
  if (all.some((other) => other.name.startsWith(`${name}:`)))
    return { left: `it gives ${name} more addresses (${name}:…)` }
  if (stanza.method !== 'static') return { left: `it says "inet ${stanza.method}" of it, and not static` }
  if (stanza.inherits) return { left: 'the stanza inherits from another one' }
  // ifupdown2 renders a file with such marks before it reads it (networkinterfaces.py, read_filedata).
  if (/^\s*%|<%|\$\{/m.test(text)) return { left: 'it is a template' }
  if (/\\$/m.test(text)) return { left: 'it has lines that go on in the next one' }
  const why = wordsInTheWay(stanza)
  return why === undefined ? stanza : { left: why }
}

function wordsInTheWay({ options }: Stanza): string | undefined {
  const valuesOf = (word: string): string[] => options.filter((one) => one.word === word).map(({ value }) => value)
  const [addresses, masks, gateways] = [valuesOf('address'), valuesOf('netmask'), valuesOf('gateway')]
  const [address = ''] = addresses
  if (addresses.length !== 1) return `the stanza has ${addresses.length} addresses`
  if (masks.length > 1 || gateways.length > 1) return 'the stanza has several netmasks or gateways'
  if (masks.length === 1 && address.includes('/')) return 'the stanza says the length of its network twice'
  if (!/^[\d.]+(\/\d+)?$/.test(address)) return `its address ${address} is none of IPv4`
  const word = options.find((one) => bound.test(one.word))?.word
  if (word !== undefined) return `the stanza has "${word}", which goes with the address`
  const known = [address.replace(/\/.*/, ''), ...gateways]
  const command = options.find(
    (one) =>
      commands.test(one.word) && (onAddresses.test(`${one.value} `) || known.some((part) => one.value.includes(part))),
  )
  return command && `its "${command.word}" line deals with addresses or routes: ${command.value}`
}

/** `255.255.255.0` as the 24 that it means. */
export const prefixOf = (mask: string): string =>
  mask.includes('.')
    ? String(mask.split('.').flatMap((part) => [...Number(part).toString(2)].filter((bit) => bit === '1')).length)
    : mask

/** `24` as 255.255.255.0. */
const maskOf = (length: number): string =>
  [24, 16, 8, 0].map((shift) => ((2 ** 32 - 2 ** (32 - length)) / 2 ** shift) & 255).join('.')

/** The text with the declared address, and the declared gateway if there is one. */
export function readdressed(text: string, stanza: Stanza, { address, gateway }: DeclaredInterface): string {
  const lines = text.split('\n')
  const [plain = '', length = '32'] = address.split('/')
  const optionOf = (word: string): Option | undefined => stanza.options.find((one) => one.word === word)
  const put = (option: Option, value: string): void => {
    lines[option.line] = (lines[option.line] ?? '').replace(/^(\s*\S+\s+)\S+/, (_, before: string) => before + value)
  }
  const [at, mask, via] = [optionOf('address'), optionOf('netmask'), optionOf('gateway')]
  if (at) put(at, mask ? plain : address)
  if (mask) put(mask, mask.value.includes('.') ? maskOf(Number(length)) : length)
  if (via && gateway !== undefined) put(via, gateway)
  if (!via && gateway !== undefined && at) {
    const indent = /^\s*/.exec(lines[at.line] ?? '')?.[0] ?? ''
    lines.splice(Math.max(at.line, mask?.line ?? 0) + 1, 0, `${indent}gateway ${gateway}`)
  }
  return lines.join('\n')
}

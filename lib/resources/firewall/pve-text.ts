/**
 * The text of a .fw file of Proxmox VE: sections in brackets, options `name: value`, one rule a line. It is read as
 * PVE::Firewall reads it, and changed line by line, so that what others wrote stays byte for byte. The web interface
 * writes such a file anew and loses every comment but those behind a rule: these are what phx knows its rules by.
 */

import type { FirewallRule } from '../../config/firewall.ts'
import { canonicalAddress, type Family, familyOf } from '../../config/firewall-address.ts'
import { CannotLook } from '../../engine/cannot-look.ts'
import type { Sieve } from './lockout.ts'
import { commentOf, isOurs } from './mark.ts'

const actions = { allow: 'ACCEPT', deny: 'DROP', reject: 'REJECT' } as const

export function ruleLine(rule: FirewallRule): string {
  const { direction, action, interface: on, source, dest, protocol, ports } = rule
  const words = [
    ...[direction.toUpperCase(), actions[action]],
    ...(on === null ? [] : ['-i', on]),
    ...(source === null ? [] : ['-source', source]),
    ...(dest === null ? [] : ['-dest', dest]),
    ...(protocol === null ? [] : ['-p', protocol]),
    ...(ports === null ? [] : ['-dport', ports]),
  ]
  return `${words.join(' ')} # ${commentOf(rule)}`
}

interface ParsedRule {
  readonly disabled: boolean
  readonly direction: string
  /** `ACCEPT`, or with a macro `SSH(ACCEPT)`. */
  readonly action: string
  /** By their plain names: `i`, `source`, `dest`, `p`, `dport`, `sport`, `log`. */
  readonly options: ReadonlyMap<string, string>
  readonly comment: string | null
}

/** As parse_fw_rule splits a line; undefined for what it could not. */
function parseRule(line: string): ParsedRule | undefined {
  const comment = /#\s*(.*?)\s*$/s.exec(line)?.[1] ?? null
  const body = line.replace(/#.*$/s, '').trim()
  const [first = '', action, ...rest] = body.replace(/^\|/, '').split(/\s+/)
  if (action === undefined || rest.length % 2 !== 0) return undefined
  const options = new Map<string, string>()
  for (let at = 0; at < rest.length; at += 2) {
    const name = (rest[at] ?? '').replace(/^--?/, '')
    options.set(name === 'proto' ? 'p' : name, rest[at + 1] ?? '')
  }
  return { disabled: body.startsWith('|'), direction: first.toLowerCase(), action, options, comment }
}

/** What the line means, whatever the order of its options; the web interface adds `-log nolog`. */
export function meaningOf(line: string): string {
  const rule = parseRule(line)
  if (rule === undefined) return line.trim()
  const options = [...rule.options].filter(([name, value]) => !(name === 'log' && value === 'nolog')).sort()
  return JSON.stringify([rule.disabled, rule.direction, rule.action, options, rule.comment])
}

const isSection = (line: string, name: string): boolean => line.trim().toLowerCase() === `[${name}]`

/** Lines of the section, without its head: from index to index; undefined when there is none. */
function sectionIn(lines: readonly string[], name: string): { start: number; end: number } | undefined {
  const head = lines.findIndex((line) => isSection(line, name))
  if (head < 0) return undefined
  const next = lines.findIndex((line, index) => index > head && /^\s*\[/.test(line))
  return { start: head + 1, end: next < 0 ? lines.length : next }
}

function linesOf(text: string, name: string): readonly string[] {
  const lines = text.split('\n')
  const section = sectionIn(lines, name)
  return section === undefined ? [] : lines.slice(section.start, section.end)
}

const isOurLine = (line: string): boolean => !/^\s*#/.test(line) && isOurs(parseRule(line)?.comment ?? null)

/** Also of others, and those that are switched off. */
export const hasRules = (text: string): boolean =>
  linesOf(text, 'rules').some((line) => line.trim() !== '' && !/^\s*#/.test(line))

/** Proxmox VE finds no section in a text with such line ends, and passes over all of it. */
export function requireReadable(path: string, text: string): void {
  if (!text.includes('\r')) return
  throw new CannotLook(`${path} has line ends of Windows, and Proxmox VE reads nothing of it`, [
    `sed -i 's/\\r$//' ${path}`,
  ])
}

/** phx's rules, in their order. */
export const ourRules = (text: string): readonly string[] => linesOf(text, 'rules').filter(isOurLine)

export function optionsIn(text: string): ReadonlyMap<string, string> {
  const options = linesOf(text, 'options').flatMap((line): [string, string][] => {
    const [, name, value] = /^\s*(\w+):\s*(\S*)\s*$/.exec(line) ?? []
    return name === undefined || value === undefined ? [] : [[name.toLowerCase(), value]]
  })
  return new Map(options)
}

const withoutBlankEnd = (lines: readonly string[]): string[] => {
  let end = lines.length
  while (end > 0 && lines[end - 1]?.trim() === '') end--
  return lines.slice(0, end)
}

/** The text with these rules as phx's: at the end of the rules, so that an admin's own come first. */
export function withRules(text: string, rules: readonly string[]): string {
  const lines = text.split('\n')
  const section = sectionIn(lines, 'rules')
  if (section === undefined) {
    if (rules.length === 0) return text
    const before = withoutBlankEnd(lines)
    return [...before, ...(before.length > 0 ? [''] : []), '[RULES]', '', ...rules, ''].join('\n')
  }
  const others = lines.slice(section.start, section.end).filter((line) => !isOurLine(line))
  const kept = rules.length === 0 ? others : withoutBlankEnd(others)
  const blank = kept.length === 0 && rules.length > 0 ? [''] : []
  const end = rules.length === 0 ? [] : ['']
  const rest = lines.slice(section.end)
  return [...lines.slice(0, section.start), ...kept, ...blank, ...rules, ...end, ...rest].join('\n')
}

export function withOption(text: string, name: string, value: string): string {
  const lines = text.split('\n')
  const section = sectionIn(lines, 'options')
  const line = `${name}: ${value}`
  if (section === undefined) return ['[OPTIONS]', '', line, '', ...(text === '' ? [] : lines)].join('\n')
  const inside = lines.slice(section.start, section.end)
  const filled = withoutBlankEnd(inside)
  const changed = inside.some((one) => isOption(one, name))
    ? inside.map((one) => (isOption(one, name) ? line : one))
    : [...(filled.length === 0 ? [''] : filled), line, ...inside.slice(filled.length)]
  return [...lines.slice(0, section.start), ...changed, ...lines.slice(section.end)].join('\n')
}

export function withoutOption(text: string, name: string): string {
  const lines = text.split('\n')
  const section = sectionIn(lines, 'options')
  if (section === undefined) return text
  return lines.filter((line, at) => at < section.start || at >= section.end || !isOption(line, name)).join('\n')
}

const isOption = (line: string, name: string): boolean => line.trim().toLowerCase().startsWith(`${name}:`)

/** True when nothing is left that says anything: Proxmox VE itself then removes the file. */
export const saysNothing = (text: string): boolean =>
  text.split('\n').every((line) => line.trim() === '' || /^\s*\[(?:rules|options)\]\s*$/i.test(line))

/** Macros that let people in to manage the host. */
const macros: Readonly<Record<string, string>> = { SSH: '22', HTTPS: '443', HTTP: '80' }

/** What lets in or stops, as far as phx can read it: aliases, sets, groups and other macros open nothing to it. */
export function sievesIn(text: string): Sieve[] {
  return linesOf(text, 'rules').flatMap((line): Sieve[] => {
    const rule = /^\s*#/.test(line) ? undefined : parseRule(line)
    if (rule === undefined || rule.disabled || rule.direction !== 'in' || rule.options.has('sport')) return []
    const [, macro, act] = /^(\w+)\((ACCEPT|DROP|REJECT)\)$/.exec(rule.action) ?? []
    const ports = macro === undefined ? (rule.options.get('dport') ?? null) : macros[macro]
    if (ports === undefined) return []
    const lists = ['source', 'dest'].map((name) => rule.options.get(name)?.split(',').map(canonicalAddress) ?? [null])
    const [sources = [], dests = []] = lists
    return sources.flatMap((source) =>
      dests.flatMap((dest) => {
        if (source === undefined || dest === undefined) return []
        const given = source ?? dest
        const families: readonly Family[] = given === null ? [4, 6] : [familyOf(given)]
        return families.map((family) => ({
          ...{ family, source, dest, ports, lets: (act ?? rule.action) === 'ACCEPT', name: line.trim() },
          protocol: macro === undefined ? (rule.options.get('p') ?? null) : 'tcp',
          interface: rule.options.get('i') ?? null,
        }))
      }),
    )
  })
}

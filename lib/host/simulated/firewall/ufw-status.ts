/** What `ufw status` and `ufw show added` print (ufw 0.36.2: backend_iptables.py, get_status; parser.py, get_command). */
import type { SimState } from '../model.ts'
import { defaults, readRules, setting } from './ufw-files.ts'
import { isRunning } from './ufw-kernel.ts'
import { isAnywhere, type Rule, textOf } from './ufw-rule.ts'

export type Form = 'plain' | 'verbose' | 'numbered'

function place(rule: Rule, address: string, port: string, app: string, isBare: boolean): string {
  const own = isAnywhere(address) ? '' : address
  const sixth = rule.v6 && isAnywhere(address) ? ' (v6)' : ''
  if (app !== '' && isBare) return `${own === '' ? '' : `${own} `}${app}${sixth}`
  const proto = rule.protocol === 'any' ? '' : `/${rule.protocol}`
  if (port !== 'any') {
    const profile = app === '' ? '' : ` (${app}${sixth})`
    const both = app === '' && rule.v6 && isAnywhere(rule.src) && isAnywhere(rule.dst) ? ' (v6)' : ''
    return `${own === '' ? '' : `${own} `}${port}${proto}${profile}${both}`
  }
  const noPorts = rule.dport === rule.sport
  if (own !== '') return `${own}${noPorts ? proto : ''}`
  return `Anywhere${noPorts && isAnywhere(rule.src) && isAnywhere(rule.dst) ? proto : ''}${sixth}`
}

function row(rule: Rule, form: Form): string {
  const isBare = form !== 'verbose'
  const on = (name: string): string => (name === '' ? '' : ` on ${name}`)
  const to = place(rule, rule.dst, rule.dport, rule.dapp, isBare)
  const from = place(rule, rule.src, rule.sport, rule.sapp, isBare)
  const isPlainIn = rule.direction === 'in' && !rule.forward && form === 'plain'
  const direction = rule.forward ? 'FWD' : isPlainIn ? '' : rule.direction.toUpperCase()
  const marks = form === 'numbered' && rule.direction === 'out' ? ' (out)' : ''
  const comment = rule.comment === '' ? '' : ` # ${textOf(rule.comment)}`
  const [toOn, fromOn] = rule.forward
    ? [on(rule.interfaceOut), on(rule.interfaceIn)]
    : [on(rule.interfaceIn), on(rule.interfaceOut)]
  return `${`${to}${toOn}`.padEnd(26)} ${`${rule.action.toUpperCase()} ${direction}`.padEnd(12)}${`${from}${fromOn}`.padEnd(26)}${marks}${comment}\n`
}

const words: Readonly<Record<string, string>> = { ACCEPT: 'allow', DROP: 'deny', REJECT: 'reject' }

function head(state: SimState): string {
  const policy = (chain: string): string => words[setting(state, defaults, `DEFAULT_${chain}_POLICY`)] ?? ''
  // Routing is off on the recorded host.
  return `Logging: on (low)\nDefault: ${policy('INPUT')} (incoming), ${policy('OUTPUT')} (outgoing), disabled (routed)\nNew profiles: skip\n`
}

/** Rules of one profile are one row, but for the verbose form. */
function oncePerProfile(rules: readonly Rule[], form: Form): Rule[] {
  const seen = new Set<string>()
  return rules.filter((rule) => {
    if (form === 'verbose' || (rule.dapp === '' && rule.sapp === '')) return true
    const key = [rule.dapp, rule.sapp, rule.src, rule.dst, rule.action, rule.direction, rule.v6].join(' ')
    return !seen.has(key) && seen.add(key) !== undefined
  })
}

export function statusText(state: SimState, form: Form): string {
  if (!isRunning(state)) return 'Status: inactive\n'
  const rules = oncePerProfile([...readRules(state, false), ...readRules(state, true)], form)
  const verbose = form === 'verbose' ? head(state) : ''
  if (rules.length === 0) return `Status: active\n${verbose}`
  const indent = form === 'numbered' ? '     ' : ''
  const titles = [
    ['To', 'Action', 'From'],
    ['--', '------', '----'],
  ].map(([to = '', action = '', from = '']) => `${indent}${to.padEnd(26)} ${action.padEnd(12)}${from}\n`)
  const rows =
    form === 'numbered'
      ? rules.map((rule, index) => `[${String(index + 1).padStart(2)}] ${row(rule, form)}`)
      : rules.map((rule) => row(rule, form))
  return `Status: active\n${verbose}\n${titles.join('')}${rows.join('')}\n\n`
}

/** The rule as the command that would make it. */
export function commandOf(rule: Rule): string {
  const quoted = (name: string): string => (name.includes(' ') ? `'${name}'` : name)
  const comment = rule.comment === '' ? '' : ` comment '${textOf(rule.comment)}'`
  const isBare = isAnywhere(rule.dst) && isAnywhere(rule.src) && rule.interfaceIn === '' && rule.interfaceOut === ''
  const out = rule.direction === 'out' && rule.interfaceOut === '' ? ' out' : ''
  if (isBare && rule.sport === 'any' && rule.dport !== 'any') {
    const proto = rule.protocol === 'any' ? '' : `/${rule.protocol}`
    return `${rule.action}${out} ${rule.dapp === '' ? `${rule.dport}${proto}` : quoted(rule.dapp)}${comment}`
  }
  const ends = [
    ['from', rule.src, rule.sport],
    ['to', rule.dst, rule.dport],
  ].map(([word = '', address = '', port = '']) => {
    if (isAnywhere(address) && port === 'any') return ''
    return ` ${word} ${isAnywhere(address) ? 'any' : address}${port === 'any' ? '' : ` port ${port}`}`
  })
  const on = `${rule.interfaceIn && ` in on ${rule.interfaceIn}`}${rule.interfaceOut && ` out on ${rule.interfaceOut}`}`
  const clauses = ends.join('') || (on === '' ? ' to any' : '')
  const proto = rule.protocol === 'any' ? '' : ` proto ${rule.protocol}`
  return `${rule.forward ? 'route ' : ''}${rule.action}${on}${out}${clauses}${proto}${comment}`
}

export function addedText(state: SimState): string {
  const commands = [...readRules(state, false), ...readRules(state, true)].map((rule) => `ufw ${commandOf(rule)}`)
  const lines = commands.length === 0 ? ['(None)'] : [...new Set(commands)]
  return `Added user rules (see 'ufw status' for running firewall):\n${lines.join('\n')}\n`
}

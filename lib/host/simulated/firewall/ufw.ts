/** ufw 0.36.2, as recorded in services.jsonl: exit code 0 for nearly everything, and what it did in its words. */
import type { SimState } from '../model.ts'
import { answer, NotSimulated, type Tool, type ToolAnswer } from '../tool.ts'
import { conf, defaults, isEnabled, readRules, resetFiles, setSetting, usesIpv6, writeRules } from './ufw-files.ts'
import { loadUserRules, startUfw, stopUfw } from './ufw-kernel.ts'
import { match, type Rule } from './ufw-rule.ts'
import { addedText, commandOf, statusText } from './ufw-status.ts'
import { usage } from './ufw-usage.ts'
import { parseRule, UfwError } from './ufw-words.ts'

function setEnabled(state: SimState, on: boolean): ToolAnswer {
  setSetting(state, conf, 'ENABLED', on ? 'yes' : 'no')
  if (on) startUfw(state)
  else stopUfw(state)
  const what = on ? 'Firewall is active and enabled' : 'Firewall stopped and disabled'
  return answer(0, `${what} on system startup\n`)
}

/** Without a terminal the question is its own answer, with exit code 0 (seen: services.jsonl scenes 32, 34, 37). */
const asked = (question: string): ToolAnswer => answer(0, `${question}Proceed with operation (y|n)? Aborted\n`)

const policyWords: Readonly<Record<string, string>> = { allow: 'ACCEPT', deny: 'DROP', reject: 'REJECT' }
const chains: Readonly<Record<string, string>> = { incoming: 'INPUT', outgoing: 'OUTPUT', routed: 'FORWARD' }

function setDefault(state: SimState, [policy = '', direction = 'incoming']: readonly string[]): ToolAnswer {
  const [value, chain] = [policyWords[policy], chains[direction]]
  if (value === undefined || chain === undefined) throw new UfwError('Invalid syntax', true)
  setSetting(state, defaults, `DEFAULT_${chain}_POLICY`, `"${value}"`)
  if (isEnabled(state)) {
    stopUfw(state)
    startUfw(state)
  }
  return answer(0, `Default ${direction} policy changed to '${policy}'\n(be sure to update your rules accordingly)\n`)
}

/** One rule in one family, as set_rule of backend_iptables.py does it; what it says. */
function setRule(state: SimState, rule: Rule, remove: boolean): string {
  const suffix = rule.v6 ? ' (v6)' : ''
  const rules = readRules(state, rule.v6)
  const found = rules.findIndex((one) => {
    const how = match(one, rule)
    return how === 0 || (remove ? how === -2 && rule.comment === '' : how < 0)
  })
  if (found < 0 && remove) return `Could not delete non-existent rule${suffix}\n`
  const before = rules[found]
  if (before !== undefined && !remove && match(before, rule) === 0) return `Skipping adding existing rule${suffix}\n`
  if (remove) rules.splice(found, 1)
  else if (found < 0) rules.push(rule)
  else rules[found] = rule
  writeRules(state, rule.v6, rules)
  if (!isEnabled(state)) return `Rules updated${suffix}\n`
  loadUserRules(state)
  return `Rule ${remove ? 'deleted' : found < 0 ? 'added' : 'updated'}${suffix}\n`
}

function changeRule(state: SimState, words: readonly string[], remove: boolean): ToolAnswer {
  const { rules, normalized } = parseRule(words)
  const mine = rules.filter((rule) => !rule.v6 || usesIpv6(state))
  if (mine.length === 0) throw new UfwError('Adding IPv6 rule failed: IPv6 not enabled')
  const said = mine.map((rule) => setRule(state, rule, remove))
  // Lines of one profile say the same.
  const warning = normalized ? 'WARN: Rule changed after normalization\n' : ''
  return answer(0, [...new Set(said)].join(''), warning)
}

function deleteNumber(state: SimState, number: string, force: boolean): ToolAnswer {
  const rule = [...readRules(state, false), ...readRules(state, true)][Number(number) - 1]
  if (rule === undefined) throw new UfwError(`Could not find rule '${number}'`)
  if (!force) return asked(`Deleting:\n ${commandOf(rule)}\n`)
  return answer(0, setRule(state, rule, true))
}

function reset(state: SimState, force: boolean): ToolAnswer {
  if (!force) {
    return asked('Resetting all rules to installed defaults. This may disrupt existing ssh\nconnections. ')
  }
  setEnabled(state, false)
  const moved = ['user', 'before', 'after', 'user6', 'before6', 'after6'].map((name) => `${name}.rules`)
  resetFiles(state)
  const time = new Date(state.now * 1000)
    .toISOString()
    .replace(/[-:]|\..*/g, '')
    .replace('T', '_')
  return answer(0, `${moved.map((name) => `Backing up '${name}' to '/etc/ufw/${name}.${time}'\n`).join('')}\n`)
}

/** ufw(8), REPORTS. */
const reports = ['raw', 'builtins', 'before-rules', 'user-rules', 'after-rules', 'logging-rules', 'listening']

function command(state: SimState, words: readonly string[], force: boolean): ToolAnswer {
  const [verb, ...rest] = words
  switch (verb) {
    case undefined:
      throw new UfwError('not enough args', true)
    case 'enable':
      return force ? setEnabled(state, true) : asked('Command may disrupt existing ssh connections. ')
    case 'disable':
      return setEnabled(state, false)
    case 'reload':
      if (!isEnabled(state)) return answer(0, 'Firewall not enabled (skipping reload)\n')
      setEnabled(state, false)
      setEnabled(state, true)
      return answer(0, 'Firewall reloaded\n')
    case 'reset':
      return reset(state, force)
    case 'default':
      return setDefault(state, rest)
    case 'status':
      if (rest.length === 0) return answer(0, statusText(state, 'plain'))
      if (rest[0] === 'verbose' || rest[0] === 'numbered') return answer(0, statusText(state, rest[0]))
      throw new UfwError('Invalid syntax', true)
    case 'show':
      if (rest[0] === 'added') return answer(0, addedText(state))
      if (reports.includes(rest[0] ?? '')) throw new NotSimulated(`ufw show ${rest[0]}`)
      throw new UfwError('Invalid syntax', true)
    case 'delete':
      if (/^\d+$/.test(rest[0] ?? '')) return deleteNumber(state, rest[0] ?? '', force)
      return changeRule(state, rest, true)
    case 'allow':
    case 'deny':
    case 'reject':
    case 'route':
      return changeRule(state, words, false)
    case 'insert':
    case 'prepend':
    case 'limit':
    case 'logging':
    case 'app':
    case 'version':
      throw new NotSimulated(`ufw ${words.join(' ')}`)
    default:
      throw new UfwError('Invalid syntax', true)
  }
}

export const ufw: Tool = (state, { args }) => {
  const force = args[0] === '--force'
  const words = force ? args.slice(1) : args
  if (words[0]?.startsWith('-')) throw new NotSimulated(`ufw ${words[0]}`)
  try {
    return command(state, words, force)
  } catch (error) {
    if (!(error instanceof UfwError)) throw error
    return answer(1, error.syntax ? usage : '', `ERROR: ${error.message}\n`)
  }
}

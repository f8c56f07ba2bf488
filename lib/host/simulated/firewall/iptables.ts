/** iptables(8), the table `filter`: listing it, and the few calls that hang chains in, flush and set policies. */
import type { SimState } from '../model.ts'
import { answer, NotSimulated, type Tool, type ToolAnswer } from '../tool.ts'
import { builtins, firewallIn, firewallOf } from './state.ts'

const noChain = (): ToolAnswer => answer(1, '', 'iptables: No chain/target/match by that name.\n')

function list(state: SimState): ToolAnswer {
  const { policies, chains } = firewallIn(state)
  const others = Object.keys(chains).filter((chain) => !builtins.includes(chain))
  const lines = [
    ...builtins.map((chain) => `-P ${chain} ${policies[chain]}`),
    ...others.map((chain) => `-N ${chain}`),
    ...[...builtins, ...others].flatMap((chain) => (chains[chain] ?? []).map((rule) => `-A ${chain} ${rule}`)),
  ]
  return answer(0, lines.map((line) => `${line}\n`).join(''))
}

function flush(state: SimState, [only]: readonly string[]): ToolAnswer {
  const { chains } = firewallOf(state)
  if (only !== undefined && chains[only] === undefined) return noChain()
  for (const chain of only === undefined ? Object.keys(chains) : [only]) chains[chain] = []
  return answer(0)
}

/** Only chains that are empty and that no rule jumps to. */
function removeChains(state: SimState, [only]: readonly string[]): ToolAnswer {
  const { chains } = firewallOf(state)
  if (only !== undefined && chains[only] === undefined) return noChain()
  for (const chain of only === undefined ? Object.keys(chains) : [only]) {
    if (builtins.includes(chain)) continue
    const isAsked = Object.values(chains).some((rules) => rules.some((rule) => rule.endsWith(`-j ${chain}`)))
    if (isAsked || chains[chain]?.length !== 0) {
      return answer(
        1,
        '',
        `iptables v1.8.11 (nf_tables):  CHAIN_DEL failed (Device or resource busy): chain ${chain}\n`,
      )
    }
    delete chains[chain]
  }
  return answer(0)
}

function setPolicy(state: SimState, [chain = '', policy = '']: readonly string[]): ToolAnswer {
  if (!builtins.includes(chain)) return answer(1, '', 'iptables: Bad built-in chain name.\n')
  firewallOf(state).policies[chain] = policy
  return answer(0)
}

function append(state: SimState, [chain = '', ...rule]: readonly string[]): ToolAnswer {
  const { chains } = firewallOf(state)
  const target = rule[rule.indexOf('-j') + 1] ?? ''
  const known = /^[A-Z]+$/.test(target) || chains[target] !== undefined
  if (chains[chain] === undefined || !known) return noChain()
  chains[chain].push(rule.join(' '))
  return answer(0)
}

function remove(state: SimState, [chain = '', ...rule]: readonly string[]): ToolAnswer {
  const rules = firewallOf(state).chains[chain]
  const at = rules?.indexOf(rule.join(' ')) ?? -1
  if (at < 0) return answer(1, '', 'iptables: Bad rule (does a matching rule exist in that chain?).\n')
  rules?.splice(at, 1)
  return answer(0)
}

const verbs: Readonly<Record<string, (state: SimState, args: readonly string[]) => ToolAnswer>> = {
  '-F': flush,
  '-X': removeChains,
  '-P': setPolicy,
  '-A': append,
  '-D': remove,
}

export const iptables: Tool = (state, { args }) => {
  const [verb = '', ...rest] = args
  if (verb === '-S' && rest.length === 0) return list(state)
  const change = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined
  if (change === undefined) throw new NotSimulated(`iptables ${args.join(' ')}`)
  return change(state, rest)
}

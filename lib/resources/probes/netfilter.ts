/** The kernel's own packet filter, in one call: whether what ufw's files say is there. */
import type { Probe } from '../../engine/resource.ts'
import type { Reader } from '../../host/host.ts'
import { ask } from './ask.ts'
import type { PolicyName, UfwState } from './ufw.ts'

export interface Netfilter {
  readonly policies: ReadonlyMap<string, string>
  /** The rules of each chain as `iptables -S` prints them, without `-A CHAIN`; a chain without rules is there, empty. */
  readonly chains: ReadonlyMap<string, readonly string[]>
}

/** `-P CHAIN POLICY`, `-N CHAIN` and `-A CHAIN RULE` (iptables(8), -S). */
export function parseIptables(stdout: string): Netfilter {
  const policies = new Map<string, string>()
  const chains = new Map<string, string[]>()
  for (const line of stdout.split('\n')) {
    const [kind, chain, ...rest] = line.split(' ')
    if (chain === undefined) continue
    const rules = chains.get(chain) ?? []
    chains.set(chain, rules)
    if (kind === '-P') policies.set(chain, rest.join(' '))
    if (kind === '-A') rules.push(rest.join(' '))
  }
  return { policies, chains }
}

export async function readNetfilter(reader: Reader): Promise<Netfilter> {
  return parseIptables((await ask(reader, ['iptables', '-S'], "look at the kernel's packet filter")).stdout)
}

export const netfilterProbe: Probe<Netfilter> = {
  id: 'iptables -S',
  read: ({ reader }) => readNetfilter(reader),
}

export const builtinChains: Readonly<Record<PolicyName, string>> = {
  input: 'INPUT',
  output: 'OUTPUT',
  forward: 'FORWARD',
}

/** The chains that ufw hangs into each of the kernel's own, in this order (ufw-init-functions, ufw_start). */
export const hooksOf = (direction: PolicyName): readonly string[] =>
  ['before-logging', 'before', 'after', 'after-logging', 'reject', 'track'].map((part) => `ufw-${part}-${direction}`)

const directions: readonly PolicyName[] = ['input', 'output', 'forward']

/** What is not in the kernel although ufw's files say so, one line each; `unhooked` are those whose jumps are gone. */
export function filterFaults(ufw: UfwState, kernel: Netfilter): { faults: string[]; unhooked: PolicyName[] } {
  const has = (chain: string, target: string): boolean => kernel.chains.get(chain)?.includes(`-j ${target}`) === true
  const unhooked = directions.filter(
    (direction) => !hooksOf(direction).every((hook) => has(builtinChains[direction], hook)),
  )
  const faults = unhooked.map((direction) => `${builtinChains[direction]} does not pass through ufw's chains`)
  for (const direction of directions) {
    const chain = `ufw-user-${direction}`
    const wanted = ufw.chains.get(chain) ?? 0
    const live = kernel.chains.get(chain)?.length ?? 0
    if (live !== wanted) faults.push(`${chain} has ${live} of ${wanted} rules`)
    else if (!has(`ufw-before-${direction}`, chain)) faults.push(`${chain} is not asked`)
    const policy = ufw.policies[direction]
    const kept = policy === 'REJECT' ? 'DROP' : policy
    const now = kernel.policies.get(builtinChains[direction])
    if (kept !== null && now !== kept) faults.push(`policy of ${builtinChains[direction]} is ${now}, not ${kept}`)
  }
  return { faults, unhooked }
}

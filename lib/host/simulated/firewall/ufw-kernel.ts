/**
 * How ufw's chains come into the kernel and go (ufw-init-functions of ufw 0.36.2): the first ones are made and hung in once and
 * stay, empty, when ufw is stopped; while they are there nothing hangs them in again.
 */
import type { SimState } from '../model.ts'
import { firewallOf } from './state.ts'
import { defaults, isEnabled, linesFor, setting } from './ufw-files.ts'

const directions = ['input', 'output', 'forward'] as const
const primary = ['before-logging', 'before', 'after', 'after-logging', 'reject', 'track']
const policies = ['INPUT', 'OUTPUT', 'FORWARD']

function flushOwn(chains: Record<string, string[]>): void {
  for (const chain of Object.keys(chains)) {
    if (!chain.startsWith('ufw-')) continue
    chains[chain] = []
    if (/^ufw-(user|logging|skip|not-local)/.test(chain)) delete chains[chain]
  }
}

/** True when it was not running yet. */
export function startUfw(state: SimState): boolean {
  const { chains, policies: live } = firewallOf(state)
  if (!isEnabled(state) || chains['ufw-user-input'] !== undefined) return false
  if (chains['ufw-before-logging-input'] !== undefined) flushOwn(chains)
  else {
    for (const direction of directions) {
      for (const part of primary) {
        chains[`ufw-${part}-${direction}`] = []
        chains[direction.toUpperCase()]?.push(`-j ufw-${part}-${direction}`)
      }
    }
  }
  for (const direction of directions) {
    chains[`ufw-before-${direction}`] = [
      ...(direction === 'output' ? ['-o lo -j ACCEPT'] : direction === 'input' ? ['-i lo -j ACCEPT'] : []),
      '-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
      `-j ufw-user-${direction}`,
    ]
  }
  loadUserRules(state)
  for (const chain of policies) {
    const policy = setting(state, defaults, `DEFAULT_${chain}_POLICY`)
    live[chain] = policy === 'REJECT' ? 'DROP' : policy
  }
  return true
}

export function stopUfw(state: SimState): void {
  const { chains, policies: live } = firewallOf(state)
  flushOwn(chains)
  for (const chain of policies) live[chain] = 'ACCEPT'
}

/** `iptables-restore -n` of user.rules: its chains are made or emptied, and filled; nobody is made to ask them. */
export function loadUserRules(state: SimState): void {
  const { chains } = firewallOf(state)
  for (const direction of directions) {
    chains[`ufw-user-${direction}`] = linesFor(state, `ufw-user-${direction}`)
    chains[`ufw-user-logging-${direction}`] = []
  }
}

export const isRunning = (state: SimState): boolean => state.firewall?.chains['ufw-user-input'] !== undefined

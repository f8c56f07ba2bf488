/** What the kernel's packet filter holds, and who is connected: neither is in a file. */
import type { SimState } from '../model.ts'

export interface FirewallState {
  /** The table `filter` of IPv4: the policies of its own chains, and the rules of every chain in `iptables -S` form, without `-A CHAIN`. */
  policies: Record<string, string>
  chains: Record<string, string[]>
  /** Established TCP connections from outside. */
  connections: { program: string; local: string; peer: string }[]
}

export const builtins = ['INPUT', 'FORWARD', 'OUTPUT']

const empty = (): FirewallState => ({
  policies: Object.fromEntries(builtins.map((chain) => [chain, 'ACCEPT'])),
  chains: Object.fromEntries(builtins.map((chain) => [chain, []])),
  connections: [],
})

/** For looking. */
export const firewallIn = (state: SimState): FirewallState => state.firewall ?? empty()

/** For changing it. */
export function firewallOf(state: SimState): FirewallState {
  state.firewall ??= empty()
  return state.firewall
}

/** The DHCP server of the simulated network: each guest has the address of its number in the bridge's network. */
import type { Place } from './place.ts'

export interface Lease {
  readonly address: string
  readonly gateway: string | null
}

const firstLease = 100
const leases = 150

/** Undefined when the host's bridge has no network of version 4: nobody answers there. */
export function leaseOf({ host, id }: Place): Lease | undefined {
  const bridges = Object.entries(host.network?.inForce ?? {}).filter(([name]) => name.startsWith('vmbr'))
  for (const [, { addresses, gateway }] of bridges) {
    const [, network, length] = /^(\d+\.\d+\.\d+)\.\d+\/(\d+)$/.exec(addresses[0] ?? '') ?? []
    if (network === undefined || length === undefined) continue
    return { address: `${network}.${firstLease + (Number(id) % leases)}/${length}`, gateway }
  }
  return undefined
}

/** Addresses of this host, as far as the config says them. */
import type { PhxConfig } from './generated/types.ts'

/** Of the declared interfaces, without the length of their networks. */
export function interfaceAddresses(config: PhxConfig): string[] {
  const given = config.network?.interfaces ?? []
  return (Array.isArray(given) ? given : [given]).flatMap(({ address }) => address.split('/')[0] ?? [])
}

/** Where guests reach the NFS server, or undefined when the config says no address of this host. */
export const declaredServer = (config: PhxConfig): string | undefined =>
  config.network?.nfs_server ?? interfaceAddresses(config)[0]

/** Who loses an export: clients that are connected now and that no other entry of the path lets in. */
import { letsIn } from '../../config/export-clients.ts'
import type { Look } from '../../engine/resource.ts'
import { nfsClientsProbe } from '../probes/nfs-clients.ts'
import type { KnownNames } from './table.ts'

export interface Going {
  readonly path: string
  readonly client: string
}

/** One line a client and path. A client of version 4 is named for every path that it may have mounted: the server does not tell which. */
export async function usersOf(
  look: Look,
  going: readonly Going[],
  staying: readonly Going[],
  known: KnownNames,
): Promise<string[]> {
  if (going.length === 0) return []
  const clients = await look.at(nfsClientsProbe)
  const mayReach = (address: string, { client }: Going): boolean =>
    letsIn(client, address, known.get(client)?.addresses) ?? true
  const lines = going.flatMap((entry) =>
    clients
      .filter(({ address, path }) => mayReach(address, entry) && (path === null || path === entry.path))
      .filter(({ address }) => !staying.some((one) => one.path === entry.path && mayReach(address, one)))
      .map(({ address }) => `${address} (${entry.path})`),
  )
  return [...new Set(lines)]
}

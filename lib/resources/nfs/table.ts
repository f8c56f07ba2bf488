/** The table of exports against what is declared: by path, client and options as a set. */
import { isHostName } from '../../config/export-clients.ts'
import { writtenOptions } from '../../config/export-options.ts'
import type { DeclaredEntry } from '../../config/nfs.ts'
import type { Look } from '../../engine/resource.ts'
import type { LiveEntry } from '../probes/exports.ts'
import { hostNameProbe, type ResolvedName } from '../probes/host-names.ts'

/** Names of clients that resolve, by the name that the config gives them. */
export type KnownNames = ReadonlyMap<string, ResolvedName>

/** Every host name among the clients; those that do not resolve are not in it. */
export async function knownNames(look: Look, clients: Iterable<string>): Promise<KnownNames> {
  const names = [...new Set(clients)].filter(isHostName)
  const found = await Promise.all(names.map((name) => look.at(hostNameProbe(name))))
  return new Map(names.flatMap((name, index) => (found[index] ? [[name, found[index]] as const] : [])))
}

/** exportfs shows a host by the first name that its own resolves to (exports(5), single host). */
export function isClient(declared: string, live: string, known: KnownNames): boolean {
  return declared === live || (known.get(declared)?.names.includes(live) ?? false)
}

export const isEntry = (declared: DeclaredEntry, live: LiveEntry, known: KnownNames): boolean =>
  declared.path === live.path && isClient(declared.client, live.client, known)

/** What exportfs never shows, so that it can't be compared (nfs-utils, utils/exportfs/exportfs.c, dump). */
const unseen = /^ttl=/

export const isAlike = (declared: readonly string[], live: readonly string[]): boolean => {
  const seen = (options: readonly string[]): string => options.filter((word) => !unseen.test(word)).join()
  return seen(declared) === seen(live)
}

export const entryText = ({ path, client, options }: DeclaredEntry): string =>
  `${path} ${client}(${writtenOptions(options).join(',')})`

/** Entries that the table lacks or has with other options. */
export function missingFrom(
  table: readonly LiveEntry[],
  entries: readonly DeclaredEntry[],
  known: KnownNames,
): string[] {
  return entries
    .filter((entry) => !table.some((live) => isEntry(entry, live, known) && isAlike(entry.options, live.options)))
    .map(entryText)
}

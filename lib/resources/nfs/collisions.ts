/** What stands against the declared exports on the host: other files that export the same, names that do not resolve. */
import { isHostName } from '../../config/export-clients.ts'
import type { DeclaredEntry } from '../../config/nfs.ts'
import type { Note, Refusal } from '../../engine/resource.ts'
import { type FileEntry, zfsExports } from '../probes/exports.ts'
import { isClient, type KnownNames } from './table.ts'

const place = ({ file, line }: FileEntry): string => `${file}:${line}`

/** The first entry wins and the second is ignored, with exit code 1 (seen: services.jsonl scene 8). */
export function collisions(
  resource: string,
  entries: readonly DeclaredEntry[],
  others: readonly FileEntry[],
  known: KnownNames,
): { readonly refusals: Refusal[]; readonly notes: Note[] } {
  const refusals: Refusal[] = []
  const notes: Note[] = []
  for (const path of new Set(entries.map((entry) => entry.path))) {
    const own = entries.filter((entry) => entry.path === path)
    for (const other of others.filter((one) => one.path === path)) {
      const same = own.find((entry) => isClient(entry.client, other.client, known))
      if (other.file === zfsExports) refusals.push(sharedByZfs(resource, path))
      else if (same) refusals.push(exportedTwice(resource, same, other))
      else {
        const text = `${path} is also exported to ${other.client} by ${place(other)}: that stays as it is`
        notes.push({ resource, level: 'warning', text })
      }
    }
  }
  const unique = new Map(refusals.map((refusal) => [refusal.why, refusal]))
  return { refusals: [...unique.values()], notes }
}

function exportedTwice(resource: string, { path, client }: DeclaredEntry, other: FileEntry): Refusal {
  return {
    resource,
    why: `${path} is exported to ${client} by ${place(other)} as well as by "nfs" of the config; exportfs would ignore one of the two`,
    fields: [],
    mend: [
      `take the entry out of ${other.file}, line ${other.line}, and run again`,
      `or leave ${client} out of this export's clients in the config`,
    ],
  }
}

function sharedByZfs(resource: string, path: string): Refusal {
  return {
    resource,
    why: `${path} is exported by its dataset's property sharenfs as well (${zfsExports}): two writers for one export`,
    fields: [],
    mend: [
      `see which dataset: zfs get -o name,value,source sharenfs $(zfs list -H -o name ${path})`,
      'then: zfs set sharenfs=off DATASET, or leave the export out of the config',
    ],
  }
}

/** exportfs would leave such a line out with exit code 0 (seen: services.jsonl scene 5). */
export function unresolved(resource: string, entries: readonly DeclaredEntry[], known: KnownNames): Refusal[] {
  const names = new Set(entries.map((entry) => entry.client).filter((client) => isHostName(client)))
  return [...names]
    .filter((name) => !known.has(name))
    .map((name) => ({
      resource,
      why: `the client ${name} does not resolve on the host: exportfs would leave its exports out without a failure`,
      fields: [],
      mend: [
        `see: getent hosts ${name}`,
        'add it to the name server or to /etc/hosts, or write its address into the config',
      ],
    }))
}

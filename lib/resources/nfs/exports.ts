/**
 * The declared exports: phx's own file below /etc/exports.d, and the table that the server made of all files. Both are
 * compared, so that an entry that someone took out of the table by hand is found as well.
 */
import { isHostName } from '../../config/export-clients.ts'
import { writtenOptions } from '../../config/export-options.ts'
import type { DeclaredEntry } from '../../config/nfs.ts'
import type { Change, Comparison, FieldChange, Lock, Look, Resource, Step, Value } from '../../engine/resource.ts'
import type { CommandResult } from '../../host/host.ts'
import { fileId, OwnedFile } from '../file/owned-file.ts'
import {
  exportTableProbe,
  type FileEntry,
  type LiveEntry,
  othersExportsProbe,
  parseExportsFile,
  phxExports,
} from '../probes/exports.ts'
import { collisions, unresolved } from './collisions.ts'
import { complaintsIn, exportLines, trialOf } from './exports-file.ts'
import { usersOf } from './in-use.ts'
import { isReady } from './ready.ts'
import { isAlike, isClient, isEntry, type KnownNames, knownNames } from './table.ts'

interface Seen {
  /** Null when exportfs is not installed. */
  readonly table: readonly LiveEntry[] | null
  readonly others: readonly FileEntry[]
  /** What phx's file says now. */
  readonly written: readonly FileEntry[]
  readonly known: KnownNames
}

export class NfsExports implements Resource {
  readonly id = fileId(phxExports)
  readonly locks: readonly Lock[] = [{ name: this.id, mode: 'exclusive' }]
  readonly #entries: readonly DeclaredEntry[]

  constructor(entries: readonly DeclaredEntry[]) {
    this.#entries = entries
  }

  ahead(look: Look): Promise<unknown> {
    return look.at(exportTableProbe)
  }

  async compare(look: Look): Promise<Comparison> {
    const seen = await this.#see(look)
    const { refusals, notes } = collisions(this.id, this.#entries, seen.others, seen.known)
    refusals.push(...unresolved(this.id, this.#entries, seen.known))
    const strays = this.#strays(seen)
    const byHand = this.#byHand(seen)
    const file = await new OwnedFile({
      path: phxExports,
      lines: this.#entries.length === 0 ? null : exportLines(this.#entries),
      section: 'nfs',
      mode: 0o644,
      check: trialOf(this.#entries, seen.known),
      after: seen.table === null && this.#entries.length === 0 ? [] : this.#exporting(byHand, seen),
    }).compare(look)
    const refused = [...refusals, ...file.refusals]
    const changes =
      file.changes.length > 0 ? file.changes.map((change) => withdrawn(change, strays)) : this.#again(seen)
    return {
      changes: refused.length > 0 ? [] : await this.#withUsers(look, changes, seen),
      refusals: refused,
      notes,
      live: file.live && { ...file.live, ...this.#live(seen) },
    }
  }

  async #see(look: Look): Promise<Seen> {
    const [table, others, text] = await Promise.all([
      look.at(exportTableProbe),
      look.at(othersExportsProbe),
      look.reader.readFile(phxExports),
    ])
    const written = parseExportsFile(phxExports, text ?? '')
    const clients = [...this.#entries, ...written].map(({ client }) => client)
    return { table: table ?? null, others, written, known: await knownNames(look, clients) }
  }

  /** Declared entries that the table lacks or has otherwise. */
  #missing({ table, known }: Seen): FieldChange[] {
    if (table === null) return []
    return this.#entries.flatMap((entry): FieldChange[] => {
      const live = table.find((one) => isEntry(entry, one, known))
      if (live && isAlike(entry.options, live.options)) return []
      const field = `${entry.path} ${entry.client}`
      return [{ field, from: live?.printed ?? null, to: writtenOptions(entry.options).join(',') }]
    })
  }

  /** Entries of the table for which there is no line: on a declared path to whom nobody declared it, or left from phx's former text. */
  #strays({ table, others, written, known }: Seen): LiveEntry[] {
    const isOurs = (path: string): boolean => [...this.#entries, ...written].some((one) => one.path === path)
    return (table ?? []).filter(
      (live) =>
        isOurs(live.path) &&
        !this.#entries.some((entry) => isEntry(entry, live, known)) &&
        !others.some((one) => one.path === live.path && isClientOfFile(one, live, known)),
    )
  }

  /** Exported with `exportfs -o`, on paths that are no concern of phx's: `exportfs -r` takes them away (seen: scene 12). */
  #byHand({ table, others, written }: Seen): LiveEntry[] {
    const isKnown = (path: string): boolean =>
      [...this.#entries, ...written, ...others].some((one) => one.path === path)
    return (table ?? []).filter((live) => !isKnown(live.path))
  }

  #live({ table, known }: Seen): Record<string, Value> {
    if (table === null) return {}
    const own = table.filter((live) => this.#entries.some((entry) => isEntry(entry, live, known)))
    return { table: own.map(({ path, client, printed }) => `${path} ${client}(${printed})`) }
  }

  /** All files are read anew; then those are exported again that stand in none. */
  #exporting(byHand: readonly LiveEntry[], { known }: Seen): Step[] {
    const again = byHand.map((live) => command(['exportfs', '-o', live.printed, nameOf(live)]))
    const ready = this.#entries.length > 0 ? [isReady(this.#entries, known)] : []
    return [command(['exportfs', '-ra'], judgeOf(this.#entries)), ...again, ...ready]
  }

  /** The file is as declared; the table may still not be. */
  #again(seen: Seen): Change[] {
    const strays = this.#strays(seen)
    const fields = [...this.#missing(seen), ...strays.map(goes)]
    if (fields.length === 0) return []
    const change: Change = {
      resource: this.id,
      action: 'run',
      risk: 'safe',
      summary: `bring the table of exports up to date: ${fields.map(({ field }) => field).join(', ')}`,
      fields: this.#missing(seen),
      steps: this.#exporting(this.#byHand(seen), seen),
      undo: { impossible: 'the table is made of the files; what stood in it before is in the fields above' },
    }
    return [withdrawn(change, strays)]
  }

  /** Whoever uses what is taken away or changed is named, and makes the change a disruptive one. */
  async #withUsers(look: Look, changes: readonly Change[], seen: Seen): Promise<readonly Change[]> {
    if (changes.length === 0 || seen.table === null) return changes
    const isWritten = (live: LiveEntry): boolean =>
      seen.written.some((one) => one.path === live.path && isClientOfFile(one, live, seen.known))
    const stays = (live: LiveEntry): boolean =>
      this.#entries.some((entry) => isEntry(entry, live, seen.known) && isAlike(entry.options, live.options))
    const strays = this.#strays(seen)
    const going = seen.table.filter((live) => (isWritten(live) || strays.includes(live)) && !stays(live))
    const staying = [...seen.table.filter(stays), ...seen.others]
    const users = await usersOf(look, going, staying, seen.known)
    if (users.length === 0) return changes
    const who = users.map((user): FieldChange => ({ field: 'in use by', from: user, to: null }))
    return changes.map((change) => ({ ...change, risk: 'disruptive', fields: [...change.fields, ...who] }))
  }
}

const goes = ({ path, client, printed }: LiveEntry): FieldChange => ({
  field: `${path} ${client}`,
  from: printed,
  to: null,
})

const command = (argv: readonly string[], judge?: (result: CommandResult) => string | undefined): Step => ({
  kind: 'command',
  argv,
  ...(judge ? { judge } : {}),
})

/** `CLIENT:PATH`, as exportfs(8) takes it; an IPv6 address in brackets. */
const nameOf = ({ path, client }: LiveEntry): string => `${client.includes(':') ? `[${client}]` : client}:${path}`

/**
 * Entries that go leave the table before the file: a run that is killed between the two then finds the file as it was,
 * and nothing stays exported that stands in no file any more.
 */
function withdrawn(change: Change, strays: readonly LiveEntry[]): Change {
  return {
    ...change,
    fields: [...change.fields, ...strays.map(goes)],
    steps: [...strays.map((live) => command(['exportfs', '-u', nameOf(live)])), ...change.steps],
  }
}

const isClientOfFile = (one: FileEntry, live: LiveEntry, known: KnownNames): boolean =>
  isClient(one.client, live.client, known)

/**
 * What `exportfs -ra` says is about every file there is: rc 1 may be an admin's own mistake, rc 0 may have left an entry
 * out (facts: host-tools 4.4). What names phx's file, paths or hosts is a failure; what came of the rest is read back.
 */
function judgeOf(entries: readonly DeclaredEntry[]): (result: CommandResult) => string | undefined {
  const hosts = entries.map(({ client }) => client).filter(isHostName)
  const own = [phxExports, ...new Set([...entries.map(({ path }) => path), ...hosts])]
  const words = (line: string): string[] => line.split(/[\s"'(),;]+|:(?=[/\d\s]|$)/)
  return ({ exitCode, stderr }) => {
    const ours = complaintsIn(stderr).filter((line) => words(line).some((word) => own.includes(word)))
    if (ours.length > 0) return `exportfs -ra complains: ${[...new Set(ours)].join('; ')}`
    return exitCode === 0 || stderr.trim() !== '' ? undefined : `exportfs -ra ended with exit code ${exitCode}`
  }
}

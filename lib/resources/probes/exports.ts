/** What is exported: the table that the NFS server works from, and the files that it is made of. */
import { canonicalClient } from '../../config/export-clients.ts'
import { effectiveOptions } from '../../config/export-options.ts'
import type { Look, Probe } from '../../engine/resource.ts'
import { ask } from './ask.ts'

export interface LiveEntry {
  readonly path: string
  /** Canonical; a host by the name that it resolved to. */
  readonly client: string
  /** Those that are not the default of exports(5), sorted. */
  readonly options: readonly string[]
  /** As exportfs prints them. */
  readonly printed: string
}

/** `exportfs` writes blanks and the like in octal (exports(5)). */
export const withoutOctal = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))

/**
 * `PATH  CLIENT(OPTIONS)` a line (seen: services.jsonl scenes 2 to 58). A line says `no_subtree_check` or nothing, so
 * nothing means that subtrees are checked.
 */
export function parseTable(stdout: string): LiveEntry[] {
  return stdout.split('\n').flatMap((line) => {
    const [, path, client, printed] = /^(\S+)\s+([^\s(]*)\((.*)\)$/.exec(line) ?? []
    if (path === undefined || client === undefined || printed === undefined) return []
    const words = printed.split(',').map(withoutOctal)
    const options = effectiveOptions(words.includes('no_subtree_check') ? words : ['subtree_check', ...words])
    return [{ path: withoutOctal(path), client: canonicalClient(client === '' ? '*' : client), options, printed }]
  })
}

const tableArgv = ['exportfs', '-s']

/** Undefined when there is no exportfs: its package is not installed. It answers also while no server runs (scene 16). */
export const exportTableProbe: Probe<readonly LiveEntry[] | undefined> = {
  id: 'exportfs -s',
  async read({ reader }) {
    if (!(await reader.hasTool('exportfs'))) return undefined
    return parseTable((await ask(reader, tableArgv, 'see what is exported')).stdout)
  },
}

/** The table now, for steps that look again. */
export async function tableNow(reader: Look['reader']): Promise<readonly LiveEntry[]> {
  return parseTable((await reader.query(tableArgv)).stdout)
}

/** An export that stands in a file. */
export interface FileEntry {
  readonly file: string
  readonly line: number
  readonly path: string
  /** Canonical. */
  readonly client: string
}

/** Words of exports(5): quoted or not, blanks in octal, lines that go on behind a backslash, comments. */
export function parseExportsFile(file: string, text: string): FileEntry[] {
  const entries: FileEntry[] = []
  let whole = ''
  let start = 0
  for (const [index, line] of text.split('\n').entries()) {
    if (whole === '') start = index + 1
    if (line.endsWith('\\')) {
      whole += `${line.slice(0, -1)} `
      continue
    }
    entries.push(...entriesIn(`${whole}${line}`).map((entry) => ({ file, line: start, ...entry })))
    whole = ''
  }
  return entries
}

function entriesIn(line: string): { path: string; client: string }[] {
  const words = [...line.replace(/(^|\s)#.*$/, '').matchAll(/"[^"]*"?\S*|\S+/g)].map(([word]) => word)
  const [first, ...clients] = words
  const path = withoutOctal((first ?? '').replaceAll('"', ''))
  if (!path.startsWith('/')) return []
  const named = clients.filter((word) => !word.startsWith('-')).map((word) => word.replace(/\(.*$/, ''))
  // A path alone, and options behind a blank, are for the whole world (seen: services.jsonl scenes 6 and 9).
  return (named.length === 0 ? [''] : named).map((client) => ({
    path: path.length > 1 ? path.replace(/\/+$/, '') : path,
    client: client === '' ? '*' : canonicalClient(client),
  }))
}

export const phxExports = '/etc/exports.d/phx.exports'
/** Of ZFS itself, from the property sharenfs (libzfs_share_nfs.c). */
export const zfsExports = '/etc/exports.d/zfs.exports'

/** What others export, in /etc/exports and every file of /etc/exports.d that exportfs reads (exports(5): `*.exports`). */
export const othersExportsProbe: Probe<readonly FileEntry[]> = {
  id: '/etc/exports',
  async read({ reader }) {
    const names = (await reader.listDir('/etc/exports.d')) ?? []
    const beside = names.filter((name) => name.endsWith('.exports') && !name.startsWith('.'))
    const files = ['/etc/exports', ...beside.map((name) => `/etc/exports.d/${name}`)]
    const found = files
      .filter((file) => file !== phxExports)
      .map(async (file) => parseExportsFile(file, (await textOf(reader, file)) ?? ''))
    return (await Promise.all(found)).flat()
  },
}

/** A folder of that name is no error for exportfs either (seen: services.jsonl scene 13). */
async function textOf(reader: Look['reader'], file: string): Promise<string | undefined> {
  return (await reader.stat(file))?.type === 'file' ? reader.readFile(file) : undefined
}

/** exportfs(8), with what nfs-utils 2.8 says and leaves unsaid (services.jsonl scenes 1 to 14 and 58). */
import { canonicalAddress } from '../../../config/firewall-address.ts'
import { has, optionValue, readOptions } from '../disk-tools/options.ts'
import { exists, isFolder, namesIn } from '../filesystem.ts'
import type { SimState } from '../model.ts'
import { answer, NotSimulated, type Tool, type ToolAnswer } from '../tool.ts'
import { callTool } from '../tools.ts'
import { complaint, type Entry, readExports } from './exports-file.ts'
import { flagsOf, printedText, takeWords, usualOptions } from './options.ts'
import { etab, liveTable, shownPath, Table, tableText } from './table.ts'

const known = ['-a', '-r', '-u', '-v', '-s', '-f', '-i', '-o=']

export const exportfs: Tool = (state, { args }) => {
  const options = readOptions('exportfs', args, known)
  const { operands } = options
  const [all, again, away] = [has(options, '-a'), has(options, '-r'), has(options, '-u')]
  if (has(options, '-f')) return answer(0)
  if (has(options, '-s') || (!all && !again && !away && operands.length === 0))
    return list(state, has(options, '-s') ? 's' : has(options, '-v') ? 'v' : '')
  if (has(options, '-i')) throw new NotSimulated('exportfs -i')
  if (away) return all ? writeTable(state, [], []) : withdraw(state, operands)
  return share(state, { again: again, given: operands, words: optionValue(options, '-o') ?? '' })
}

function list(state: SimState, form: 's' | 'v' | ''): ToolAnswer {
  const table = new Table()
  for (const entry of liveTable(state)) table.add(entry)
  const says = table.entries
    .filter(({ client }) => client === '')
    .map(({ path, options }) => {
      const text =
        tableText([{ path, client: '', options }])
          .trim()
          .split('\t')[1] ?? ''
      return `exportfs: No host name given with ${path} ${text}, suggest *${text} to avoid warning\n`
    })
  const lines = table.entries.map(({ path, client, options }) => {
    const name = client === '' || client === '*' ? (form === 's' ? '*' : '<world>') : client
    const shown = shownPath(path)
    const text = form === '' ? '' : `(${printedText(options)})`
    if (form === 's') return `${shown}  ${name}${text}\n`
    return shown.length > 15 ? `${shown}\n\t\t${name}${text}\n` : `${shown.padEnd(14)}\t${name}${text}\n`
  })
  return answer(0, lines.join(''), says.join(''))
}

interface Sharing {
  /** Without it, what is in the table stays there. */
  readonly again: boolean
  readonly given: readonly string[]
  readonly words: string
}

function share(state: SimState, { again, given, words }: Sharing): ToolAnswer {
  const errors: string[] = []
  const table = new Table()
  let failed = false
  for (const { file, text } of files(state)) {
    const read = readExports(file, text)
    errors.push(...read.says)
    failed ||= read.failed
    for (const entry of read.entries) failed = add(state, table, entry, errors) || failed
  }
  const isShared = new Set<Entry>(given.length === 0 ? table.entries : [])
  if (!exists(state, '/etc/exports')) {
    errors.unshift("can't open /etc/exports for reading")
    failed = true
  }
  for (const name of given) {
    const { client, path } = split(name)
    const options = usualOptions()
    const fault = takeWords(options, words)
    if (fault) return answer(1, '', `exportfs: ${complaint(fault, 'command line:', 0)}\n`)
    const before = table.find(path, client)
    if (before) table.remove(before)
    const entry = { path, client, options }
    table.add(entry)
    isShared.add(entry)
  }
  for (const entry of again ? [] : liveTable(state)) {
    const before = table.find(entry.path, entry.client)
    if (before === undefined) table.add(entry)
    isShared.add(before ?? entry)
  }
  for (const { path } of table.entries.filter((entry) => isShared.has(entry))) {
    if (exists(state, path)) continue
    errors.push(`Failed to stat ${path}: No such file or directory`)
    failed = true
  }
  const written = writeTable(
    state,
    table.entries.filter((entry) => isShared.has(entry)),
    errors,
  )
  return { ...written, exitCode: failed ? 1 : 0 }
}

/** True when exportfs counts it as a failure. */
function add(state: SimState, table: Table, { path, client, options }: Entry, errors: string[]): boolean {
  const name = resolved(state, client)
  if (typeof name === 'object') {
    errors.push(name.why, name.why)
    return name.isFailure
  }
  const before = table.find(path, name)
  if (before === undefined) {
    table.add({ path, client: name, options })
    return false
  }
  const [first, second] = [flagsOf(before.options), flagsOf(options)].map((flags) => `0x${flags.toString(16)}`)
  errors.push(
    `${first === second ? '' : 'incompatible '}duplicated export entries:`,
    `\t${name}:${path} (${second}) [IGNORED]`,
    `\t${name}:${path} (${first})`,
  )
  return true
}

/** How exportfs names the client, or why it leaves it out. */
function resolved(state: SimState, client: string): string | { why: string; isFailure: boolean } {
  if (client === '' || client === '*' || client.startsWith('@') || /[*?[]/.test(client)) return client
  const [, length] = client.split('/')
  if (canonicalAddress(client) !== undefined) return client
  if (length !== undefined) return { why: `Invalid prefix \`${length}' for ${client}`, isFailure: true }
  const { exitCode, stdout } = callTool(state, ['getent', 'hosts', client])
  if (exitCode !== 0 || /^[\d.]+$/.test(client)) return { why: `Failed to resolve ${client}`, isFailure: false }
  return stdout.trim().split(/\s+/)[1] ?? client
}

function files(state: SimState): { file: string; text: string }[] {
  const folder = '/etc/exports.d'
  const beside = isFolder(state, folder) ? namesIn(state, folder) : []
  const paths = [
    '/etc/exports',
    ...beside.filter((name) => /^[^.].*\.exports$/.test(name)).map((name) => `${folder}/${name}`),
  ]
  return paths.flatMap((file) => {
    const found = state.files[file]
    return found?.type === 'file' ? [{ file, text: found.content }] : []
  })
}

const split = (name: string): { client: string; path: string } => {
  const [, bracketed, plain, path] = /^(?:\[(.*?)\]|([^:]*)):(.*)$/.exec(name) ?? []
  return { client: bracketed ?? plain ?? '', path: path ?? name }
}

function withdraw(state: SimState, names: readonly string[]): ToolAnswer {
  const table = new Table()
  // What is read from etab is turned round, and again when it is read the next time.
  for (const entry of liveTable(state).reverse()) table.add(entry)
  const errors: string[] = []
  for (const name of names) {
    const { client, path } = split(name)
    const entry = table.find(path, client)
    if (entry) table.remove(entry)
    else errors.push(`Could not find '${name}' to unexport.`)
  }
  return { ...writeTable(state, table.entries, errors), exitCode: errors.length > 0 ? 1 : 0 }
}

function writeTable(state: SimState, entries: readonly Entry[], errors: readonly string[]): ToolAnswer {
  state.files[etab] = { type: 'file', content: tableText(entries), mode: 0o644 }
  return answer(0, '', errors.map((error) => `exportfs: ${error}\n`).join(''))
}

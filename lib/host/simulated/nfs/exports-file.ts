/** Reading exports(5): what each line exports, up to the first mistake, at which exportfs stops reading the file. */
import { type ExportOptions, takeWords, usualOptions } from './options.ts'

export interface Entry {
  path: string
  /** As written; empty for a path without clients. */
  client: string
  options: ExportOptions
}

export interface Read {
  entries: Entry[]
  /** What exportfs says on standard error, in order. */
  says: string[]
  failed: boolean
}

export const unescaped = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))

/** Logical lines with the number of their first one. */
function logicalLines(text: string): { number: number; text: string }[] {
  const lines: { number: number; text: string }[] = []
  let pending: { number: number; text: string } | null = null
  for (const [index, line] of text.split('\n').entries()) {
    const whole: { number: number; text: string } = pending ?? { number: index + 1, text: '' }
    whole.text += line.endsWith('\\') ? `${line.slice(0, -1)} ` : line
    pending = line.endsWith('\\') ? whole : null
    if (pending === null) lines.push(whole)
  }
  return lines
}

const wordsOf = (line: string): string[] =>
  [...line.replace(/(^|\s)#.*$/, '').matchAll(/"([^"]*)"(\S*)|\S+/g)].map(([word, quoted, rest]) =>
    quoted === undefined ? word : quoted + rest,
  )

export function readExports(file: string, text: string): Read {
  const read: Read = { entries: [], says: [], failed: false }
  for (const { number, text: line } of logicalLines(text)) {
    const [path, ...clients] = wordsOf(line).map(unescaped)
    if (path === undefined) continue
    const fault = readLine(read, path, clients, `${file}:`, number)
    if (fault === null) continue
    read.says.push(fault)
    read.failed = true
    return read
  }
  return read
}

function readLine(read: Read, path: string, clients: string[], file: string, line: number): string | null {
  const usual = usualOptions()
  const defaults = clients.filter((word) => word.startsWith('-'))
  for (const word of defaults) {
    const fault = takeWords(usual, word.slice(1))
    if (fault) return complaint(fault, file, line)
  }
  const named = clients.filter((word) => !word.startsWith('-'))
  if (named.length === 0) {
    read.says.push(`No options for ${path} : suggest (sync) to avoid warning`)
    read.entries.push({ path, client: '', options: usual })
  }
  for (const word of named) {
    const at = word.indexOf('(')
    const [name, list] = at < 0 ? [word, null] : [word.slice(0, at), word.slice(at + 1)]
    if (list !== null && !list.endsWith(')')) return `${file}${line}: syntax error: bad option list`
    if (list === null) read.says.push(`No options for ${path} ${name}: suggest ${name}(sync) to avoid warning`)
    if (name === '')
      read.says.push(`No host name given with ${path} (${list?.slice(0, -1)}), suggest *${word} to avoid warning`)
    const options = { ...usual }
    const fault = takeWords(options, list?.slice(0, -1) ?? '')
    if (fault) return complaint(fault, file, line)
    read.entries.push({ path, client: name === '' ? '*' : name, options })
  }
  return null
}

/** Both end with an empty line; one of them has a blank before the number (seen: services.jsonl scene 9). */
export function complaint(fault: { keyword: string } | { bad: string }, file: string, line: number): string {
  if ('keyword' in fault) return `${file}${line}: unknown keyword "${fault.keyword}"\n`
  return `${file} ${line}: bad ${fault.bad.split('=')[0]} "${fault.bad}"\n`
}

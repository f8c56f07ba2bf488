/**
 * YAML as far as cloud-init's texts here use it: mappings and sequences by indentation, plain and quoted words, JSON on
 * one line, literal blocks. What goes beyond that is not simulated.
 */
import { NotSimulated } from '../../tool.ts'

export type Yaml = null | boolean | number | string | Yaml[] | { [key: string]: Yaml }
export type YamlMapping = { [key: string]: Yaml }

export const isMapping = (value: Yaml | undefined): value is YamlMapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Of a list, or of a single word in its stead. */
export const wordsIn = (value: Yaml | undefined): string[] =>
  value === undefined || value === null ? [] : (Array.isArray(value) ? value : [value]).map(String)

interface Line {
  readonly indent: number
  readonly text: string
}

export function parseYaml(text: string): Yaml {
  const lines = text
    .split('\n')
    .map((line) => ({ indent: line.length - line.trimStart().length, text: line.trim() }))
    .filter((line) => line.text !== '' && !line.text.startsWith('#') && line.text !== '---')
  const [first] = lines
  if (!first) return null
  const value = block(lines, first.indent)
  if (lines.length > 0) throw new NotSimulated(`YAML: ${lines[0]?.text}`)
  return value
}

/** Takes the lines of one block from the front. */
function block(lines: Line[], indent: number): Yaml {
  const [first] = lines
  return first && isItem(first.text) ? sequence(lines, indent) : mapping(lines, indent)
}

const isItem = (text: string): boolean => text === '-' || text.startsWith('- ')

function sequence(lines: Line[], indent: number): Yaml[] {
  const items: Yaml[] = []
  for (let line = lines[0]; line?.indent === indent && isItem(line.text); line = lines[0]) {
    const rest = line.text.slice(1).trimStart()
    if (rest === '') {
      lines.shift()
      items.push(nested(lines, indent))
    } else if (pairIn(rest)) {
      // The first pair of a mapping stands behind the dash; the others are indented as it is.
      lines[0] = { indent: indent + line.text.length - rest.length, text: rest }
      items.push(mapping(lines, lines[0].indent))
    } else {
      lines.shift()
      items.push(scalar(rest))
    }
  }
  return items
}

function mapping(lines: Line[], indent: number): YamlMapping {
  const found: YamlMapping = {}
  for (let line = lines[0]; line?.indent === indent && !isItem(line.text); line = lines[0]) {
    const pair = pairIn(line.text)
    if (!pair) throw new NotSimulated(`YAML: ${line.text}`)
    lines.shift()
    if (pair.rest === '|') found[pair.key] = literal(lines, indent)
    else found[pair.key] = pair.rest === '' ? nested(lines, indent) : scalar(pair.rest)
  }
  return found
}

/** A sequence may stand as far left as the key that it belongs to. */
function nested(lines: Line[], indent: number): Yaml {
  const [next] = lines
  const isInner = next !== undefined && (next.indent > indent || (next.indent === indent && isItem(next.text)))
  return isInner ? block(lines, next.indent) : null
}

function literal(lines: Line[], indent: number): string {
  const [first] = lines
  const taken: string[] = []
  for (let line = lines[0]; line && line.indent > indent; line = lines[0]) {
    taken.push(' '.repeat(line.indent - (first?.indent ?? 0)) + line.text)
    lines.shift()
  }
  return taken.map((line) => `${line}\n`).join('')
}

function pairIn(text: string): { key: string; rest: string } | undefined {
  if (/^["'[{]/.test(text)) return undefined
  const [, key, rest = ''] = /^([^\s:][^:]*):(?:\s+(.*))?$/.exec(text) ?? []
  return key === undefined ? undefined : { key, rest: rest.trim() }
}

function scalar(text: string): Yaml {
  if (/^[[{"]/.test(text)) {
    try {
      return JSON.parse(text)
    } catch {
      throw new NotSimulated(`YAML: ${text}`)
    }
  }
  if (text.startsWith("'")) return text.slice(1, -1).replaceAll("''", "'")
  if (/^[&*!|>%@`]/.test(text)) throw new NotSimulated(`YAML: ${text}`)
  const bare = text.replace(/\s+#.*$/, '')
  if (/^(true|yes|on)$/i.test(bare)) return true
  if (/^(false|no|off)$/i.test(bare)) return false
  if (/^(null|~)$/i.test(bare)) return null
  return /^(0|[1-9]\d*)$/.test(bare) ? Number(bare) : bare
}

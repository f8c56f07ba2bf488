/**
 * How Proxmox's tools find the command that is meant (PVE::CLIHandler): words of one or two levels, aliases, and unique
 * beginnings of names. Their help lists all of them, and that list is the table.
 */
import { Refusal } from './surroundings.ts'

export interface CommandTable {
  readonly tool: string
  /** Name and arguments, in the order of the help; a row without is an empty line. */
  readonly rows: readonly (readonly [name: string, args: string] | readonly [])[]
  /** Known by their whole names alone. */
  readonly aliases?: Readonly<Record<string, string>>
}

export interface Found {
  readonly name: string
  readonly usage: string
  /** Arguments that have to be there. */
  readonly positional: readonly string[]
  /** What stood behind the command's name. */
  readonly rest: readonly string[]
}

/** The command and its usage line; refused with the help when there is none such. */
export function findCommand(table: CommandTable, args: readonly string[]): Found {
  if (args[0] === undefined) throw new Refusal(help(table, 'no command specified', ''))
  const alias =
    table.aliases !== undefined && Object.hasOwn(table.aliases, args[0]) ? table.aliases[args[0]] : undefined
  const words = alias === undefined ? args : [...alias.split(' '), ...args.slice(1)]
  let name = ''
  for (const [level, word] of words.entries()) {
    const beside = namesAt(table, level, name)
    const longer = beside.filter((each) => each.startsWith(word))
    const own = beside.find((each) => each === word) ?? (longer.length === 1 ? longer[0] : undefined)
    name = `${name} ${own ?? word}`.trimStart()
    if (own === undefined) throw new Refusal(help(table, `unknown command '${table.tool} ${name}'`, ''))
    const row = table.rows.find(([known]) => known === name)
    if (row?.[1] !== undefined) return found(table, name, row[1], words.slice(level + 1))
  }
  throw new Refusal(help(table, `incomplete command '${table.tool} ${name}'`, `${name} `))
}

/** Words that can stand there, behind those before. */
function namesAt({ rows }: CommandTable, level: number, before: string): string[] {
  const names = rows.flatMap(([name]) => (name === undefined ? [] : [name.split(' ')]))
  const below = names.filter((words) => words.slice(0, level).join(' ') === before)
  return [...new Set(below.flatMap((words) => words[level] ?? []))]
}

function found({ tool }: CommandTable, name: string, line: string, rest: readonly string[]): Found {
  const required = line.replace(/\[[^\]]*\]| --\S+ <\w+>/g, '')
  return {
    name,
    usage: `${tool} ${name} ${line}`.trimEnd(),
    positional: [...required.matchAll(/<([\w-]+)>/g)].map((match) => match[1] ?? ''),
    rest,
  }
}

/** Of all commands, or of those of one group, without empty lines (qm.jsonl n=2). */
function help({ tool, rows }: CommandTable, error: string, group: string): string {
  const shown = group === '' ? rows : rows.filter(([name]) => name?.startsWith(group))
  const lines = shown.map(([name, line]) => (name === undefined ? '' : `       ${tool} ${name} ${line}`))
  return `ERROR: ${error}\nUSAGE: ${tool} <COMMAND> [ARGS] [OPTIONS]\n\n${lines.join('\n')}\n`
}

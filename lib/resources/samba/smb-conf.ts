/**
 * smb.conf as text: which sections it has, and where the line stands that brings phx's shares in.
 *
 * It stands at the end. What an included file says goes on behind the include: a parameter there lands in phx's last
 * share, and one of [global] is dropped without a word. Before [global], phx's shares would miss the defaults that the
 * admin sets in it (seen: testparm of Samba 4.22.11, test/samba/include.test.ts).
 */
import { type Block, blockIn, withBlock } from '../file/marked-block.ts'

export const smbConfPath = '/etc/samba/smb.conf'
/** phx's file with the shares. */
export const sharesPath = '/etc/samba/phx.conf'

const blockName = 'samba'
const includeLine = `include = ${sharesPath}`

export interface Section {
  /** As written. */
  readonly name: string
  /** From 1. */
  readonly line: number
}

const isComment = (line: string): boolean => /^\s*([#;]|$)/.test(line)
const headerIn = (line: string): string | undefined => /^\s*\[([^\]]+)\]/.exec(line)?.[1]?.trim()

/** Upper and lower case are one (seen: services.jsonl scene 57). */
export const sameName = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase()

/** A backslash at the end of a line takes the next one with it (smb.conf(5), FILE FORMAT). */
const isContinued = (line: string | undefined): boolean => line !== undefined && !isComment(line) && /\\\s*$/.test(line)

/** The line, from 1, that phx's block would follow and that goes on in it, if there is one. */
export function lineBeforeInclude(text: string): number | undefined {
  const lines = withInclude(text, true).split('\n')
  const begin = lines.findIndex((line) => line.trimEnd() === `# phx begin ${blockName}`)
  return isContinued(lines[begin - 1]) ? begin : undefined
}

export function sectionsIn(text: string): Section[] {
  const lines = text.split('\n')
  return lines.flatMap((line, index) => {
    const name = isContinued(lines[index - 1]) ? undefined : headerIn(line)
    return name === undefined ? [] : [{ name, line: index + 1 }]
  })
}

/** Files that it includes by a plain path. */
export const includesIn = (text: string): string[] =>
  text.split('\n').flatMap((line) => /^\s*include\s*=\s*(\/[^%]*?)\s*$/i.exec(line)?.[1] ?? [])

export const includeBlock = (text: string): Block => blockIn(text, blockName)

/** The text with the include at its place, or without it. The block has to be well-formed. */
export function withInclude(text: string, wanted: boolean): string {
  if (!wanted) return withBlock(text, blockName, null)
  const kept = isLast(text) ? text : withBlock(text, blockName, null)
  return withBlock(kept, blockName, [includeLine])
}

/** True when nothing behind the block would land in phx's last share: the next line that counts begins a section. */
function isLast(text: string): boolean {
  const lines = text.split('\n')
  const end = lines.findIndex((line) => line.trimEnd() === `# phx end ${blockName}`)
  const next = lines.slice(end + 1).find((line) => !isComment(line))
  return next === undefined || headerIn(next) !== undefined
}

/** How values, commands and times are written for a person. */

import type { Value } from '../engine/resource.ts'
import type { Argv } from '../host/host.ts'

/** A command as one could paste it into a shell; for reading only, phx itself never gives a line to a shell. */
export function shellWords(argv: Argv): string {
  return argv
    .map((word) => (/^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(' ')
}

/** Text from a tool or a host, without colours and control characters: a comment on a pool must not steer the terminal. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach the terminal
  return text.replace(/\u001b\[[0-9;]*m/g, '').replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '�')
}

export function valueText(value: Value): string {
  if (value === null) return '(absent)'
  if (value === '') return '(empty)'
  if (typeof value === 'string') return printable(value)
  if (Array.isArray(value) && value.every((one) => typeof one === 'string' || typeof one === 'number')) {
    return value.length === 0 ? '(none)' : printable(value.join(', '))
  }
  return printable(JSON.stringify(value))
}

export function duration(ms: number): string {
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** `2026-11-21 07:55:02 UTC` from an ISO time. */
export function when(iso: string): string {
  return `${iso.slice(0, 19).replace('T', ' ')} UTC`
}

export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`
}

/** At most `most` names on one line, then how many more. */
export function some(names: readonly string[], most = 6): string {
  const shown = names.slice(0, most).join(', ')
  return names.length > most ? `${shown} and ${names.length - most} more` : shown
}

/** The last lines of a tool's output, without empty ones at its end. */
export function lastLines(text: string, most = 20): readonly string[] {
  const lines = printable(text.trimEnd()).split('\n')
  if (lines.length === 1 && lines[0] === '') return []
  return lines.length > most ? [`… ${count(lines.length - most, 'earlier line')}`, ...lines.slice(-most)] : lines
}

/** Columns padded to their widest cell; the last one is left as it is. `width` measures what is seen, not what is coloured. */
export function table(rows: readonly (readonly string[])[], gap = '  '): readonly string[] {
  const widths: number[] = []
  for (const row of rows) {
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, seen(cell))
  }
  return rows.map((row) =>
    row
      .map((cell, index) => (index === row.length - 1 ? cell : cell + ' '.repeat((widths[index] ?? 0) - seen(cell))))
      .join(gap)
      .trimEnd(),
  )
}

function seen(cell: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours take no room
  return cell.replace(/\u001b\[\d+m/g, '').length
}

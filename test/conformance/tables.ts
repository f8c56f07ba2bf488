/** Text answers as comparable rows: the tables of zfs and zpool column by column, everything else line by line. */
import { counts, maskCount, maskText, volatile } from './mask.ts'

const listColumns: Readonly<Record<string, readonly string[]>> = {
  'zpool list': ['name', 'size', 'alloc', 'free', 'ckpoint', 'expandsz', 'frag', 'cap', 'dedup', 'health', 'altroot'],
  'zfs list': ['name', 'used', 'avail', 'refer', 'mountpoint'],
  'zpool get': ['name', 'property', 'value', 'source'],
  'zfs get': ['name', 'property', 'value', 'source'],
}

/** Flags of `list` and `get` that take no value; what follows one of the others is its value. */
function optionOf(argv: readonly string[], letter: string): string | undefined {
  for (let index = 2; index < argv.length; index++) {
    const word = argv[index] ?? ''
    if (!word.startsWith('-') || word.startsWith('--') || !word.includes(letter)) continue
    const at = word.indexOf(letter)
    return at < word.length - 1 ? word.slice(at + 1) : argv[index + 1]
  }
  return undefined
}

function columnsOf(argv: readonly string[]): readonly string[] | null {
  const command = `${argv[0]} ${argv[1]}`
  const defaults = listColumns[command]
  if (defaults === undefined) return null
  return (
    optionOf(argv, 'o')
      ?.split(',')
      .map((name) => name.toLowerCase()) ?? defaults
  )
}

/** Of udev's properties those that identify a device; the rest tells of the bus and of the machine's start. */
const udevKeys =
  /^(DEVNAME|DEVTYPE|MAJOR|MINOR|PARTN|PARTNAME|ID_(SERIAL|WWN|PART)\w*|ID_FS_(TYPE|LABEL|UUID|UUID_SUB))=/

/** A blank inside a cell doesn't matter in comparison; runs of blanks part cells in tables for people. */
export function tableRows(argv: readonly string[], text: string): string[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const columns = columnsOf(argv)
  const scripted = argv.slice(2).some((word) => /^-[a-zA-Z]*H/.test(word))
  const rows = columns === null ? lines.map(plainRow) : lines.map((line) => tableRow(line, columns, scripted))
  if (argv[0] === 'udevadm') return rows.filter((row) => udevKeys.test(row)).sort()
  // blkid lists devices in the order of its cache, and a device's tags in no order that means anything
  return argv[0] === 'blkid' ? rows.sort() : rows
}

function plainRow(line: string): string {
  const words = maskText(line).trim().split(/\s+/)
  // a vdev's line in zpool status: NAME STATE READ WRITE CKSUM
  if (
    words.length >= 5 &&
    /^[A-Z]+$/.test(words[1] ?? '') &&
    words.slice(2, 5).every((word) => /^[\d.]+[KMG]?$/.test(word))
  )
    return [...words.slice(0, 2), ...words.slice(2, 5).map(maskCount), ...words.slice(5)].join(' ')
  return words.join(' ')
}

function tableRow(line: string, columns: readonly string[], scripted: boolean): string {
  // With -v the rows of vdevs begin with an empty cell.
  const cells = scripted ? line.replace(/^\t/, '').split('\t') : line.trim().split(/\s{2,}|\s+(?=\S)/)
  const property = cells[columns.indexOf('property')]
  const isHeader =
    !scripted &&
    cells.every((cell) => cell === cell.toUpperCase()) &&
    columns.some((name) => name.toUpperCase() === cells[0])
  return cells
    .map((cell, index) => (isHeader ? cell : maskCell(cell.trim(), columns[index] ?? '', property)))
    .join(' | ')
}

function maskCell(cell: string, column: string, property: string | undefined): string {
  const name = column === 'value' ? (property ?? '') : column
  if (cell === '-') return cell
  if (volatile.has(name)) return '<varies>'
  if (counts.has(name)) return maskCount(cell)
  return maskText(cell)
}

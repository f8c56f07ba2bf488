/** Which names zfs takes, and what it says of others (zfs_validate_name in libzfs, zfs_namecheck.c). */

/** Letters of dataset types, as in the property table: `fvsb`. */
export type Types = string

const longest = 255
const deepest = 50

/** What is wrong with a name that is to be one of these types, or null. `making`: it will be written, not only looked up. */
export function nameFault(name: string, types: Types, making: boolean): string | null {
  if (!types.includes('s') && name.includes('@')) return "snapshot delimiter '@' is not expected here"
  if (types === 's' && !name.includes('@')) return "missing '@' delimiter in snapshot name"
  if (!types.includes('b') && name.includes('#')) return "bookmark delimiter '#' is not expected here"
  if (types === 'b' && !name.includes('#')) return "missing '#' delimiter in bookmark name"
  if (making && name.includes('%')) return 'invalid character % in name'
  return entityFault(name)
}

/** More than 50 levels are refused when a dataset is made. */
export const isTooDeep = (name: string): boolean => levels(name) >= deepest
const levels = (name: string): number => name.split('@')[0]?.match(/\//g)?.length ?? 0

function entityFault(name: string): string | null {
  if (Buffer.byteLength(name) > longest) return 'name is too long'
  if (name.startsWith('/')) return 'leading slash in name'
  const empty = "empty component or misplaced '@' or '#' delimiter in name"
  if (name === '') return empty
  let delimiters = 0
  for (let start = 0; ; ) {
    const length = name.slice(start).search(/[/@#]/)
    const end = length < 0 ? name.length : start + length
    if (end === name.length && end > 0 && name[end - 1] === '/') return 'trailing slash in name'
    if (start === end) return empty
    const component = name.slice(start, end)
    const bad = /[^A-Za-z0-9\-_.: %]/.exec(component)
    if (bad !== null) return `invalid character '${firstByte(bad[0])}' in name`
    if (component === '.') return "self reference, '.' is found in name"
    if (component === '..') return "parent reference, '..' is found in name"
    if (end === name.length) return null
    if (name[end] === '/') {
      if (delimiters > 0) return "multiple '@' and/or '#' delimiters in name"
    } else if (delimiters++ > 0) return "multiple '@' and/or '#' delimiters in name"
    start = end + 1
  }
}

/** Of a character beyond ASCII the tool prints one byte, which reads as a replacement character (scene 80). */
const firstByte = (character: string): string => ((character.codePointAt(0) ?? 0) > 127 ? '�' : character)

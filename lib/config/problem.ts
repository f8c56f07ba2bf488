/** What is wrong with a config, and where: the one shape in which loading tells of anything. */

/** The way to a value in the document: `['zfs', 'pools', 0, 'raid_level']`. */
export type Path = readonly (string | number)[]

export interface Problem {
  /** An error keeps the config from loading; a warning is shown and the run goes on. */
  readonly severity: 'error' | 'warning'
  readonly file: string
  /** Both count from 1; a column counts UTF-16 units, as editors do. */
  readonly line: number
  readonly column: number
  /** JSONPath, such as `$.zfs.pools[0].raid_level`. */
  readonly path: string
  /** What is wrong. Never quotes a value that may be a secret. */
  readonly message: string
  /** What to do about it. */
  readonly mend: string
  /** What was probably meant, where something is near enough: `raid_level` for `raid_levl`. */
  readonly meant?: string
}

/** A problem before its place in the file is known: what rules and the schema's translator give. */
export interface Finding {
  readonly severity: 'error' | 'warning'
  readonly path: Path
  /** Whether the field's name is at fault or its value: decides where the line and column point. */
  readonly at: 'key' | 'value'
  readonly message: string
  readonly mend: string
  readonly meant?: string
  /** The other of two that don't go together: the message then ends with its place. */
  readonly other?: Path
}

/** A text for a terminal: control characters, also those that turn the direction of writing, in their JSON form. */
export function printable(text: string): string {
  const stranger = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu
  return text.replace(stranger, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** JSONPath in its short form; a key that is no plain word is quoted (RFC 9535, 2.5.1). */
export function jsonPath(path: Path): string {
  let text = '$'
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`
    else if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(step)) text += `.${step}`
    else text += `['${printable(step.replace(/[\\']/g, '\\$&'))}']`
  }
  return text
}

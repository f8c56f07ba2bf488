/**
 * A feature's own check: lines `# phx-check: COMMAND` in its script, which decide whether it is there. They are looked at
 * when phx plans, so only commands stand here that can't change anything, whoever wrote the script.
 */

const line = /^#\s*phx-check:\s*(.*?)\s*$/gm

/** The command as an argument list: words between blanks, no shell. */
export type Check = readonly string[]

const isPath = (word: string | undefined): boolean => word?.startsWith('/') === true
const isName = (word: string | undefined): boolean => word !== undefined && /^[A-Za-z0-9][\w@.:-]*$/.test(word)

const known: Readonly<Record<string, (args: readonly string[]) => boolean>> = {
  test: ([question = '', path, ...more]) => /^-[defsxL]$/.test(question) && isPath(path) && more.length === 0,
  grep: ([how = '', text = '-', path, ...more]) =>
    /^-q[Fix]*$/.test(how) && !text.startsWith('-') && isPath(path) && more.length === 0,
  systemctl: ([verb = '', unit, ...more]) =>
    ['is-active', 'is-enabled'].includes(verb) && isName(unit) && more.length === 0,
}

export const checkForms =
  'test -e (-d -f -s -x -L) PATH, grep -q (-qF -qx -qi) WORD PATH, systemctl is-active (is-enabled) UNIT'

const isKnown = ([tool = '', ...args]: Check): boolean => Object.hasOwn(known, tool) && known[tool]?.(args) === true

const written = (script: string): Check[] => [...script.matchAll(line)].map(([, text = '']) => text.split(/\s+/))

/** All of them have to hold; empty when the script brings none. */
export const checksOf = (script: string): readonly Check[] => written(script).filter(isKnown)

export const unknownChecks = (script: string): readonly string[] =>
  written(script)
    .filter((check) => !isKnown(check))
    .map((check) => check.join(' '))

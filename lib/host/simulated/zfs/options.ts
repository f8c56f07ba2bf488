/** Command lines of zfs as getopt(3) reads them, and the usage text that a wrong one gets, exit code 2. */
import { answer, type ToolAnswer } from '../tool.ts'
import { type PropertyRow, propertyTable } from './property-table.ts'

export interface Options {
  readonly flags: ReadonlySet<string>
  /** Options with a value, in the order given. */
  readonly values: readonly (readonly [option: string, value: string])[]
  readonly names: readonly string[]
}

/** get_usage in zfs_main.c of 2.3.9. */
const usages: Readonly<Record<string, string>> = {
  bookmark: '\tbookmark <snapshot|bookmark> <newbookmark>\n',
  clone: '\tclone [-p] [-o property=value] ... <snapshot> <filesystem|volume>\n',
  create:
    '\tcreate [-Pnpuv] [-o property=value] ... <filesystem>\n' +
    '\tcreate [-Pnpsv] [-b blocksize] [-o property=value] ... -V <size> <volume>\n',
  destroy:
    '\tdestroy [-fnpRrv] <filesystem|volume>\n' +
    '\tdestroy [-dnpRrv] <filesystem|volume>@<snap>[%<snap>][,...]\n' +
    '\tdestroy <filesystem|volume>#<bookmark>\n',
  get:
    '\tget [-rHp] [-j [--json-int]] [-d max] [-o "all" | field[,...]]\n' +
    '\t    [-t type[,...]] [-s source[,...]]\n' +
    '\t    <"all" | property[,...]> [filesystem|volume|snapshot|bookmark] ...\n',
  hold: '\thold [-r] <tag> <snapshot> ...\n',
  holds: '\tholds [-rHp] <snapshot> ...\n',
  inherit: '\tinherit [-rS] <property> <filesystem|volume|snapshot> ...\n',
  list:
    '\tlist [-Hp] [-j [--json-int]] [-r|-d max] [-o property[,...]] [-s property]...\n' +
    '\t    [-S property]... [-t type[,...]] [filesystem|volume|snapshot] ...\n',
  'load-key': '\tload-key [-rn] [-L <keylocation>] <-a | filesystem|volume>\n',
  mount: '\tmount [-j]\n\tmount [-flvO] [-o opts] <-a|-R filesystem|filesystem>\n',
  promote: '\tpromote <clone-filesystem>\n',
  release: '\trelease [-r] <tag> <snapshot> ...\n',
  rename:
    '\trename [-f] <filesystem|volume|snapshot> <filesystem|volume|snapshot>\n' +
    '\trename -p [-f] <filesystem|volume> <filesystem|volume>\n' +
    '\trename -u [-f] <filesystem> <filesystem>\n' +
    '\trename -r <snapshot> <snapshot>\n',
  rollback: '\trollback [-rRf] <snapshot>\n',
  set: '\tset [-u] <property=value> ... <filesystem|volume|snapshot> ...\n',
  share: '\tshare [-l] <-a [nfs|smb] | filesystem>\n',
  snapshot: '\tsnapshot [-r] [-o property=value] ... <filesystem|volume>@<snap> ...\n',
  'unload-key': '\tunload-key [-r] <-a | filesystem|volume>\n',
  unmount: '\tunmount [-fu] <-a | filesystem|mountpoint>\n',
  unshare: '\tunshare <-a [nfs|smb] | filesystem|mountpoint>\n',
}

const furtherHelp =
  '\nFor the property list, run: zfs set|get\n' +
  '\nFor the delegated permission list, run: zfs allow|unallow\n' +
  '\nFor further help on a command or topic, run: zfs help [<topic>]\n'

/** What was wrong (a line, or several), then how the verb is called. */
export function usageError(verb: string, fault: string): ToolAnswer {
  const listsProperties = ['set', 'get', 'inherit', 'list'].includes(verb)
  const line = fault === '' || fault.endsWith('\n') ? fault : `${fault}\n`
  return answer(2, '', `${line}usage:\n${usages[verb] ?? ''}${listsProperties ? propertyHelp() : furtherHelp}`)
}

/** Read-only properties first, each group by name. */
function propertyHelp(): string {
  const line = (name: string, edit: boolean, inherit: boolean, values: string): string =>
    `\t${name.padEnd(22)} ${edit ? 'YES' : ' NO'}      ${inherit ? 'YES' : ' NO'}   ${values}\n`
  const byName = (a: PropertyRow, b: PropertyRow): number => (a.name < b.name ? -1 : 1)
  const readOnly = propertyTable.filter(({ access }) => access === 'read-only').sort(byName)
  const others = propertyTable.filter(({ access }) => access !== 'read-only').sort(byName)
  const rows = [...readOnly, ...others].map(({ name, access, values }) =>
    line(name, access === 'own' || access === 'inherited', access === 'inherited' || access === 'once', values),
  )
  const kinds = ['user', 'group', 'project', 'userobj', 'groupobj', 'projectobj']
  return [
    '\nThe following properties are supported:\n',
    '\n\tPROPERTY              EDIT  INHERIT   VALUES\n\n',
    ...rows,
    ...kinds.map((kind) => line(`${kind}used@...`, false, false, '<size>')),
    ...kinds.map((kind) => line(`${kind}quota@...`, true, false, '<size> | none')),
    ...['written@<snap>', 'written#<bookmark>'].map((name) => line(name, false, false, '<size>')),
    '\nSizes are specified in bytes with standard units such as K, M, G, etc.\n',
    '\nUser-defined properties can be specified by using a name containing a colon (:).\n',
    '\nThe {user|group|project}[obj]{used|quota}@ properties must be appended with\n',
    'a user|group|project specifier of one of these forms:\n',
    '    POSIX name      (eg: "matt")\n',
    '    POSIX id        (eg: "126829")\n',
    '    SMB name@domain (eg: "matt@sun")\n',
    '    SMB SID         (eg: "S-1-234-567-89")\n',
  ].join('')
}

/** `letters` as for getopt: a colon after those that take a value. `long` maps long options to the flag they set. */
export function parseOptions(
  verb: string,
  args: readonly string[],
  letters: string,
  long: Readonly<Record<string, string>> = {},
): Options | ToolAnswer {
  const flags = new Set<string>()
  const values: [string, string][] = []
  const names: string[] = []
  for (let index = 0; index < args.length; index++) {
    const word = args[index] ?? ''
    if (word === '--') {
      names.push(...args.slice(index + 1))
      break
    }
    if (word.startsWith('--')) {
      const flag = long[word.slice(2)]
      if (flag === undefined) return usageError(verb, `invalid option '${word.slice(2)}'`)
      flags.add(flag)
    } else if (word.startsWith('-') && word.length > 1) {
      for (let at = 1; at < word.length; at++) {
        const letter = word.charAt(at)
        const known = letter === ':' ? -1 : letters.indexOf(letter)
        if (known < 0) return usageError(verb, `invalid option '${letter}'`)
        if (letters.charAt(known + 1) !== ':') {
          flags.add(letter)
          continue
        }
        const value = at + 1 < word.length ? word.slice(at + 1) : args[++index]
        if (value === undefined) {
          return usageError(
            verb,
            verb === 'create' ? 'missing size argument' : `missing argument for '${letter}' option`,
          )
        }
        values.push([letter, value])
        break
      }
    } else names.push(word)
  }
  return { flags, values, names }
}

export const isAnswer = (result: object): result is ToolAnswer => 'exitCode' in result

export const lastValue = (options: Options, letter: string): string | undefined =>
  options.values.findLast(([option]) => option === letter)?.[1]

/** `property=value` words; the line for stderr when one is not of that form or comes twice. */
export function parseAssignments(words: readonly string[]): (readonly [string, string])[] | string {
  const given: [string, string][] = []
  for (const word of words) {
    const at = word.indexOf('=')
    if (at < 0) return "missing '=' for property=value argument\n"
    const name = word.slice(0, at)
    if (given.some(([other]) => other === name)) return `property '${name}' specified multiple times\n`
    given.push([name, word.slice(at + 1)])
  }
  return given
}

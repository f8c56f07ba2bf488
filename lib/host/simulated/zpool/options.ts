/**
 * Command lines as getopt(3) reads them: letters may be bundled, options may follow names, `--` ends them. A fault
 * gives the tool's own words and its usage text, exit code 2.
 */
import { answer, type ToolAnswer } from '../tool.ts'

export interface Options {
  readonly flags: ReadonlySet<string>
  /** Options with a value, in the order given. */
  readonly values: readonly { readonly option: string; readonly value: string }[]
  readonly names: readonly string[]
}

/** Usage texts of zpool 2.3.9, `get_usage` in zpool_main.c. */
const usages: Readonly<Record<string, string>> = {
  add: '\tadd [-afgLnP] [-o property=value] <pool> <vdev> ...\n',
  attach: '\tattach [-fsw] [-o property=value] <pool> <device> <new-device>\n',
  checkpoint: '\tcheckpoint [-d [-w]] <pool> ...\n',
  clear: '\tclear [[--power]|[-nF]] <pool> [device]\n',
  create:
    '\tcreate [-fnd] [-o property=value] ... \n\t    [-O file-system-property=value] ... \n' +
    '\t    [-m mountpoint] [-R root] <pool> <vdev> ...\n',
  destroy: '\tdestroy [-f] <pool>\n',
  detach: '\tdetach <pool> <device>\n',
  export: '\texport [-af] <pool> ...\n',
  get:
    '\tget [-Hp] [-j [--json-int, --json-pool-key-guid]] ...\n' +
    '\t    [-o "all" | field[,...]] <"all" | property[,...]> <pool> ...\n',
  history: '\thistory [-il] [<pool>] ...\n',
  import:
    '\timport [-d dir] [-D]\n' +
    '\timport [-o mntopts] [-o property=value] ... \n' +
    '\t    [-d dir | -c cachefile] [-D] [-l] [-f] [-m] [-N] [-R root] [-F [-n]] -a\n' +
    '\timport [-o mntopts] [-o property=value] ... \n' +
    '\t    [-d dir | -c cachefile] [-D] [-l] [-f] [-m] [-N] [-R root] [-F [-n]]\n' +
    '\t    [--rewind-to-checkpoint] <pool | id> [newpool]\n',
  initialize: '\tinitialize [-c | -s | -u] [-w] <pool> [<device> ...]\n',
  labelclear: '\tlabelclear [-f] <vdev>\n',
  list:
    '\tlist [-gHLpPv] [-o property[,...]] [-j [--json-int, --json-pool-key-guid]] ...\n' +
    '\t    [-T d|u] [pool] [interval [count]]\n',
  offline: '\toffline [--power]|[[-f][-t]] <pool> <device> ...\n',
  online: '\tonline [--power][-e] <pool> <device> ...\n',
  reguid: '\treguid [-g guid] <pool>\n',
  remove: '\tremove [-npsw] <pool> <device> ...\n',
  reopen: '\treopen [-n] <pool>\n',
  replace: '\treplace [-fsw] [-o property=value] <pool> <device> [new-device]\n',
  resilver: '\tresilver <pool> ...\n',
  scrub: '\tscrub [-e | -s | -p | -C] [-w] <pool> ...\n',
  set: '\tset <property=value> <pool>\n\tset <vdev_property=value> <pool> <vdev>\n',
  split: '\tsplit [-gLnPl] [-R altroot] [-o mntopts]\n\t    [-o property=value] <pool> <newpool> [<device> ...]\n',
  status:
    '\tstatus [-DdegiLPpstvx] [-c script1[,script2,...]] ...\n' +
    '\t    [-j|--json [--json-flat-vdevs] [--json-int] [--json-pool-key-guid]] ...\n' +
    '\t    [-T d|u] [--power] [pool] [interval [count]]\n',
  sync: '\tsync [pool] ...\n',
  trim: '\ttrim [-dw] [-r <rate>] [-c | -s] <pool> [<device> ...]\n',
  upgrade: '\tupgrade\n\tupgrade -v\n\tupgrade [-V version] <-a | pool ...>\n',
  wait: '\twait [-Hp] [-T d|u] [-t <activity>[,...]] <pool> [interval]\n',
}

/** A usage error: what is wrong, then how the verb is called. `further` is the table of properties that some verbs add. */
export const usageError = (verb: string, fault: string, further = ''): ToolAnswer =>
  answer(2, '', `${fault}\nusage:\n${usages[verb] ?? ''}${further}`)

/**
 * `letters` as for getopt: a colon after those that take a value. `long` lists the long options, without dashes;
 * none takes a value.
 */
export function parseOptions(
  verb: string,
  args: readonly string[],
  letters: string,
  long: readonly string[] = [],
): Options | ToolAnswer {
  const flags = new Set<string>()
  const values: { option: string; value: string }[] = []
  const names: string[] = []
  for (let index = 0; index < args.length; index++) {
    const word = args[index] ?? ''
    if (word === '--') {
      names.push(...args.slice(index + 1))
      break
    }
    if (word.startsWith('--')) {
      const option = word.slice(2)
      if (!long.includes(option)) return usageError(verb, `invalid option '${option}'`)
      flags.add(option)
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
        if (value === undefined) return usageError(verb, `missing argument for '${letter}' option`)
        values.push({ option: letter, value })
        break
      }
    } else names.push(word)
  }
  return { flags, values, names }
}

export const isAnswer = (result: object): result is ToolAnswer => 'exitCode' in result

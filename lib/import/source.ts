/** The given files: read, located, recognised; everything that is wrong with them is told at once. */
import { readFileSync } from 'node:fs'
import { parseConfig } from '../config/load.ts'
import { locateJson } from '../config/locate.ts'
import { jsonPath, type Problem, printable } from '../config/problem.ts'
import type { Kind, Source } from './old.ts'
import { recognise } from './recognise.ts'

export interface Sources {
  readonly sources: readonly Source[]
  readonly problems: readonly Problem[]
}

/** In the order in which they are told of. */
const NAMES: Readonly<Record<Kind, string>> = {
  hypervisor: 'a hypervisor config',
  vms: 'a config of virtual machines',
  lxc: 'a config of containers',
  stacks: 'a config of stacks',
  certificates: 'a certificate manifest',
  phx: 'a phx config',
}
const ORDER = Object.keys(NAMES)
/** Of these there may be several. */
const ANY_NUMBER: readonly Kind[] = ['stacks', 'certificates']

export function readSources(files: readonly string[]): Sources {
  const read = files.map(readSource)
  const sources = read
    .flatMap(({ source }) => source ?? [])
    .sort((one, other) => ORDER.indexOf(one.kind) - ORDER.indexOf(other.kind))
  const problems = read.flatMap((one) => one.problems)
  return { sources, problems: problems.length > 0 ? problems : mixProblems(sources) }
}

function readSource(file: string): { source?: Source; problems: Problem[] } {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file))
  } catch (error) {
    return { problems: [unreadable(file, error as NodeJS.ErrnoException)] }
  }
  const document = locateJson(text)
  if (document.faults.length > 0 || document.value === undefined) {
    return {
      problems: /^\s*(#!|export |declare |[A-Z_]+=)/.test(text) ? [shellConfig(file)] : faultsOf(file, document),
    }
  }
  const kind = recognise(document.value)
  if (typeof kind === 'object') {
    return { problems: [{ severity: 'error', file, ...document.valueAt([]), path: '$', ...kind }] }
  }
  // A config of phx's own has nothing to be translated: what is wrong with it is for its owner to mend.
  const problems = kind === 'phx' ? parseConfig(text, file).problems.filter(({ severity }) => severity === 'error') : []
  return { source: { file, kind, text, document }, problems }
}

/** What stands unquoted in a file may be a secret that somebody forgot to quote: it is not repeated. */
function faultsOf(file: string, { faults }: ReturnType<typeof locateJson>): Problem[] {
  return faults.map(({ line, column, path, message, mend }) => {
    const withheld = message.replace(/^\S+ (is not a|is no)/, 'this $1')
    return {
      severity: 'error',
      file,
      line,
      column,
      path: jsonPath(path),
      message: printable(withheld),
      mend: printable(mend),
    }
  })
}

function mixProblems(sources: readonly Source[]): Problem[] {
  const problems: Problem[] = []
  const seen = new Map<Kind, string>()
  for (const source of sources) {
    const earlier = seen.get(source.kind)
    if (earlier !== undefined && !ANY_NUMBER.includes(source.kind)) {
      const mend = 'give one of the two'
      problems.push(atStart(source.file, `this is ${NAMES[source.kind]}, and so is ${earlier}`, mend))
    }
    seen.set(source.kind, source.file)
  }
  const phx = sources.find(({ kind }) => kind === 'phx')
  if (phx !== undefined && sources.length > 1) {
    problems.push(
      atStart(phx.file, 'this is a phx config already', 'import the old files without it, with -o OTHER.json'),
    )
  } else if (phx === undefined && !seen.has('hypervisor') && sources[0] !== undefined) {
    const message = `this is ${NAMES[sources[0].kind]}, and the hypervisor's file is missing`
    problems.push(atStart(sources[0].file, message, 'give phoenix_hypervisor_config.json too'))
  }
  return problems
}

function unreadable(file: string, error: NodeJS.ErrnoException): Problem {
  if (error instanceof TypeError) return atStart(file, 'the file is not UTF-8 text', 'save it as UTF-8')
  if (error.code === 'ENOENT') return atStart(file, 'there is no such file', 'see its name and folder')
  if (error.code === 'EISDIR') return atStart(file, 'this is a folder', `name the files in it: ${file}/*.json`)
  return atStart(file, `the file can't be read: ${error.message}`, 'see its owner and mode')
}

function shellConfig(file: string): Problem {
  const mend =
    'phx reads the JSON files that came after it; carry its lists over by hand, docs/config.md has the fields'
  return atStart(file, 'this is a config in shell, which phx does not run to read it', mend)
}

function atStart(file: string, message: string, mend: string): Problem {
  return { severity: 'error', file, line: 1, column: 1, path: '$', message: printable(message), mend }
}

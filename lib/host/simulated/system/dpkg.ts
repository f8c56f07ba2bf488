/** dpkg-query and dpkg, as far as they look, and `dpkg --configure -a` (services.jsonl scenes 52 to 60). */
import { has, optionValue, readOptions } from '../disk-tools/options.ts'
import { namesIn } from '../filesystem.ts'
import type { SimState } from '../model.ts'
import { answer, NotSimulated, type Tool } from '../tool.ts'
import { allPackages } from './catalogue.ts'
import { setUp } from './install.ts'
import { dpkgLocked } from './locks.ts'

type Known = NonNullable<SimState['packages']>[string]

const want: Readonly<Record<Known['status'], string>> = {
  installed: 'install',
  'half-configured': 'install',
  unpacked: 'install',
  'config-files': 'deinstall',
  'not-installed': 'unknown',
}

function fields(state: SimState, name: string, { version, status }: Known): Readonly<Record<string, string>> {
  const wanted = state.system?.held?.includes(name) && status === 'installed' ? 'hold' : want[status]
  return {
    Package: name,
    'binary:Package': name,
    Version: version,
    Architecture: 'amd64',
    Status: `${wanted} ok ${status}`,
    'db:Status-Status': status,
    'db:Status-Want': wanted,
    'db:Status-Eflag': 'ok',
    'db:Status-Abbrev': `${wanted.charAt(0)}${status === 'installed' ? 'i' : status === 'config-files' ? 'c' : 'F'} `,
  }
}

const escapes: Readonly<Record<string, string>> = { '\\n': '\n', '\\t': '\t', '\\r': '\r', '\\\\': '\\' }

function formatted(format: string, values: Readonly<Record<string, string>>): string {
  return format
    .replace(/\\[ntr\\]/g, (code) => escapes[code] ?? code)
    .replace(/\$\{([^};]+)(?:;-?\d+)?\}/g, (_, name: string) => values[name] ?? '')
}

const knownNames = (state: SimState): string[] => Object.keys(state.packages ?? {}).sort()

const defaultFormat = '$' + '{binary:Package}\\t$' + '{Version}\\n'

/** Without names dpkg-query shows all but what is not there at all; by name also what was purged (scene 52). */
export const dpkgQuery: Tool = (state, { args }) => {
  const options = readOptions('dpkg-query', args, ['-W --show', '-f --showformat=', '-l --list', '-s --status'])
  if (has(options, '-l')) return list(state, options.operands)
  if (!has(options, '-W')) throw new NotSimulated(`dpkg-query ${args.join(' ')}`)
  const format = optionValue(options, '-f') ?? defaultFormat
  const all = knownNames(state)
  const asked = options.operands.length === 0 ? all : options.operands
  let stdout = ''
  let stderr = ''
  for (const name of asked) {
    const known = state.packages?.[name]
    if (known === undefined) stderr += `dpkg-query: no packages found matching ${name}\n`
    else if (options.operands.length > 0 || known.status !== 'not-installed')
      stdout += formatted(format, fields(state, name, known))
  }
  return answer(stderr === '' ? 0 : 1, stdout, stderr)
}

const listHead = `Desired=Unknown/Install/Remove/Purge/Hold
| Status=Not/Inst/Conf-files/Unpacked/halF-conf/Half-inst/trig-aWait/Trig-pend
|/ Err?=(none)/Reinst-required (Status,Err: uppercase=bad)
`

function list(state: SimState, asked: readonly string[]) {
  const names = asked.length === 0 ? knownNames(state) : asked.filter((name) => state.packages?.[name] !== undefined)
  const missing = asked.filter((name) => !names.includes(name))
  const rows = names.map((name) => {
    const known = state.packages?.[name]
    const abbrev = known ? fields(state, name, known)['db:Status-Abbrev'] : ''
    return `${abbrev} ${name.padEnd(14)} ${(known?.version ?? '').padEnd(12)} all          (no description)\n`
  })
  const head = `${listHead}||/ Name           Version      Architecture Description\n+++-==============-============-============-===============\n`
  const stderr = missing.map((name) => `dpkg-query: no packages found matching ${name}\n`).join('')
  return answer(missing.length === 0 ? 0 : 1, names.length === 0 ? '' : head + rows.join(''), stderr)
}

/** Where dpkg notes what it was about to do; files there mean that it was interrupted (scene 56). */
export const updatesFolder = '/var/lib/dpkg/updates'

export const wasInterrupted = (state: SimState): boolean =>
  namesIn(state, updatesFolder).some((name) => /^\d+$/.test(name))

export const dpkg: Tool = (state, { args }) => {
  const words = args.filter((word) => !word.startsWith('--force-'))
  const [verb, ...rest] = words
  if (verb === '-l' || verb === '--list') return list(state, rest)
  if (verb === '-s' || verb === '--status') return statusOf(state, rest)
  if (verb === '--print-architecture') return answer(0, 'amd64\n')
  if (verb !== '--configure' || (rest[0] !== '-a' && rest[0] !== '--pending'))
    throw new NotSimulated(`dpkg ${args.join(' ')}`)
  const locked = dpkgLocked(state)
  if (locked !== null) return answer(2, '', locked)
  let stdout = ''
  for (const [name, known] of Object.entries(state.packages ?? {})) {
    if (known.status !== 'half-configured' && known.status !== 'unpacked') continue
    stdout += `Setting up ${name} (${known.version}) ...\n`
    setUp(state, name)
  }
  for (const name of namesIn(state, updatesFolder)) delete state.files[`${updatesFolder}/${name}`]
  return answer(0, stdout)
}

function statusOf(state: SimState, names: readonly string[]) {
  let stdout = ''
  let stderr = ''
  for (const name of names) {
    const known = state.packages?.[name]
    if (known === undefined || known.status === 'not-installed')
      stderr += `dpkg-query: package '${name}' is not installed and no information is available\nUse dpkg --info (= dpkg-deb --info) to examine archive files.\n`
    else {
      const { Status } = fields(state, name, known)
      const depends = allPackages().get(name)?.depends ?? []
      stdout += `Package: ${name}\nStatus: ${Status}\nArchitecture: amd64\nVersion: ${known.version}\n${depends.length > 0 ? `Depends: ${depends.join(', ')}\n` : ''}\n`
    }
  }
  return answer(stderr === '' ? 0 : 1, stdout, stderr)
}

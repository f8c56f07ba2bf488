/** Name, time zone and locale: hostnamectl, timedatectl, locale-gen, locale, getent hosts. */
import { has, optionValue, readOptions } from '../disk-tools/options.ts'
import { writeText } from '../filesystem.ts'
import type { SimState } from '../model.ts'
import { answer, NotSimulated, type Tool } from '../tool.ts'

/** What it can't put into a name it leaves out without a word: `bad name` becomes `badname`, rc 0 (facts, "Shares and services"). */
export const hostnamectl: Tool = (state, { args }) => {
  const options = readOptions('hostnamectl', args, ['--static', '--transient', '--pretty'])
  const [verb = 'status', name] = options.operands
  if (verb === 'hostname' && name === undefined) return answer(0, `${state.hostname}\n`)
  if ((verb !== 'set-hostname' && verb !== 'hostname') || name === undefined)
    throw new NotSimulated(`hostnamectl ${verb}`)
  const kept = name.replace(/[^A-Za-z0-9.-]/g, '')
  writeText(state, '/etc/hostname', `${kept}\n`)
  state.hostname = kept
  return answer(0)
}

const zones = '/usr/share/zoneinfo'

export const zoneOf = (state: SimState): string =>
  (state.symlinks?.['/etc/localtime'] ?? `${zones}/Etc/UTC`).slice(zones.length + 1)

export const timedatectl: Tool = (state, { args }) => {
  const options = readOptions('timedatectl', args, ['-p --property=', '--value'])
  const [verb = 'status', value] = options.operands
  if (verb === 'show') {
    if (optionValue(options, '-p') !== 'Timezone') throw new NotSimulated('timedatectl show')
    return answer(0, `${has(options, '--value') ? '' : 'Timezone='}${zoneOf(state)}\n`)
  }
  if (verb !== 'set-timezone' || value === undefined) throw new NotSimulated(`timedatectl ${verb}`)
  if (state.files[`${zones}/${value}`]?.type !== 'file')
    return answer(1, '', `Failed to set time zone: Invalid or not installed time zone '${value}'\n`)
  state.symlinks = { ...state.symlinks, '/etc/localtime': `${zones}/${value}` }
  return answer(0)
}

/** glibc's archive of locales; here a text of one name a line. */
const archive = '/usr/lib/locale/locale-archive'

const generated = (state: SimState): string[] =>
  (state.files[archive]?.content ?? '').split('\n').filter((name) => name !== '')

/** `locale -a` writes `en_US.utf8` where the configuration says `en_US.UTF-8`. */
const short = (name: string): string => name.replace(/\.UTF-8$/, '.utf8')

export const locale: Tool = (state, { args }) => {
  if (args.length !== 1 || args[0] !== '-a') throw new NotSimulated(`locale ${args.join(' ')}`)
  return answer(0, ['C', 'C.utf8', 'POSIX', ...generated(state).map(short)].map((name) => `${name}\n`).join(''))
}

export const localeGen: Tool = (state) => {
  const lines = (state.files['/etc/locale.gen']?.content ?? '').split('\n').map((line) => line.trim())
  const wanted = lines.flatMap((line) => /^([a-z]\S*)\s+\S+$/.exec(line)?.[1] ?? [])
  writeText(state, archive, wanted.map((name) => `${name}\n`).join(''))
  return answer(
    0,
    `Generating locales (this might take a while)...\n${wanted.map((name) => `  ${name}... done\n`).join('')}Generation complete.\n`,
  )
}

/** Only hosts; the accounts are another area's. */
export const getent: Tool = (state, { args: [database, ...names] }) => {
  if (database !== 'hosts' && database !== 'ahosts') throw new NotSimulated(`getent ${database ?? ''}`)
  const rows = (state.files['/etc/hosts']?.content ?? '')
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim().split(/\s+/))
    .filter(([address]) => address !== undefined && address !== '')
  let stdout = ''
  for (const name of names) {
    const row = rows.find(([address, ...aliases]) => aliases.includes(name) || address === name)
    if (row) stdout += `${(row[0] ?? '').padEnd(15)} ${row.slice(1).join(' ')}\n`
    else if (/^\d+(\.\d+){3}$|:/.test(name)) stdout += `${name.padEnd(15)} ${name}\n`
    else return answer(2, stdout)
  }
  return answer(0, stdout)
}

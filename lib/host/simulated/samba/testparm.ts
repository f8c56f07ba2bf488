/** testparm(1), with the texts and exit codes of Samba 4.22.11 (services.jsonl scenes 20 to 22 and 57). */
import { has, optionValue, readOptions } from '../disk-tools/options.ts'
import { answer, NotSimulated, type Tool } from '../tool.ts'
import { type Loaded, loadConfig, type Service } from './config.ts'
import { inOrder, parameterNamed } from './parameters.ts'

const crypto = 'Weak crypto is allowed by GnuTLS (e.g. NTLM as a compatibility fallback)\n\n'

function rows(values: ReadonlyMap<string, string>, defaults: ReadonlyMap<string, string>): string {
  const byDefault = (name: string): string | undefined => defaults.get(name) ?? parameterNamed(name)?.byDefault
  const different = [...values].filter(([name, value]) => value !== byDefault(name))
  const [plain, parametric] = [false, true].map((wanted) => different.filter(([name]) => name.includes(':') === wanted))
  return [...(plain ?? []).sort(([one], [other]) => inOrder(one, other)), ...(parametric ?? [])]
    .map(([name, value]) => `\t${name} = ${value}\n`)
    .join('')
}

function printed({ globals, defaults, services }: Loaded): string {
  const none = new Map<string, string>()
  const sections = services.map((service) => `\n\n${section(service, defaults)}`)
  return `# Global parameters\n[global]\n${rows(globals, none)}\tidmap config * : backend = tdb\n${rows(defaults, none)}${sections.join('')}`
}

const section = ({ name, values }: Service, defaults: ReadonlyMap<string, string>): string =>
  `[${name}]\n${rows(values, defaults)}`

export const testparm: Tool = (state, { args }) => {
  const options = readOptions('testparm', args, ['-s', '-v', '--section-name=', '--parameter-name='])
  const [path = '/etc/samba/smb.conf', ...more] = options.operands
  const [asked, parameter] = [optionValue(options, '--section-name'), optionValue(options, '--parameter-name')]
  if (more.length > 0 || !has(options, '-s') || (has(options, '-v') && parameter === undefined))
    throw new NotSimulated(`testparm ${args.join(' ')}`)
  const loaded = loadConfig(state, path)
  const said = ['Load smb config files from ', path, '\n', ...loaded.said.map((line) => `${line}\n`)].join('')
  if (!loaded.ok) return answer(1, '', `${said}Error loading services.\n`)
  const good = `${said}Loaded services file OK.\n${crypto}`
  if (asked === undefined && parameter === undefined)
    return answer(0, printed(loaded), `${good}Server role: ROLE_STANDALONE\n\n`)

  const service = loaded.services.find(({ name }) => name.toLowerCase() === asked?.toLowerCase())
  if (asked !== undefined && asked !== 'global' && !service) return answer(1, '', `${good}Unknown section ${asked}\n`)
  if (parameter === undefined) return answer(0, `\n${service ? section(service, loaded.defaults) : ''}`, good)
  const known = parameterNamed(parameter)
  if (known === undefined) {
    const unknown = `Unknown parameter encountered: "${parameter}"\nParameter ${parameter} unknown for section ${asked ?? 'global'}\n`
    return answer(1, '', good + unknown)
  }
  const value = service?.values.get(known.name) ?? loaded.globals.get(known.name) ?? loaded.defaults.get(known.name)
  return answer(0, `${value ?? known.byDefault}\n`, good)
}

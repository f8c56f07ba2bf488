/** ufw's files, which hold all that it knows. */
import { writeText } from '../filesystem.ts'
import type { SimState } from '../model.ts'
import { type Rule, readTuple, rulesFile } from './ufw-rule.ts'

export const conf = '/etc/ufw/ufw.conf'
export const defaults = '/etc/default/ufw'
const rulesOf = (v6: boolean): string => (v6 ? '/etc/ufw/user6.rules' : '/etc/ufw/user.rules')

const textAt = (state: SimState, path: string): string => state.files[path]?.content ?? ''

export function setting(state: SimState, path: string, name: string): string {
  return new RegExp(`^${name}=["']?([^"'\\n]*)`, 'm').exec(textAt(state, path))?.[1] ?? ''
}

export function setSetting(state: SimState, path: string, name: string, value: string): void {
  writeText(state, path, textAt(state, path).replace(new RegExp(`^${name}=.*$`, 'm'), `${name}=${value}`))
}

export const isEnabled = (state: SimState): boolean => setting(state, conf, 'ENABLED') === 'yes'
export const usesIpv6 = (state: SimState): boolean => setting(state, defaults, 'IPV6') === 'yes'

/** What is no tuple counts for nothing: garbage is an empty file (seen: services.jsonl scene 38). */
export const readRules = (state: SimState, v6: boolean): Rule[] =>
  v6 && !usesIpv6(state)
    ? []
    : textAt(state, rulesOf(v6))
        .split('\n')
        .flatMap((line) => readTuple(line, v6) ?? [])

export function writeRules(state: SimState, v6: boolean, rules: readonly Rule[]): void {
  writeText(state, rulesOf(v6), rulesFile(rules, v6), 0o640)
}

/** The lines that iptables-restore would load into one chain. */
export const linesFor = (state: SimState, chain: string): string[] =>
  textAt(state, rulesOf(false))
    .split('\n')
    .flatMap((line) => (line.startsWith(`-A ${chain} `) ? [line.slice(`-A ${chain} `.length)] : []))

const template = (prefix: string, limit: string): string => `*filter
:${prefix}-user-input - [0:0]
:${prefix}-user-output - [0:0]
:${prefix}-user-forward - [0:0]
${limit === '' ? '' : `:${prefix}-user-limit - [0:0]\n:${prefix}-user-limit-accept - [0:0]\n`}### RULES ###
${limit}COMMIT
`

const freshLimit = `-A ufw-user-limit -m limit --limit 3/minute -j LOG --log-prefix "[UFW LIMIT BLOCK] "
-A ufw-user-limit -j REJECT
-A ufw-user-limit-accept -j ACCEPT
`

/** What the package brings (ufw 0.36.2-9), with the comments that matter to nobody left out. */
export const freshFiles: Readonly<Record<string, string>> = {
  [conf]: `# /etc/ufw/ufw.conf
#

# Set to yes to start on boot. If setting this remotely, be sure to add a rule
# to allow your remote connection before starting ufw. Eg: 'ufw allow 22/tcp'
ENABLED=no

# Please use the 'ufw' command to set the loglevel. Eg: 'ufw logging medium'.
# See 'man ufw' for details.
LOGLEVEL=low
`,
  [defaults]: `# /etc/default/ufw
#
IPV6=yes
DEFAULT_INPUT_POLICY="DROP"
DEFAULT_OUTPUT_POLICY="ACCEPT"
DEFAULT_FORWARD_POLICY="DROP"
DEFAULT_APPLICATION_POLICY="SKIP"
MANAGE_BUILTINS=no
IPT_SYSCTL=/etc/ufw/sysctl.conf
IPT_MODULES=""
`,
  [rulesOf(false)]: template('ufw', freshLimit),
  [rulesOf(true)]: template('ufw6', ''),
  '/etc/ufw/applications.d/': '',
}

export function resetFiles(state: SimState): void {
  for (const v6 of [false, true]) writeText(state, rulesOf(v6), freshFiles[rulesOf(v6)] ?? '', 0o640)
}

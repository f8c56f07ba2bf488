/**
 * ufw's own files: a ufw process would cost half a second of Python, and `ufw status` says nothing while it is off.
 * The tuple lines are what ufw itself reads its rules from (ufw 0.36.2, backend_iptables.py, _read_rules).
 */
import type { Family } from '../../config/firewall-address.ts'
import type { Probe } from '../../engine/resource.ts'
import type { Reader } from '../../host/host.ts'

export interface UfwRule {
  readonly family: Family
  readonly action: 'allow' | 'deny' | 'reject' | 'limit'
  /** `log` or `log-all`; empty: none. */
  readonly log: string
  /** A rule for packets that the host passes on (`ufw route …`). */
  readonly routed: boolean
  readonly direction: 'in' | 'out'
  /** Fields as in the file: `any`, `0.0.0.0/0`, `::/0`. */
  readonly protocol: string
  readonly ports: string
  readonly dest: string
  readonly sourcePorts: string
  readonly source: string
  /** Made from an application profile. */
  readonly isOfApp: boolean
  readonly interfaces: string
  readonly comment: string | null
}

export type Policy = 'ACCEPT' | 'DROP' | 'REJECT'
export type PolicyName = 'input' | 'output' | 'forward'

export interface UfwState {
  readonly enabled: boolean
  readonly ipv6: boolean
  /** Null: not readable as one of the three. */
  readonly policies: Readonly<Record<PolicyName, Policy | null>>
  /** IPv4 first, each in the order in which the kernel asks them. */
  readonly rules: readonly UfwRule[]
  /** How many lines of the file end up in each chain of the kernel, IPv4 alone. */
  readonly chains: ReadonlyMap<string, number>
  /** A rules file that is not one: ufw takes it for empty without a word (seen: services.jsonl scene 38). */
  readonly broken: string | null
}

export const ufwFiles = {
  conf: '/etc/ufw/ufw.conf',
  defaults: '/etc/default/ufw',
  rules: '/etc/ufw/user.rules',
  rules6: '/etc/ufw/user6.rules',
} as const

/** The last assignment counts: the files are read by a shell. */
function setting(text: string, name: string): string | undefined {
  const found = [...text.matchAll(new RegExp(`^\\s*${name}=["']?([^"'\\s#]*)`, 'gm'))]
  return found.at(-1)?.[1]
}

function policy(text: string, chain: string): Policy | null {
  const value = setting(text, `DEFAULT_${chain}_POLICY`)
  return value === 'ACCEPT' || value === 'DROP' || value === 'REJECT' ? value : null
}

export function parseUfwRules(text: string, family: Family): UfwRule[] {
  return text.split('\n').flatMap((line) => {
    const tuple = /^### tuple ###\s+(.*?)(?:\s+comment=([0-9a-f]*))?\s*$/.exec(line)
    const fields = tuple?.[1]?.split(/\s+/) ?? []
    const [act = '', protocol, ports, dest, sourcePorts, source] = fields
    if (protocol === undefined || ports === undefined || dest === undefined) return []
    if (sourcePorts === undefined || source === undefined) return []
    const routed = act.startsWith('route:')
    const [action = '', log = ''] = act.replace('route:', '').split('_')
    // Six fields or eight is the form of old releases, which had no direction.
    const where = fields.length % 2 === 1 ? (fields.at(-1) ?? 'in') : 'in'
    const comment = tuple?.[2]
    return [
      {
        family,
        action: action === 'allow' || action === 'reject' || action === 'limit' ? action : 'deny',
        log,
        routed,
        direction: where.startsWith('out') ? 'out' : 'in',
        protocol,
        ports,
        dest,
        sourcePorts,
        source,
        isOfApp: fields.length > 7,
        interfaces: where.includes('_') ? where : '',
        comment: comment === undefined ? null : Buffer.from(comment, 'hex').toString('utf8'),
      },
    ]
  })
}

function chainLengths(text: string): Map<string, number> {
  const lengths = new Map<string, number>()
  for (const [, chain = ''] of text.matchAll(/^-A (ufw-user-(?:input|output|forward)) /gm)) {
    lengths.set(chain, (lengths.get(chain) ?? 0) + 1)
  }
  return lengths
}

const isRulesFile = (text: string): boolean => /^\*filter$/m.test(text) && /^COMMIT$/m.test(text)

/** Null when ufw is not installed. */
export async function readUfw(reader: Reader): Promise<UfwState | null> {
  const [conf, defaults, rules, rules6] = await Promise.all(
    [ufwFiles.conf, ufwFiles.defaults, ufwFiles.rules, ufwFiles.rules6].map((path) => reader.readFile(path)),
  )
  // What is left of a removed package is no firewall; its rules are read once it is back.
  if (conf === undefined || defaults === undefined || !(await reader.hasTool('ufw'))) return null
  const files: [string, string | undefined][] = [
    [ufwFiles.rules, rules],
    [ufwFiles.rules6, rules6],
  ]
  return {
    enabled: setting(conf, 'ENABLED')?.toLowerCase() === 'yes',
    ipv6: setting(defaults, 'IPV6')?.toLowerCase() === 'yes',
    policies: {
      input: policy(defaults, 'INPUT'),
      output: policy(defaults, 'OUTPUT'),
      forward: policy(defaults, 'FORWARD'),
    },
    rules: [...parseUfwRules(rules ?? '', 4), ...parseUfwRules(rules6 ?? '', 6)],
    chains: chainLengths(rules ?? ''),
    broken: files.find(([, text]) => text !== undefined && !isRulesFile(text))?.[0] ?? null,
  }
}

export const ufwProbe: Probe<UfwState | null> = {
  id: '/etc/ufw',
  read: ({ reader }) => readUfw(reader),
}

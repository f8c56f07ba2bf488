/** A rule as ufw keeps it: one line `### tuple ###` in user.rules or user6.rules, and the iptables lines made of it. */
export interface Rule {
  v6: boolean
  action: string
  /** `_log`, `_log-all` or empty. */
  log: string
  forward: boolean
  direction: 'in' | 'out'
  protocol: string
  dport: string
  dst: string
  sport: string
  src: string
  /** Application profiles. */
  dapp: string
  sapp: string
  interfaceIn: string
  interfaceOut: string
  /** In hexadecimal, as in the file. */
  comment: string
}

export const anywhere = (v6: boolean): string => (v6 ? '::/0' : '0.0.0.0/0')
export const isAnywhere = (address: string): boolean => address === '0.0.0.0/0' || address === '::/0'

export const textOf = (comment: string): string => Buffer.from(comment, 'hex').toString('utf8')

function interfacesOf(rule: Rule): string {
  const { interfaceIn, interfaceOut, direction } = rule
  if (interfaceIn === '' && interfaceOut === '') return direction
  if (interfaceIn !== '' && interfaceOut !== '') return `in_${interfaceIn}!out_${interfaceOut}`
  return `${direction}_${interfaceIn || interfaceOut}`
}

function tupleOf(rule: Rule): string {
  const escaped = (name: string): string => (name === '' ? '-' : name.replaceAll(' ', '%20'))
  const apps = rule.dapp === '' && rule.sapp === '' ? [] : [escaped(rule.dapp), escaped(rule.sapp)]
  const action = `${rule.forward ? 'route:' : ''}${rule.action}${rule.log}`
  const words = [action, rule.protocol, rule.dport, rule.dst, rule.sport, rule.src, ...apps, interfacesOf(rule)]
  return `### tuple ### ${words.join(' ')}${rule.comment === '' ? '' : ` comment=${rule.comment}`}`
}

export function readTuple(line: string, v6: boolean): Rule | undefined {
  const found = /^### tuple ###\s+(.*?)(?: comment=([0-9a-f]*))?\s*$/.exec(line)
  const words = found?.[1]?.split(/\s+/) ?? []
  if (words.length !== 7 && words.length !== 9) return undefined
  const [act = '', protocol = '', dport = '', dst = '', sport = '', src = ''] = words
  const where = words.at(-1) ?? 'in'
  const [action = '', ...log] = act.replace('route:', '').split('_')
  const name = (word = '-'): string => (word === '-' ? '' : word.replaceAll('%20', ' '))
  return {
    ...{ v6, action, protocol, dport, dst, sport, src },
    log: log.length === 0 ? '' : `_${log.join('_')}`,
    forward: act.startsWith('route:'),
    direction: where.startsWith('out') ? 'out' : 'in',
    dapp: words.length === 9 ? name(words[6]) : '',
    sapp: words.length === 9 ? name(words[7]) : '',
    interfaceIn: /^in_([^!]+)/.exec(where)?.[1] ?? '',
    interfaceOut: /(?:^|!)out_(.+)$/.exec(where)?.[1] ?? '',
    comment: found?.[2] ?? '',
  }
}

const targets: Readonly<Record<string, string>> = { allow: 'ACCEPT', deny: 'DROP', reject: 'REJECT' }

export const chainOf = (rule: Rule): string =>
  `ufw${rule.v6 ? '6' : ''}-user-${rule.forward ? 'forward' : rule.direction === 'out' ? 'output' : 'input'}`

/** The rule without `-A CHAIN`: one for each protocol where the port is given and the protocol is not. */
export function filterLines(rule: Rule): string[] {
  const protocols = rule.protocol !== 'any' ? [rule.protocol] : rule.dport === 'any' ? [''] : ['tcp', 'udp']
  const isMulti = /[,:]/.test(rule.dport)
  const comment = [rule.dapp && `dapp_${rule.dapp}`, rule.sapp && `sapp_${rule.sapp}`].filter((name) => name !== '')
  return protocols.map((protocol) => {
    const ports =
      rule.dport === 'any' ? [] : [isMulti ? `-m multiport --dports ${rule.dport}` : `--dport ${rule.dport}`]
    const words = [
      ...(rule.interfaceIn === '' ? [] : [`-i ${rule.interfaceIn}`]),
      ...(rule.interfaceOut === '' ? [] : [`-o ${rule.interfaceOut}`]),
      ...(protocol === '' ? [] : [`-p ${protocol}`]),
      ...(isMulti ? ports : []),
      ...(isAnywhere(rule.dst) ? [] : [`-d ${rule.dst}`]),
      ...(isMulti ? [] : ports),
      ...(isAnywhere(rule.src) ? [] : [`-s ${rule.src}`]),
      `-j ${targets[rule.action]}`,
      ...(rule.action === 'reject' && protocol === 'tcp' ? ['--reject-with tcp-reset'] : []),
      ...(comment.length === 0 ? [] : [`-m comment --comment '${comment.join(',').replaceAll(' ', '%20')}'`]),
    ]
    return words.join(' ')
  })
}

const logging = (prefix: string): string => `
### LOGGING ###
-A ${prefix}-after-logging-input -j LOG --log-prefix "[UFW BLOCK] " -m limit --limit 3/min --limit-burst 10
-A ${prefix}-after-logging-forward -j LOG --log-prefix "[UFW BLOCK] " -m limit --limit 3/min --limit-burst 10
-I ${prefix}-logging-deny -m conntrack --ctstate INVALID -j RETURN -m limit --limit 3/min --limit-burst 10
-A ${prefix}-logging-deny -j LOG --log-prefix "[UFW BLOCK] " -m limit --limit 3/min --limit-burst 10
-A ${prefix}-logging-allow -j LOG --log-prefix "[UFW ALLOW] " -m limit --limit 3/min --limit-burst 10
### END LOGGING ###
`

const limits = (prefix: string): string => `
### RATE LIMITING ###
-A ${prefix}-user-limit -m limit --limit 3/minute -j LOG --log-prefix "[UFW LIMIT BLOCK] "
-A ${prefix}-user-limit -j REJECT
-A ${prefix}-user-limit-accept -j ACCEPT
### END RATE LIMITING ###
`

/** The whole file as ufw writes it anew on every change (seen: services.jsonl scene 33). */
export function rulesFile(rules: readonly Rule[], v6: boolean): string {
  const prefix = v6 ? 'ufw6' : 'ufw'
  const places = ['user', 'before-logging', 'user-logging', 'after-logging']
  const chains = [
    ...places.flatMap((place) => ['input', 'output', 'forward'].map((end) => `${place}-${end}`)),
    ...['logging-deny', 'logging-allow', 'user-limit', 'user-limit-accept'],
  ]
  const written = rules.map(
    (rule) =>
      `\n${tupleOf(rule)}\n${filterLines(rule)
        .map((line) => `-A ${chainOf(rule)} ${line}\n`)
        .join('')}`,
  )
  return [
    '*filter\n',
    ...chains.map((chain) => `:${prefix}-${chain} - [0:0]\n`),
    ...['### RULES ###\n', ...written, '\n### END RULES ###\n', logging(prefix), limits(prefix), 'COMMIT\n'],
  ].join('')
}

/** 0: the same; -2: but for the comment; -1: but for action, logging or comment; 1: another one (ufw, common.py, match). */
export function match(one: Rule, other: Rule): 0 | 1 | -1 | -2 {
  const fields = ['dport', 'sport', 'protocol', 'src', 'dst', 'v6', 'dapp', 'sapp'] as const
  const more = ['interfaceIn', 'interfaceOut', 'direction', 'forward'] as const
  if ([...fields, ...more].some((field) => one[field] !== other[field])) return 1
  if (one.action !== other.action || one.log !== other.log) return -1
  return one.comment === other.comment ? 0 : -2
}

/** What the firewall step reads, in the forms that the tools and the kernel print. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { declaredFirewall } from '../../lib/config/firewall.ts'
import { canonicalAddress, holds } from '../../lib/config/firewall-address.ts'
import {
  meaningOf,
  optionsIn,
  ourRules,
  saysNothing,
  withOption,
  withRules,
} from '../../lib/resources/firewall/pve-text.ts'
import { nameOfLive } from '../../lib/resources/firewall/ufw-command.ts'
import { parseConnections } from '../../lib/resources/probes/connections.ts'
import { parseIptables } from '../../lib/resources/probes/netfilter.ts'
import { parseUfwRules } from '../../lib/resources/probes/ufw.ts'

interface RecordedCall {
  readonly argv: readonly string[]
  readonly files_after?: Readonly<Record<string, string>>
  readonly stdout: string
}

/** The calls of a recorded scene of services.jsonl. */
function scene(n: number): readonly RecordedCall[] {
  const path = join(import.meta.dirname, '../transcripts/services.jsonl')
  const line = readFileSync(path, 'utf8')
    .split('\n')
    .find((text) => text.startsWith(`{"n": ${n},`))
  return (JSON.parse(line ?? '{"calls":[]}') as { calls: RecordedCall[] }).calls
}

test('user.rules as ufw wrote it: comments in hexadecimal, another comment, none, another action', () => {
  const seen = scene(33).flatMap(({ files_after: files }) => {
    const text = files?.['/etc/ufw/user.rules']
    return text === undefined ? [] : parseUfwRules(text, 4).map((rule) => `${rule.action} ${rule.comment}`)
  })
  assert.equal([...new Set(seen)], ['allow one', 'allow two', 'allow null', 'deny null'])
})

test('every kind of tuple in a recorded rules file', () => {
  const text = scene(36).find(({ argv }) => argv.includes('--dry-run'))?.stdout ?? ''
  const [four, six] = text.split('COMMIT\n')
  assert.equal(parseUfwRules(four ?? '', 4).map(nameOfLive), [
    'in everything from 10.0.0.0/24',
    undefined,
    undefined,
    'in 100:200/tcp',
    'in 1,2,3/tcp',
    'in 8080/tcp',
  ])
  assert.equal(parseUfwRules(six ?? '', 6).map(nameOfLive), [
    undefined,
    undefined,
    'in 100:200/tcp',
    'in 1,2,3/tcp',
    'in 8080/tcp',
  ])
})

test('tuples with interfaces, direction, logging and routes', () => {
  const rules = parseUfwRules(
    [
      '### tuple ### allow any 111 0.0.0.0/0 any 0.0.0.0/0 in_ens3',
      '### tuple ### deny_log-all udp 53 10.0.0.1 any ::/0 out_vmbr0.20 comment=7068783a646e73',
      '### tuple ### route:allow any any 0.0.0.0/0 any 0.0.0.0/0 in_vmbr0!out_vmbr1',
      '### tuple ### limit tcp 22 0.0.0.0/0 1024 0.0.0.0/0 in',
      '### tuple ### nonsense',
    ].join('\n'),
    4,
  )
  assert.equal(
    rules.map((rule) => [rule.action, rule.log, rule.direction, nameOfLive(rule), rule.comment]),
    [
      ['allow', '', 'in', 'in 111/any on ens3', null],
      ['deny', 'log-all', 'out', 'out 53/udp to 10.0.0.1 on vmbr0.20', 'phx:dns'],
      ['allow', '', 'in', undefined, null],
      ['limit', '', 'in', undefined, null],
    ],
  )
})

test('iptables -S', () => {
  const { policies, chains } = parseIptables(
    '-P INPUT DROP\n-P FORWARD ACCEPT\n-N ufw-user-input\n-A INPUT -j ufw-before-input\n-A INPUT -i lo -j ACCEPT\n',
  )
  assert.equal(
    [...policies],
    [
      ['INPUT', 'DROP'],
      ['FORWARD', 'ACCEPT'],
    ],
  )
  assert.equal(chains.get('INPUT'), ['-j ufw-before-input', '-i lo -j ACCEPT'])
  assert.equal(chains.get('ufw-user-input'), [])
})

test('ss: the connections of those who may have started phx, in both families and mapped', () => {
  const found = parseConnections(
    [
      '0      0               10.0.2.15:22             10.0.2.2:43210 users:(("sshd-session",pid=700,fd=7),("sshd-session",pid=694,fd=7))',
      '0      36     [::ffff:10.0.0.13]:8006 [::ffff:10.0.0.5]:51000 users:(("pveproxy worker",pid=900,fd=12))',
      '0      0      [fe80::1%vmbr0]:22       [fe80::2%vmbr0]:5 users:(("sshd",pid=1,fd=4))',
      '0      0               10.0.2.15:445            10.0.2.2:1 users:(("smbd",pid=1,fd=4))',
      '0      0               10.0.2.15:5              10.0.2.2:1',
      '',
    ].join('\n'),
  )
  assert.equal(
    found.map(({ program, address, port, peer }) => `${program} ${address} ${port} ${peer}`),
    ['sshd-session 10.0.2.15 22 10.0.2.2', 'pveproxy worker 10.0.0.13 8006 10.0.0.5', 'sshd fe80::1 22 fe80::2'],
  )
})

test('addresses in one form', () => {
  const forms = [
    '10.0.0.5/24',
    '10.0.0.5/32',
    '10.0.0.0/0',
    '2001:DB8:0:0::1/64',
    'fe80::1',
    '::/0',
    '2001:db8:ffff::/33',
  ]
  assert.equal(forms.map(canonicalAddress), [
    '10.0.0.0/24',
    '10.0.0.5',
    '0.0.0.0/0',
    '2001:db8::/64',
    'fe80::1',
    '::/0',
    '2001:db8:8000::/33',
  ])
  assert.equal(
    ['10.0.0.300', '10.0.0.0/33', 'null', 'a/24', '10.0.0.0/24/1', ''].map(canonicalAddress),
    new Array(6).fill(undefined),
  )
  assert.ok(holds('10.0.0.0/24', '10.0.0.5') && !holds('10.0.0.0/24', '10.0.1.5') && holds('::/0', 'fe80::1'))
  assert.not.ok(holds('::/0', '10.0.0.5'))
})

test('rules of the config: lists are taken apart, ports in order, NFS to everyone is one rule', () => {
  const declared = declaredFirewall({
    nfs: {
      exports: [
        { path: '/a', clients: ['*'] },
        { path: '/b', clients: ['10.0.0.0/24'] },
      ],
    },
    samba: { netbios: true, shares: [{ name: 'a', path: '/a' }] },
    network: { interfaces: { name: 'vmbr0', address: '10.0.0.13/24' } },
    firewall: {
      global_firewall_rules: [
        { type: 'out', action: 'REJECT', proto: 'udp', port: '443,80', source: '10.0.0.1,10.0.0.9/24', iface: 'vmbr0' },
      ],
    },
  })
  assert.equal(
    declared?.rules.map((rule) => [rule.action, rule.protocol, rule.ports, rule.source, rule.purpose].join(' ')),
    [
      'allow tcp 2049  nfs',
      'allow tcp 445 10.0.0.0/24 smb',
      'allow tcp 139 10.0.0.0/24 netbios',
      'allow udp 137,138 10.0.0.0/24 netbios',
      'reject udp 80,443 10.0.0.1 declared rule',
      'reject udp 80,443 10.0.0.0/24 declared rule',
    ],
  )
  const clients = ['10.0.0.0/24', '10.0.0.7', '10.0.1.9', 'localhost', '2001:db8::/64', '2001:db8::7']
  assert.equal(
    declaredFirewall({ nfs: { exports: [{ path: '/a', clients }] }, firewall: {} })?.rules.map(({ source }) => source),
    ['10.0.0.0/24', '10.0.1.9', '2001:db8::/64'],
    'a machine in a network that is let in needs no rule of its own',
  )
  assert.is(declared?.backend, 'none')
  assert.is(declaredFirewall({}), undefined)
})

test('.fw files are changed line by line', () => {
  const text =
    '# head\n[options]\nenable: 0\n\n[RULES]\n# IN ACCEPT # phx:not a rule\nIN ACCEPT -p tcp # phx:a\nIN DROP # mine\n\n[group x]\nIN ACCEPT # phx:not ours here\n'
  assert.equal(ourRules(text), ['IN ACCEPT -p tcp # phx:a'])
  assert.is(withRules(text, []), text.replace('IN ACCEPT -p tcp # phx:a\n', ''))
  assert.is(
    withRules(text, ['IN ACCEPT # phx:b']),
    text.replace('IN ACCEPT -p tcp # phx:a\nIN DROP # mine\n', 'IN DROP # mine\nIN ACCEPT # phx:b\n'),
  )
  assert.is(withOption(text, 'enable', '1'), text.replace('enable: 0', 'enable: 1'))
  assert.is(withOption(text, 'policy_in', 'DROP'), text.replace('enable: 0\n', 'enable: 0\npolicy_in: DROP\n'))
  assert.is(withRules('', ['x']), '[RULES]\n\nx\n')
  assert.ok(saysNothing(withRules(withRules('', ['IN ACCEPT # phx:y']), [])))
  assert.ok(saysNothing('[RULES]\n\n') && !saysNothing('[RULES]\n# note\n'))
  assert.is(optionsIn('[OPTIONS]\n\nenable:  1\n\n[RULES]\n').get('enable'), '1')
  assert.is(
    meaningOf('IN ACCEPT -p tcp -dport 22 -log nolog # phx:ssh'),
    meaningOf(' IN  ACCEPT --dport 22 --proto tcp  # phx:ssh '),
  )
  assert.is.not(meaningOf('|IN ACCEPT # phx:ssh'), meaningOf('IN ACCEPT # phx:ssh'))
})

test.run()

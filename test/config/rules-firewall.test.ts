/** Addresses of firewall rules: judged for every backend, and for the declared one. */
import { test } from 'uvu'
import { assertProblems } from './problems.ts'

const rule = (over: Record<string, string>) => ({ type: 'in', action: 'ACCEPT', proto: 'tcp', port: '80', ...over })
const at = (index: number, field?: string) =>
  `$.firewall.global_firewall_rules[${index}]${field === undefined ? '' : `.${field}`}`

test('addresses that are none, host bits, both families in one rule', () => {
  assertProblems(
    {
      firewall: {
        backend: 'pve-firewall',
        global_firewall_rules: [
          rule({ source: 'null' }),
          rule({ source: '10.0.0.300' }),
          rule({ dest: '10.0.0.0/33' }),
          rule({ source: '10.0.0.5/24' }),
          rule({ source: '10.0.0.5', dest: 'fe80::1' }),
          rule({ source: 'fe80::zz' }),
          rule({ source: '10.0.0.1-10.0.0.900' }),
          rule({ source: 'dc/office' }),
          rule({ source: '+management' }),
          rule({ source: '10.0.0.1-10.0.0.9' }),
        ],
      },
    },
    [
      { path: at(0, 'source'), message: 'null is no address', mend: 'leave the field out' },
      { path: at(1, 'source'), message: '10.0.0.300 is no IP address', mend: 'digits' },
      { path: at(2, 'dest'), message: '/33 is no length', mend: 'digits' },
      {
        ...{ path: at(3, 'source'), message: 'bits set beyond the network', mend: 'write 10.0.0.0/24' },
        ...{ meant: '10.0.0.0/24', severity: 'warning' },
      },
      { path: at(4), message: 'mixes IPv4 and IPv6', mend: 'one rule for each' },
      { path: at(5, 'source'), message: 'fe80::zz is no IP address', mend: 'digits' },
      { path: at(6, 'source'), message: '10.0.0.900 is no IP address', mend: 'digits' },
    ],
  )
})

test('what ufw has no words for', () => {
  assertProblems(
    {
      firewall: {
        backend: 'ufw',
        global_firewall_rules: [
          { type: 'in', action: 'ACCEPT', proto: 'icmp' },
          rule({ source: '+management' }),
          rule({ source: '10.0.0.1,10.0.0.2' }),
        ],
      },
    },
    [
      { path: at(0, 'proto'), message: 'ufw has no rules for icmp', mend: 'before.rules' },
      { path: at(1, 'source'), message: '+management is a name', mend: 'write them out' },
    ],
  )
})

test.run()

/** Rules about the host's own addresses. */
import { test } from 'uvu'
import { assertProblems, type Expected } from './problems.ts'

const network = (...interfaces: readonly object[]) => ({ network: { interfaces } })
const vmbr0 = { name: 'vmbr0', address: '10.0.0.13/24', gateway: '10.0.0.1' }
const at = (field: string, index = 0): string => `$.network.interfaces[${index}].${field}`

test('sound ones have nothing to be told', () => {
  const sound: readonly object[] = [
    vmbr0,
    { ...vmbr0, address: '10.0.0.0/31', gateway: '10.0.0.1' },
    { ...vmbr0, address: '10.0.0.13/32', gateway: '192.168.0.1' },
    { ...vmbr0, address: '10.0.1.0/23', gateway: '10.0.0.255' },
    { ...vmbr0, address: 'fd00::13/64', gateway: 'fe80::1' },
    { ...vmbr0, address: 'fd00::/64', gateway: 'fd00::1' },
  ]
  for (const one of sound) assertProblems(network(one), [])
  assertProblems(network(vmbr0, { name: 'vmbr1', address: 'fd00::13/64', gateway: 'fd00::1' }), [])
})

test("a gateway that is the host's own address would answer, whatever is cut off", () => {
  const own: Expected = { path: at('gateway'), message: "the host's own address (vmbr0)", mend: "router's" }
  assertProblems(network({ ...vmbr0, gateway: '10.0.0.13' }), [own])
  assertProblems(network({ ...vmbr0, address: 'fd00::13/64', gateway: 'fd00:0::0013' }), [own])
  assertProblems(network({ ...vmbr0, gateway: '10.0.0.14' }, { name: 'vmbr1', address: '10.0.0.14/24' }), [
    { ...own, message: "the host's own address (vmbr1)" },
  ])
})

test("addresses that can't be a machine's", () => {
  const wrong: Readonly<Record<string, string>> = {
    '10.0.0.0/24': 'the address of the network itself',
    '10.0.0.255/24': 'broadcast',
    '10.0.1.255/23': 'broadcast',
    '127.0.0.5/8': 'loopback',
    '224.0.0.5/24': 'multicast',
    '240.0.0.5/24': 'reserved',
    '255.255.255.255/32': 'reserved',
    '0.0.0.5/24': 'no address',
    '::1/128': 'loopback',
    'ff02::1/64': 'multicast',
  }
  for (const [address, message] of Object.entries(wrong))
    assertProblems(network({ name: 'vmbr0', address }), [{ path: at('address'), message, mend: "a machine's" }])
  assertProblems(network({ ...vmbr0, gateway: '10.0.0.255' }), [
    { path: at('gateway'), message: 'broadcast', mend: "a machine's" },
  ])
  assertProblems(network({ ...vmbr0, address: '10.0.0.13/32', gateway: '127.0.0.1' }), [
    { path: at('gateway'), message: 'loopback', mend: "a machine's" },
  ])
})

test('a gateway beyond the network, or of the other family', () => {
  const beyond = { path: at('gateway'), message: "not in the interface's network 10.0.0.13/24", mend: 'length' }
  assertProblems(network({ ...vmbr0, gateway: '10.0.1.1' }), [beyond])
  assertProblems(network({ ...vmbr0, gateway: 'fd00::1' }), [beyond])
})

test('two interfaces with one address, or with a gateway each', () => {
  assertProblems(network(vmbr0, { name: 'vmbr1', address: '10.0.0.13/16' }), [
    { path: at('address', 1), message: 'vmbr0 has the address 10.0.0.13 already', mend: 'another address' },
  ])
  assertProblems(network(vmbr0, { name: 'vmbr1', address: '10.1.0.13/24', gateway: '10.1.0.1' }), [
    { path: at('gateway', 1), message: 'vmbr0 has a gateway already', mend: 'keep the one', severity: 'warning' },
  ])
})

test.run()

/** Rules about the host itself. */
import { test } from 'uvu'
import { assertProblems } from './problems.ts'

const extra = { name: 'node', uris: ['https://deb.example.com/'], suites: ['trixie'], components: ['main'] }
const host = (...repositories: readonly object[]) => ({ host: { repositories: { extra: repositories } } })
const at = (field: string, index = 0): string => `$.host.repositories.extra[${index}].${field}`

test('a sound one has nothing to be told', () => {
  assertProblems(host({ ...extra, key_url: 'https://a.example/k', key_fingerprint: 'A'.repeat(40) }), [])
  assertProblems(host({ name: 'flat', uris: ['file:/srv/apt'], suites: ['./'] }), [])
})

test('keys', () => {
  const message = 'can not be checked'
  assertProblems(host({ ...extra, key_url: 'https://a.example/k' }), [
    { path: at('key_url'), message, mend: 'key_fingerprint' },
  ])
  assertProblems(host({ ...extra, key_url: 'https://a.example/k', key_file: '/k', key_fingerprint: 'A'.repeat(40) }), [
    { path: at('key_file'), message: 'named twice', mend: 'keep one' },
  ])
  assertProblems(host({ ...extra, key_fingerprint: 'A'.repeat(40) }), [
    { path: at('key_fingerprint'), message: 'without a key', mend: 'key_url' },
  ])
})

test('suites, names, and what is no extra repository', () => {
  assertProblems(host({ ...extra, suites: ['./'] }), [
    { path: at('suites[0]'), message: 'no components', mend: 'remove' },
  ])
  assertProblems(host({ name: 'x', uris: extra.uris, suites: ['trixie'] }), [
    { path: at('suites[0]'), message: 'without a component', mend: './' },
  ])
  assertProblems(host(extra, extra), [{ path: at('name', 1), message: 'two repositories', mend: 'another name' }])
  assertProblems(host({ ...extra, uris: ['http://download.proxmox.com/debian/pve'] }), [
    { path: at('uris[0]'), message: 'no extra ones', mend: '"proxmox"' },
  ])
})

test('name servers', () => {
  assertProblems({ host: { dns: { nameservers: ['10.0.0.300'] } } }, [
    { path: '$.host.dns.nameservers[0]', message: '300', mend: 'digits' },
  ])
})

test.run()

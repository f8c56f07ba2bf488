/** The host itself: its repositories have keys that can be checked, its name servers are addresses. */
import { addressFault } from '../addresses.ts'
import type { Finding } from '../problem.ts'
import { error, type Rule, type Spot } from '../spot.ts'

export const hostIsSound: Rule = function* (config) {
  const names = new Set<string>()
  for (const extra of config.get('host', 'repositories', 'extra').items()) {
    yield* repositoryIsSound(extra)
    const name = extra.get('name')
    if (name.text !== undefined && names.has(name.text))
      yield error(name, `two repositories are named ${name.text}`, 'give one of them another name')
    if (name.text !== undefined) names.add(name.text)
  }
  for (const server of config.get('host', 'dns', 'nameservers').items()) {
    const fault = addressFault(server.text ?? '')
    if (server.text === undefined || fault === undefined) continue
    const mend = fault.meant === undefined ? 'see its digits' : `write ${fault.meant}`
    yield { ...error(server, fault.message, mend, fault.meant), severity: fault.severity }
  }
}

function* repositoryIsSound(extra: Spot): Generator<Finding> {
  const [url, file, fingerprint] = [extra.get('key_url'), extra.get('key_file'), extra.get('key_fingerprint')]
  if (url.isPresent && file.isPresent) yield error(file, 'the key is named twice', 'keep one of key_url and key_file')
  if (url.isPresent && !fingerprint.isPresent)
    yield error(url, 'the key that is fetched can not be checked', 'add "key_fingerprint", as the owner publishes it')
  if (fingerprint.isPresent && !url.isPresent && !file.isPresent)
    yield error(fingerprint, 'a fingerprint without a key', 'add "key_url" or "key_file"')
  const hasComponents = extra.get('components').items().length > 0
  for (const suite of extra.get('suites').items()) {
    const isFlat = suite.text?.endsWith('/') ?? false
    // Both are malformed for apt, which then reads no source at all (sources.list(5)).
    if (isFlat && hasComponents)
      yield error(suite, 'a flat repository has no components', 'remove "components", or the slash at the end')
    if (suite.text !== undefined && !isFlat && !hasComponents)
      yield error(
        suite,
        'a suite without a component',
        'add "components", such as ["main"], or write ./ for a flat one',
      )
  }
  for (const uri of extra.get('uris').items())
    if (/^https?:\/\/(download|enterprise)\.proxmox\.com\/debian\/(pve|ceph-)/.test(uri.text ?? ''))
      yield error(uri, "Proxmox's own repositories are no extra ones", 'declare "proxmox" or "ceph" beside extra')
}

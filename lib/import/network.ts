/** The network: one interface under a plural name, name servers as a text or a list. */
import type { Old } from './old.ts'
import type { OldReader } from './read.ts'

export function readNetwork(reader: OldReader, network: Old): unknown {
  return reader.fields(network, 'network', {
    interfaces: (old) => {
      const made = reader.list(old, (one) =>
        reader.fields(one, 'network.interfaces[]', { dns_nameservers: (servers) => reader.words(servers) }),
      )
      if (made.length === 0) return undefined
      if (old.isObject) reader.report.normalised(old, 'one interface', 'a list of interfaces')
      return made
    },
  })
}
